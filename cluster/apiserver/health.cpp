#include "cluster/apiserver/health.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/apiserver/status.h"
#include "cluster/base/log.h"

namespace qd::apiserver {
namespace {

Response oneCheck(const std::string& name, const std::vector<HealthCheck>& checks) {
    const auto found =
        std::find_if(checks.begin(), checks.end(), [&](const HealthCheck& each) { return each.name == name; });
    if (found == checks.end()) return textResponse(404, "404 page not found\n");
    const auto fine = found->check();
    if (fine) return textResponse(200, "ok");
    return textResponse(500, fmt::format("internal server error: {}\n", fine.error().message));
}

}  // namespace

Response healthResponse(const Request& request, std::string_view endpoint, const std::vector<HealthCheck>& checks) {
    const std::string root = fmt::format("/{}", endpoint);
    if (request.path.size() > root.size() + 1) return oneCheck(request.path.substr(root.size() + 1), checks);
    auto excluded = request.query.all("exclude");
    std::string told;
    std::vector<std::string> failed;
    for (const HealthCheck& each : checks) {
        const auto leftOut = std::find(excluded.begin(), excluded.end(), each.name);
        if (leftOut != excluded.end()) {
            excluded.erase(leftOut);
            told += fmt::format("[+]{} excluded: ok\n", each.name);
            continue;
        }
        if (const auto fine = each.check(); !fine) {
            base::logger("apiserver")->warn("health check {}: {}", each.name, fine.error().message);
            failed.push_back(each.name);
            told += fmt::format("[-]{} failed: reason withheld\n", each.name);
        } else {
            told += fmt::format("[+]{} ok\n", each.name);
        }
    }
    if (!excluded.empty()) {
        std::vector<std::string> names;
        for (const auto name : excluded) names.push_back(fmt::format("\"{}\"", name));
        told += fmt::format("warn: some health checks cannot be excluded: no matches for {}\n", fmt::join(names, ", "));
    }
    if (!failed.empty()) return textResponse(500, fmt::format("{}{} check failed\n", told, endpoint));
    if (!request.query.has("verbose")) return textResponse(200, "ok");
    return textResponse(200, fmt::format("{}{} check passed\n", told, endpoint));
}

}  // namespace qd::apiserver
