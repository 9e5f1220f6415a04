#include "cluster/base/result.h"

#include <array>

namespace qd::base {
namespace {

struct ReasonRow {
    Reason reason;
    std::string_view name;
    int code;
};

constexpr std::array kReasons = {
    ReasonRow{Reason::Unknown, "", 500},
    ReasonRow{Reason::BadRequest, "BadRequest", 400},
    ReasonRow{Reason::Unauthorized, "Unauthorized", 401},
    ReasonRow{Reason::Forbidden, "Forbidden", 403},
    ReasonRow{Reason::NotFound, "NotFound", 404},
    ReasonRow{Reason::MethodNotAllowed, "MethodNotAllowed", 405},
    ReasonRow{Reason::NotAcceptable, "NotAcceptable", 406},
    ReasonRow{Reason::AlreadyExists, "AlreadyExists", 409},
    ReasonRow{Reason::Conflict, "Conflict", 409},
    ReasonRow{Reason::Gone, "Gone", 410},
    ReasonRow{Reason::Expired, "Expired", 410},
    ReasonRow{Reason::RequestEntityTooLarge, "RequestEntityTooLarge", 413},
    ReasonRow{Reason::UnsupportedMediaType, "UnsupportedMediaType", 415},
    ReasonRow{Reason::Invalid, "Invalid", 422},
    ReasonRow{Reason::TooManyRequests, "TooManyRequests", 429},
    ReasonRow{Reason::InternalError, "InternalError", 500},
    ReasonRow{Reason::ServerTimeout, "ServerTimeout", 500},
    ReasonRow{Reason::StoreReadError, "StorageReadError", 500},
    ReasonRow{Reason::ServiceUnavailable, "ServiceUnavailable", 503},
    ReasonRow{Reason::Timeout, "Timeout", 504},
};

}  // namespace

std::string_view reasonName(Reason reason) {
    for (const auto& row : kReasons) {
        if (row.reason == reason) return row.name;
    }
    return "";
}

Reason reasonFromName(std::string_view name) {
    for (const auto& row : kReasons) {
        if (row.name == name) return row.reason;
    }
    return Reason::Unknown;
}

int httpCode(Reason reason) {
    for (const auto& row : kReasons) {
        if (row.reason == reason) return row.code;
    }
    return 500;
}

Reason reasonFromHttpCode(int code) {
    if (code == 409) return Reason::Conflict;
    if (code == 410) return Reason::Gone;
    if (code == 500) return Reason::InternalError;
    for (const auto& row : kReasons) {
        if (row.code == code) return row.reason;
    }
    return Reason::Unknown;
}

Error Error::within(std::string_view context) const {
    Error copy = *this;
    copy.message = std::string(context) + ": " + message;
    return copy;
}

}  // namespace qd::base
