#include <fmt/format.h>

#include <algorithm>

#include "cluster/controllers/controllers.h"

namespace qd::controllers {
namespace {

constexpr std::string_view kNoCloud = "it belongs to a cloud provider, and there is none";

// Those that this cluster lacks something for.
std::vector<AbsentController> absentFrom(const Options& options) {
    std::vector<AbsentController> absent = absentControllers();
    if (!options.makeToken) absent.push_back({"serviceaccount-token-controller", "serviceaccount-token", "there is no key to sign tokens with"});
    if (!options.authority) absent.push_back({"certificatesigningrequest-signing-controller", "csrsigning", "there is no authority to sign with"});
    if (!options.loadBalancers) absent.push_back({"service-lb-controller", "service", "there is no range of load balancer addresses"});
    return absent;
}

bool isCalled(std::string_view text, std::string_view name, std::string_view alias) { return text == name || (!alias.empty() && text == alias); }

}  // namespace

const std::vector<AbsentController>& absentControllers() {
    static const std::vector<AbsentController> absent = {
        {"cloud-node-lifecycle-controller", "cloud-node-lifecycle", kNoCloud},
        {"device-taint-eviction-controller", "", "it comes with dynamic resource allocation"},
        {"kube-apiserver-serving-clustertrustbundle-publisher-controller", "", "it comes with ClusterTrustBundles, which are not served"},
        {"legacy-serviceaccount-token-cleaner-controller", "legacy-service-account-token-cleaner", "nothing is known of when tokens in Secrets were last used"},
        {"node-route-controller", "route", kNoCloud},
        {"podcertificaterequest-cleaner-controller", "", "it comes with PodCertificateRequests, which are not served"},
        {"resourceclaim-controller", "resource-claim-controller", "it comes with dynamic resource allocation"},
        {"resourcepoolstatusrequest-controller", "", "it comes with dynamic resource allocation"},
        {"selinux-warning-controller", "", "nodes have no SELinux"},
        {"storage-version-migrator-controller", "storage-version-migrator", "it comes with StorageVersionMigrations, which are not served"},
        {"storageversion-garbage-collector-controller", "storage-version-gc", "it comes with StorageVersions, which are not served"},
        {"validatingadmissionpolicy-status-controller", "validatingadmissionpolicy-status", "admission policies are not evaluated yet"},
    };
    return absent;
}

Result<void> checkControllerList(const std::vector<std::string>& list, const Options& options) {
    const auto present = controllerDescriptors(options);
    const auto absent = absentFrom(options);
    for (const std::string& item : list) {
        if (item == "*" || item == "none") continue;
        const bool leftOut = item.starts_with('-');
        const std::string_view called = std::string_view(item).substr(leftOut ? 1 : 0);
        const auto isMeant = [&](const auto& one) { return isCalled(called, one.name, one.alias); };
        if (const auto found = std::ranges::find_if(absent, isMeant); found != absent.end()) {
            if (!leftOut) return fail(Reason::BadRequest, fmt::format("the controller \"{}\" is not there yet: {}", found->name, found->reason));
        } else if (std::ranges::none_of(present, isMeant)) {
            return fail(Reason::BadRequest, fmt::format("\"{}\" is not in the list of known controllers", called));
        }
    }
    return {};
}

}  // namespace qd::controllers
