// Paths of fields and the errors that validation reports about them, as k8s.io/apimachinery's validation/field words them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/base/result.h"

namespace qd::api::field {

// e.g. spec.containers[0].ports[http]; immutable, cheap enough to build while validating.
class Path {
public:
    Path() = default;
    explicit Path(std::string text) : m_text(std::move(text)) {}
    Path child(std::string_view name) const { return Path(m_text.empty() ? std::string(name) : m_text + "." + std::string(name)); }
    Path child(std::string_view name, std::string_view next) const { return child(name).child(next); }
    Path index(std::size_t i) const { return Path(m_text + "[" + std::to_string(i) + "]"); }
    Path key(std::string_view k) const { return Path(m_text + "[" + std::string(k) + "]"); }
    const std::string& text() const { return m_text; }
    bool empty() const { return m_text.empty(); }

private:
    std::string m_text;
};

enum class ErrorType : std::uint8_t {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    InternalError,
    TypeInvalid,
};

// e.g. FieldValueRequired
std::string_view errorTypeName(ErrorType type);

struct FieldError {
    ErrorType type;
    std::string field;
    std::string body;  // what follows "field: ", e.g. `Invalid value: "x": must be ...`

    std::string message() const { return field + ": " + body; }
};

using Errors = std::vector<FieldError>;

// A value as Go's %v / %q / JSON shows it inside of messages: strings are quoted, numbers and booleans bare,
// structs and lists as JSON.
class Shown {
public:
    Shown(std::string_view text);
    Shown(const std::string& text) : Shown(std::string_view(text)) {}
    Shown(const char* text) : Shown(std::string_view(text)) {}
    Shown(bool value) : m_text(value ? "true" : "false") {}
    Shown(int value) : m_text(std::to_string(value)) {}
    Shown(std::int64_t value) : m_text(std::to_string(value)) {}
    Shown(std::size_t value) : m_text(std::to_string(value)) {}
    Shown(double value);
    static Shown raw(std::string text);  // already spelled, e.g. JSON
    static Shown null() { return raw("null"); }
    const std::string& text() const { return m_text; }

private:
    Shown() = default;
    std::string m_text;
};

FieldError required(const Path& path, std::string_view detail = "");
FieldError invalid(const Path& path, const Shown& value, std::string_view detail);
FieldError notSupported(const Path& path, const Shown& value, std::vector<std::string> supported);
FieldError duplicate(const Path& path, const Shown& value);
FieldError forbidden(const Path& path, std::string_view detail);
FieldError notFound(const Path& path, const Shown& value);
FieldError tooLong(const Path& path, std::int64_t maxLength);
FieldError tooMany(const Path& path, std::int64_t actual, std::int64_t maximum);
FieldError typeInvalid(const Path& path, const Shown& value, std::string_view detail);
FieldError internal(const Path& path, std::string_view detail);

// Appends `more` to `all`.
void append(Errors& all, Errors more);

// The Status error (422 Invalid) that the API server answers with for an object that failed validation.
base::Error toInvalid(std::string_view group, std::string_view kind, std::string_view name, const Errors& errors);

// "[a, b]" for several, "a" for one: how Go's aggregate prints. Duplicates are printed once.
std::string aggregate(const std::vector<std::string>& messages);

}  // namespace qd::api::field
