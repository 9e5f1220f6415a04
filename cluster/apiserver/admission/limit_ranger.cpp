#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cluster/api/field/path.h"
#include "cluster/api/quota/pod_resources.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

using api::podLimits;
using api::podRequests;
using api::Quantities;
using corev1::LimitRangeItem;
using Errors = std::vector<std::string>;

class LimitRanger final : public AdmissionPlugin {
public:
    const char* name() const override { return "LimitRanger"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override;
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;
};

std::vector<std::shared_ptr<const corev1::LimitRange>> rangesIn(const AdmissionRequest& request, const Reader& reader) {
    std::vector<std::shared_ptr<const corev1::LimitRange>> ranges;
    for (const auto& object : reader.list("limitranges", request.namespace_))
        ranges.push_back(api::objectAs<corev1::LimitRange>(object));
    return ranges;
}

// What a container without a word of its own gets. A limit stands in for a missing default, a default for a missing
// request, then the least that is allowed.
struct Defaults {
    Quantities requests;
    Quantities limits;
};

Defaults defaultsOf(const corev1::LimitRange& range) {
    Defaults defaults;
    for (const LimitRangeItem& item : range.spec.limits) {
        if (item.type != "Container") continue;
        Quantities limits = item.default_;
        limits.insert(item.max.begin(), item.max.end());
        Quantities requests = item.defaultRequest;
        requests.insert(limits.begin(), limits.end());
        requests.insert(item.min.begin(), item.min.end());
        for (const auto& [name, amount] : limits) defaults.limits.insert_or_assign(name, amount);
        for (const auto& [name, amount] : requests) defaults.requests.insert_or_assign(name, amount);
    }
    return defaults;
}

// The names of what was filled in.
std::vector<std::string> fillIn(Quantities& given, const Quantities& defaults) {
    std::vector<std::string> added;
    for (const auto& [name, amount] : defaults) {
        if (given.try_emplace(name, amount).second) added.push_back(name);
    }
    return added;
}

void fillIn(std::vector<corev1::Container>& containers, const Defaults& defaults, std::string_view role, Errors& told) {
    for (auto& container : containers) {
        const auto limits = fillIn(container.resources.limits, defaults.limits);
        const auto requests = fillIn(container.resources.requests, defaults.requests);
        if (!requests.empty())
            told.push_back(fmt::format("{} request for {} {}", fmt::join(requests, ", "), role, container.name));
        if (!limits.empty())
            told.push_back(fmt::format("{} limit for {} {}", fmt::join(limits, ", "), role, container.name));
    }
}

// The limits of one LimitRangeItem on what a container, a Pod or a claim asks for.
class Check {
public:
    Check(const LimitRangeItem& item, Errors& errors) : m_item(item), m_errors(errors) {}

    void minimum(const Quantities& requests, const Quantities& limits) const {
        for (const auto& [name, least] : m_item.min) {
            const std::string rule = fmt::format("minimum {} usage per {} is {}", name, m_item.type, least.toString());
            const auto request = requests.find(name);
            const auto limit = limits.find(name);
            if (request == requests.end()) {
                m_errors.push_back(rule + ".  No request is specified");
            } else if (request->second < least) {
                m_errors.push_back(fmt::format("{}, but request is {}", rule, request->second.toString()));
            } else if (limit != limits.end() && limit->second < least) {
                m_errors.push_back(fmt::format("{}, but limit is {}", rule, limit->second.toString()));
            }
        }
    }

    void maximum(const Quantities& requests, const Quantities& limits) const {
        for (const auto& [name, most] : m_item.max) {
            const std::string rule = fmt::format("maximum {} usage per {} is {}", name, m_item.type, most.toString());
            const auto request = requests.find(name);
            const auto limit = limits.find(name);
            if (limit == limits.end()) {
                m_errors.push_back(rule + ".  No limit is specified");
            } else if (limit->second > most) {
                m_errors.push_back(fmt::format("{}, but limit is {}", rule, limit->second.toString()));
            } else if (request != requests.end() && request->second > most) {
                m_errors.push_back(fmt::format("{}, but request is {}", rule, request->second.toString()));
            }
        }
    }

    // Claims have requests only.
    void maximumRequest(const Quantities& requests) const {
        for (const auto& [name, most] : m_item.max) {
            const std::string rule = fmt::format("maximum {} usage per {} is {}", name, m_item.type, most.toString());
            const auto request = requests.find(name);
            if (request == requests.end()) {
                m_errors.push_back(rule + ".  No request is specified");
            } else if (request->second > most) {
                m_errors.push_back(fmt::format("{}, but request is {}", rule, request->second.toString()));
            }
        }
    }

    void ratio(const Quantities& requests, const Quantities& limits) const {
        for (const auto& [name, most] : m_item.maxLimitRequestRatio) {
            const std::string rule =
                fmt::format("{} max limit to request ratio per {} is {}", name, m_item.type, most.toString());
            const auto request = requests.find(name);
            const auto limit = limits.find(name);
            if (request == requests.end() || request->second.milliValue() == 0) {
                m_errors.push_back(rule + ", but no request is specified or request is 0");
            } else if (limit == limits.end() || limit->second.milliValue() == 0) {
                m_errors.push_back(rule + ", but no limit is specified or limit is 0");
            } else {
                const double actual =
                    static_cast<double>(limit->second.milliValue()) / static_cast<double>(request->second.milliValue());
                if (actual * 1000 > static_cast<double>(most.milliValue()))
                    m_errors.push_back(fmt::format("{}, but provided ratio is {:f}", rule, actual));
            }
        }
    }

private:
    const LimitRangeItem& m_item;
    Errors& m_errors;
};

void checkPod(const LimitRangeItem& item, const corev1::PodSpec& spec, Errors& errors) {
    const Check check(item, errors);
    const auto all = [&](const Quantities& requests, const Quantities& limits) {
        check.minimum(requests, limits);
        check.maximum(requests, limits);
        check.ratio(requests, limits);
    };
    if (item.type == "Container") {
        for (const auto& container : spec.containers) all(container.resources.requests, container.resources.limits);
        for (const auto& container : spec.initContainers) all(container.resources.requests, container.resources.limits);
    } else if (item.type == "Pod") {
        all(podRequests(spec), podLimits(spec));
    }
}

void checkClaim(const LimitRangeItem& item, const corev1::PersistentVolumeClaim& claim, Errors& errors) {
    if (item.type != "PersistentVolumeClaim") return;
    const Check check(item, errors);
    check.minimum(claim.spec.resources.requests, {});
    check.maximumRequest(claim.spec.resources.requests);
}

// New Pods, resized ones, and claims; nothing that is on its way out.
bool concerns(const AdmissionRequest& request) {
    if (request.old && request.old->metadata.deletionTimestamp) return false;
    const bool pod = request.kind->group.empty() && request.kind->kind == "Pod";
    const bool claim = request.kind->group.empty() && request.kind->kind == "PersistentVolumeClaim";
    if (request.subresource == "resize") return pod && request.operation == Operation::Update;
    if (!request.subresource.empty() || !request.object) return false;
    return (pod && request.operation == Operation::Create) || (claim && request.operation != Operation::Delete);
}

Result<void> LimitRanger::mutate(AdmissionRequest& request, const Reader& reader) const {
    if (!concerns(request)) return {};
    auto* pod = api::objectAs<corev1::Pod>(*request.object);
    if (!pod) return {};
    for (const auto& range : rangesIn(request, reader)) {
        Errors told;
        const Defaults defaults = defaultsOf(*range);
        fillIn(pod->spec.containers, defaults, "container", told);
        fillIn(pod->spec.initContainers, defaults, "init container", told);
        if (!told.empty())
            pod->metadata.annotations["kubernetes.io/limit-ranger"] =
                fmt::format("LimitRanger plugin set: {}", fmt::join(told, "; "));
    }
    return {};
}

Result<void> LimitRanger::validate(const AdmissionRequest& request, const Reader& reader) const {
    if (!concerns(request)) return {};
    const api::Object& object = *request.object;
    for (const auto& range : rangesIn(request, reader)) {
        Errors errors;
        for (const LimitRangeItem& item : range->spec.limits) {
            if (const auto* pod = api::objectAs<corev1::Pod>(object)) checkPod(item, pod->spec, errors);
            if (const auto* claim = api::objectAs<corev1::PersistentVolumeClaim>(object))
                checkClaim(item, *claim, errors);
        }
        if (!errors.empty()) return fail(forbidden(request, api::field::aggregate(errors)));
    }
    return {};
}

}  // namespace

std::unique_ptr<AdmissionPlugin> limitRanger() {
    return std::make_unique<LimitRanger>();
}

}  // namespace qd::apiserver
