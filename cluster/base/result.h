// Expected failures of Quarterdeck, in Kubernetes' own terms.
//
// Every layer returns Result<T>; an Error carries the reason, message and causes that a Kubernetes Status object would
// carry, so that the API server can answer with it unchanged. Source of the reasons: k8s.io/apimachinery meta/v1
// StatusReason, https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qd::base {

enum class Reason : std::uint8_t {
    Unknown,  // Status without a reason
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    AlreadyExists,
    Conflict,
    Gone,
    Expired,
    Invalid,
    ServerTimeout,
    StoreReadError,
    Timeout,
    TooManyRequests,
    MethodNotAllowed,
    NotAcceptable,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    InternalError,
    ServiceUnavailable,
};

// The word that Kubernetes writes for a reason, e.g. "AlreadyExists"; empty for Unknown.
std::string_view reasonName(Reason reason);
// The reverse of reasonName; Unknown for a word that is none of them.
Reason reasonFromName(std::string_view name);
// The HTTP status code that goes with a reason.
int httpCode(Reason reason);
// The reason that best describes an HTTP status code, for answers that carry no Status object.
Reason reasonFromHttpCode(int code);

// One entry of Status.details.causes.
struct Cause {
    std::string reason;  // e.g. FieldValueRequired
    std::string message;
    std::string field;  // e.g. spec.containers[0].name

    bool operator==(const Cause&) const = default;
};

// What Status.details says beyond the causes.
struct ErrorDetails {
    std::string name;
    std::string group;
    std::string kind;
    std::string uid;
    int retryAfterSeconds = 0;

    bool operator==(const ErrorDetails&) const = default;
};

struct Error {
    Reason reason = Reason::InternalError;
    std::string message;
    std::vector<Cause> causes = {};
    std::optional<ErrorDetails> details = std::nullopt;
    int code = 0;  // HTTP code, 0 = httpCode(reason)

    int httpStatus() const { return code != 0 ? code : httpCode(reason); }
    // The same error with "context: " before its message.
    [[nodiscard]] Error within(std::string_view context) const;
};

template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
public:
    using std::expected<void, Error>::expected;
};

using Failure = std::unexpected<Error>;

inline Failure fail(Error error) { return Failure(std::move(error)); }
inline Failure fail(Reason reason, std::string message) { return Failure(Error{reason, std::move(message)}); }

}  // namespace qd::base

namespace qd {
using base::Error;
using base::fail;
using base::Reason;
using base::Result;
}  // namespace qd
