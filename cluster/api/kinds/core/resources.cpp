// Names and amounts of compute resources.
// Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::string_view kHugePages = "hugepages-";

bool isCpuOrMemory(std::string_view name) { return name == "cpu" || name == "memory"; }

bool isNative(std::string_view name) { return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos; }

bool isStandard(std::string_view name) {
    return contains({"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
                     "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
                     "storage", "requests.storage", "services.nodeports", "services.loadbalancers"},
                    name) ||
           isHugePages(name) || name.starts_with("requests.hugepages-");
}

bool isCounted(std::string_view name) {
    return contains({"pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "services.nodeports",
                     "services.loadbalancers"},
                    name) ||
           isExtendedResource(name);
}

field::Errors podResourceNameErrors(const std::string& name, const field::Path& path) {
    field::Errors errors = resourceNameErrors(name, path);
    if (errors.empty() && !isPodLevelResource(name)) errors.push_back(field::notSupported(path, name, {"cpu", "hugepages-", "memory"}));
    return errors;
}

field::Errors hugePagesErrors(const std::string& name, const Quantity& value, const field::Path& path) {
    if (!isHugePages(name)) return {};
    const auto page = Quantity::parse(std::string_view(name).substr(kHugePages.size()));
    if (page && page->sign() > 0 && value.value() % page->value() == 0) return {};
    return {field::invalid(path, value.toString(), fmt::format("{} is not positive integer multiple of {}", value.toString(), name))};
}

field::Errors claimNameErrors(const std::vector<ResourceClaim>& claims, const std::set<std::string>& known, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const auto& claim = claims[i];
        const field::Path at = path.index(i);
        if (claim.name.empty()) {
            errors.push_back(field::required(at));
            continue;
        }
        if (seen.contains(claim.name)) {
            errors.push_back(field::duplicate(at, claim.name));
        } else {
            std::string key = claim.name;
            if (!claim.request.empty()) {
                field::append(errors, labelErrors(at.child("request"), claim.request));
                key += "/" + claim.request;
            }
            if (seen.contains(key)) {
                errors.push_back(field::duplicate(at, key));
            } else if (claim.request.empty()) {
                for (const auto& other : seen) {
                    if (other.starts_with(claim.name + "/")) errors.push_back(field::duplicate(at, claim.name));
                }
            }
            seen.insert(key);
        }
        if (known.contains(claim.name)) continue;
        field::FieldError error = field::notFound(at, claim.name);
        error.body += ": must be one of the names in pod.spec.resourceClaims";
        error.body += known.empty() ? " which is empty" : fmt::format(": {}", fmt::join(known, ", "));
        errors.push_back(std::move(error));
    }
    return errors;
}

using Resources = Map<Quantity> ResourceRequirements::*;

void add(Map<Quantity>& sum, const Map<Quantity>& more) {
    for (const auto& [name, value] : more) {
        const auto [place, isNew] = sum.emplace(name, value);
        if (!isNew) place->second += value;
    }
}

void raise(Map<Quantity>& most, const Map<Quantity>& other) {
    for (const auto& [name, value] : other) {
        const auto [place, isNew] = most.emplace(name, value);
        if (!isNew && place->second < value) place->second = value;
    }
}

Map<Quantity> aggregate(const PodSpec& spec, Resources which) {
    Map<Quantity> sum;
    for (const auto& container : spec.containers) add(sum, container.resources.*which);
    Map<Quantity> sidecars;
    Map<Quantity> starting;
    for (const auto& container : spec.initContainers) {
        Map<Quantity> now = container.resources.*which;
        if (isSidecar(container)) {
            add(sum, now);
            add(sidecars, now);
            now = sidecars;
        } else {
            add(now, sidecars);
        }
        raise(starting, now);
    }
    raise(sum, starting);
    return sum;
}

void addComputed(Map<Quantity>& sum, const Map<Quantity>& more) {
    for (const auto& [name, value] : more) {
        if (!isCpuOrMemory(name) || value.sign() <= 0) continue;
        const auto [place, isNew] = sum.emplace(name, value);
        if (!isNew) place->second += value;
    }
}

bool limitsBoth(const Map<Quantity>& limits) {
    const auto positive = [&](std::string_view name) {
        const auto found = limits.find(name);
        return found != limits.end() && found->second.sign() > 0;
    };
    return positive("cpu") && positive("memory");
}

}  // namespace

bool isHugePages(std::string_view name) { return name.starts_with(kHugePages); }

bool isExtendedResource(std::string_view name) {
    if (isNative(name) || name.starts_with("requests.")) return false;
    return qualifiedNameErrors("requests." + std::string(name)).empty();
}

bool mayBeOvercommitted(std::string_view name) { return isNative(name) && !isHugePages(name); }
bool isPodLevelResource(std::string_view name) { return isCpuOrMemory(name) || isHugePages(name); }

field::Errors resourceNameErrors(const std::string& name, const field::Path& path) {
    field::Errors errors = qualifiedErrors(path, name);
    if (errors.empty() && name.find('/') == std::string::npos && !isStandard(name)) {
        errors.push_back(field::invalid(path, name, "must be a standard resource type or fully qualified"));
    }
    return errors;
}

field::Errors containerResourceNameErrors(const std::string& name, const field::Path& path) {
    field::Errors errors = resourceNameErrors(name, path);
    if (name.find('/') == std::string::npos) {
        if (!contains({"cpu", "memory", "ephemeral-storage"}, name) && !isHugePages(name)) errors.push_back(field::invalid(path, name, "must be a standard resource for containers"));
    } else if (!isNative(name) && !isExtendedResource(name)) {
        errors.push_back(field::invalid(path, name, "doesn't follow extended resource name standard"));
    }
    return errors;
}

field::Errors quantityErrors(const std::string& name, const Quantity& value, const field::Path& path) {
    field::Errors errors;
    if (value.sign() < 0) errors.push_back(field::invalid(path, value.toString(), "must be greater than or equal to 0"));
    if (isCounted(name) && value.milliValue() % 1000 != 0) errors.push_back(field::invalid(path, value.toString(), "must be an integer"));
    return errors;
}

field::Errors requirementsErrors(const ResourceRequirements& resources, ResourceNames names, const std::set<std::string>& claims, const field::Path& path) {
    field::Errors errors;
    const auto nameErrors = [&](const std::string& name, const field::Path& at) {
        return names == ResourceNames::OfPods ? podResourceNameErrors(name, at) : containerResourceNameErrors(name, at);
    };
    const field::Path limits = path.child("limits");
    const field::Path requests = path.child("requests");
    bool computes = false;
    bool hugePages = false;
    for (const auto& [name, value] : resources.limits) {
        field::append(errors, nameErrors(name, limits.key(name)));
        field::append(errors, quantityErrors(name, value, limits.key(name)));
        field::append(errors, hugePagesErrors(name, value, limits.key(name)));
        computes = computes || isCpuOrMemory(name);
        hugePages = hugePages || isHugePages(name);
    }
    for (const auto& [name, value] : resources.requests) {
        field::append(errors, nameErrors(name, requests.key(name)));
        field::append(errors, quantityErrors(name, value, requests.key(name)));
        const auto limit = resources.limits.find(name);
        if (limit == resources.limits.end()) {
            if (!mayBeOvercommitted(name)) errors.push_back(field::required(limits, "Limit must be set for non overcommitable resources"));
        } else if (!mayBeOvercommitted(name) && !(value == limit->second)) {
            errors.push_back(field::invalid(requests, value.toString(), fmt::format("must be equal to {} limit of {}", name, limit->second.toString())));
        } else if (value > limit->second) {
            errors.push_back(field::invalid(requests, value.toString(), fmt::format("must be less than or equal to {} limit of {}", name, limit->second.toString())));
        }
        field::append(errors, hugePagesErrors(name, value, requests.key(name)));
        computes = computes || isCpuOrMemory(name);
        hugePages = hugePages || isHugePages(name);
    }
    if (hugePages && !computes) errors.push_back(field::forbidden(path, "HugePages require cpu or memory"));
    field::append(errors, claimNameErrors(resources.claims, claims, path.child("claims")));
    return errors;
}

field::Errors podResourcesErrors(const PodSpec& spec, const field::Path& specPath) {
    if (!spec.resources) return {};
    const field::Path path = specPath.child("resources");
    if (spec.os && spec.os->name == "windows") return {field::forbidden(path, "may not be set for a windows pod")};
    field::Errors errors;
    const auto& resources = *spec.resources;
    if (!resources.claims.empty()) errors.push_back(field::forbidden(path.child("claims"), "claims may not be set for Resources at pod-level"));
    std::set<std::string> claims;
    for (const auto& claim : spec.resourceClaims) claims.insert(claim.name);
    field::append(errors, requirementsErrors(resources, ResourceNames::OfPods, claims, path));
    for (const auto& [name, sum] : aggregateRequests(spec)) {
        const auto request = resources.requests.find(name);
        if (request == resources.requests.end() || sum <= request->second) continue;
        errors.push_back(field::invalid(path.child("requests").key(name), request->second.toString(),
                                        fmt::format("must be greater than or equal to aggregate container requests of {}", sum.toString())));
    }
    for (const auto& [name, sum] : aggregateLimits(spec)) {
        const auto limit = resources.limits.find(name);
        if (!isHugePages(name) || limit == resources.limits.end() || sum <= limit->second) continue;
        errors.push_back(field::invalid(path.child("limits").key(name), limit->second.toString(),
                                        fmt::format("must be greater than or equal to aggregate container limits of {}", sum.toString())));
    }
    for (std::size_t i = 0; i < spec.containers.size(); ++i) {
        for (const auto& [name, value] : spec.containers[i].resources.limits) {
            const auto limit = resources.limits.find(name);
            if (limit == resources.limits.end() || value <= limit->second) continue;
            errors.push_back(field::invalid(path.child("containers").index(i).key(name).child("limits"), value.toString(),
                                            fmt::format("must be less than or equal to pod limits of {}", limit->second.toString())));
        }
    }
    return errors;
}

Map<Quantity> aggregateRequests(const PodSpec& spec) { return aggregate(spec, &ResourceRequirements::requests); }
Map<Quantity> aggregateLimits(const PodSpec& spec) { return aggregate(spec, &ResourceRequirements::limits); }

std::string qosClassOf(const PodSpec& spec) {
    Map<Quantity> requests;
    Map<Quantity> limits;
    bool guaranteed = true;
    const auto count = [&](const ResourceRequirements& resources) {
        addComputed(requests, resources.requests);
        addComputed(limits, resources.limits);
        guaranteed = guaranteed && limitsBoth(resources.limits);
    };
    if (spec.resources) {
        count(*spec.resources);
    } else {
        for (const auto& container : spec.containers) count(container.resources);
        for (const auto& container : spec.initContainers) count(container.resources);
    }
    if (requests.empty() && limits.empty()) return "BestEffort";
    return guaranteed && requests == limits ? "Guaranteed" : "Burstable";
}

}  // namespace qd::api
