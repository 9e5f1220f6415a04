#include "cluster/apiserver/status.h"

#include <boost/json/object.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace qd::apiserver {
namespace {

namespace json = boost::json;

json::object causeObject(const base::Cause& cause) {
    json::object object;
    if (!cause.reason.empty()) object["reason"] = cause.reason;
    if (!cause.message.empty()) object["message"] = cause.message;
    if (!cause.field.empty()) object["field"] = cause.field;
    return object;
}

json::object detailsObject(const Error& error) {
    json::object details;
    if (error.details) {
        const base::ErrorDetails& given = *error.details;
        if (!given.name.empty()) details["name"] = given.name;
        if (!given.group.empty()) details["group"] = given.group;
        if (!given.kind.empty()) details["kind"] = given.kind;
        if (!given.uid.empty()) details["uid"] = given.uid;
    }
    if (!error.causes.empty()) {
        json::array causes;
        for (const auto& cause : error.causes) causes.push_back(causeObject(cause));
        details["causes"] = std::move(causes);
    }
    if (error.details && error.details->retryAfterSeconds > 0) details["retryAfterSeconds"] = error.details->retryAfterSeconds;
    return details;
}

// RFC 7230 quoted-string.
std::string quotedString(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        if (c != '\n' && c != '\r') quoted += c;
    }
    return quoted + '"';
}

}  // namespace

std::string statusJson(const Error& error, const std::string& continueToken) {
    json::object metadata;
    if (!continueToken.empty()) metadata["continue"] = continueToken;
    json::object status{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", std::move(metadata)}, {"status", "Failure"}};
    if (!error.message.empty()) status["message"] = error.message;
    const std::string_view reason = base::reasonName(error.reason);
    if (!reason.empty()) status["reason"] = reason;
    json::object details = detailsObject(error);
    if (!details.empty() || error.details) status["details"] = std::move(details);
    status["code"] = error.httpStatus();
    return json::serialize(status) + "\n";
}

std::string deletedStatusJson(const std::string& name, const std::string& group, const std::string& plural, const std::string& uid) {
    json::object details{{"name", name}};
    if (!group.empty()) details["group"] = group;
    details["kind"] = plural;
    details["uid"] = uid;
    const json::object status{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", json::object{}}, {"status", "Success"}, {"details", details}};
    return json::serialize(status) + "\n";
}

Response jsonResponse(int code, std::string body) {
    Response response;
    response.code = code;
    response.headers = {{"Content-Type", "application/json"}};
    response.body = {http::bytes(std::move(body))};
    return response;
}

Response textResponse(int code, std::string body) {
    Response response;
    response.code = code;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}};
    response.body = {http::bytes(std::move(body))};
    return response;
}

Response errorResponse(const Error& error, const std::string& continueToken) {
    Response response = jsonResponse(error.httpStatus(), statusJson(error, continueToken));
    if (error.details && error.details->retryAfterSeconds > 0) {
        response.headers.set("Retry-After", std::to_string(error.details->retryAfterSeconds));
    }
    return response;
}

void addWarnings(Response& response, const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings) response.headers.add("Warning", "299 - " + quotedString(warning));
}

}  // namespace qd::apiserver
