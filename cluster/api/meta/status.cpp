#include "cluster/api/meta/status.h"

#include <boost/json/parse.hpp>

namespace qd::api {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

void readDetails(const json::object& details, Error& error) {
    base::ErrorDetails read{text(details, "name"), text(details, "group"), text(details, "kind"), text(details, "uid"), 0};
    if (const auto* seconds = details.if_contains("retryAfterSeconds"); seconds && seconds->is_int64()) read.retryAfterSeconds = static_cast<int>(seconds->as_int64());
    error.details = std::move(read);
    const json::value* causes = details.if_contains("causes");
    if (!causes || !causes->is_array()) return;
    for (const auto& each : causes->as_array()) {
        if (const auto* cause = each.if_object()) error.causes.push_back({text(*cause, "reason"), text(*cause, "message"), text(*cause, "field")});
    }
}

}  // namespace

Error errorFromStatus(int httpCode, std::string_view body) {
    Error error{base::reasonFromHttpCode(httpCode), ""};
    error.code = httpCode;
    boost::system::error_code failed;
    const json::value parsed = json::parse(body, failed);
    const json::object* status = failed ? nullptr : parsed.if_object();
    if (!status || text(*status, "kind") != "Status") {
        error.message = body.empty() ? "the server answered with code " + std::to_string(httpCode) : std::string(body.substr(0, 1024));
        return error;
    }
    error.message = text(*status, "message");
    error.reason = base::reasonFromName(text(*status, "reason"));
    if (const auto* details = status->if_contains("details"); details && details->is_object()) readDetails(details->as_object(), error);
    return error;
}

}  // namespace qd::api
