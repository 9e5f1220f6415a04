#include "cluster/apiserver/request_info.h"

#include <algorithm>
#include <string_view>

#include "cluster/api/meta/selectors.h"

namespace qd::apiserver {
namespace {

std::vector<std::string> splitPath(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const auto slash = path.find('/');
        const auto part = path.substr(0, slash);
        if (!part.empty()) parts.emplace_back(part);
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    return parts;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

std::string verbOf(const std::string& method) {
    if (method == "POST") return "create";
    if (method == "GET" || method == "HEAD") return "get";
    if (method == "PUT") return "update";
    if (method == "PATCH") return "patch";
    if (method == "DELETE") return "delete";
    return "";
}

bool isTrue(const std::string* value) { return value && *value != "0" && *value != "false" && *value != "False"; }

// A list or watch of exactly one name counts as a request for that name, so that RBAC's resourceNames can allow it.
std::string nameInFieldSelector(const Request& request) {
    const std::string* selector = request.query.find("fieldSelector");
    constexpr std::string_view kPrefix = "metadata.name=";
    if (!selector || !selector->starts_with(kPrefix)) return "";
    std::string name = selector->substr(kPrefix.size());
    if (name.starts_with('=')) name.erase(0, 1);
    return name.find_first_of(",!=") == std::string::npos ? name : "";
}

void readResource(RequestInfo& info, std::vector<std::string> parts) {
    if (parts[0] == "watch") {  // the old form /api/v1/watch/pods
        info.verb = "watch";
        parts.erase(parts.begin());
        if (parts.empty()) return;
    } else if (parts[0] == "proxy") {
        info.verb = "proxy";
        parts.erase(parts.begin());
        if (parts.empty()) return;
    }
    if (parts[0] == "namespaces" && parts.size() > 1) {
        info.namespace_ = parts[1];
        const bool ofTheNamespaceItself = parts.size() == 2 || parts[2] == "status" || parts[2] == "finalize";
        if (!ofTheNamespaceItself) parts.erase(parts.begin(), parts.begin() + 2);
    }
    info.resource = parts[0];
    if (parts.size() > 1) info.name = parts[1];
    if (parts.size() > 2) info.subresource = parts[2];
    info.parts = std::move(parts);
}

}  // namespace

RequestInfo parseRequestInfo(const Request& request) {
    RequestInfo info;
    info.path = request.path;
    info.verb = lower(request.method);
    std::vector<std::string> parts = splitPath(request.path);
    if (parts.size() < 3 || (parts[0] != "api" && parts[0] != "apis")) return info;
    info.apiPrefix = parts[0];
    std::size_t used = 1;
    if (info.apiPrefix == "apis") {
        if (parts.size() < 4) return info;
        info.group = parts[used++];
    }
    info.version = parts[used++];
    info.isResource = true;
    info.verb = verbOf(request.method);
    readResource(info, {parts.begin() + static_cast<std::ptrdiff_t>(used), parts.end()});
    if (info.resource.empty()) {
        info.isResource = false;
        return info;
    }
    if (info.name.empty() && info.verb == "get") {
        info.verb = isTrue(request.query.find("watch")) ? "watch" : "list";
        info.name = nameInFieldSelector(request);
    } else if (info.verb == "get" && info.subresource.empty() && isTrue(request.query.find("watch"))) {
        info.verb = "get";
    }
    if (info.name.empty() && info.verb == "delete") info.verb = "deletecollection";
    return info;
}

}  // namespace qd::apiserver
