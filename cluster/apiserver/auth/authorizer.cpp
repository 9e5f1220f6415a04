#include "cluster/apiserver/auth/authorizer.h"

#include <fmt/format.h>

namespace qd::apiserver {
namespace {

// A browser that shows the message must not take parts of the request for HTML.
std::string withoutMarkup(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

Error forbiddenError(const AuthorizationAttributes& asked, const std::string& reason) {
    std::string text = fmt::format("User \"{}\" cannot {}", asked.user->name, asked.verb);
    if (!asked.isResource) {
        text += fmt::format(" path \"{}\"", asked.path);
    } else {
        const std::string resource =
            asked.subresource.empty() ? asked.resource : asked.resource + "/" + asked.subresource;
        text += fmt::format(" resource \"{}\" in API group \"{}\"", resource, asked.group);
        text +=
            asked.namespace_.empty() ? " at the cluster scope" : fmt::format(" in the namespace \"{}\"", asked.namespace_);
    }
    text = withoutMarkup(text);
    if (!reason.empty()) text += ": " + reason;
    if (!asked.isResource) {
        Error error{Reason::Forbidden, "forbidden: " + text};
        error.details = base::ErrorDetails{};
        return error;
    }
    const std::string qualified = asked.group.empty() ? asked.resource : asked.resource + "." + asked.group;
    const std::string named = asked.name.empty() ? qualified : fmt::format("{} \"{}\"", qualified, asked.name);
    Error error{Reason::Forbidden, fmt::format("{} is forbidden: {}", named, text)};
    error.details = base::ErrorDetails{asked.name, asked.group, asked.resource, "", 0};
    return error;
}

}  // namespace qd::apiserver
