// Source: https://kubernetes.io/docs/concepts/policy/limit-range/.
#include <fmt/format.h>

#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

using corev1::LimitRange;
using corev1::LimitRangeItem;
using Amounts = Map<Quantity>;

constexpr std::int64_t kLargestInThousandths = INT64_MAX / 1000;

// What a container may use at most is what it gets by default; the default is what it asks for, else the least that it
// may.
void setItemDefaults(LimitRangeItem& item) {
    for (Amounts* amounts : {&item.max, &item.min, &item.default_, &item.defaultRequest, &item.maxLimitRequestRatio})
        roundResources(*amounts);
    if (item.type != corev1::LimitTypeContainer) return;
    item.default_.insert(item.max.begin(), item.max.end());
    item.defaultRequest.insert(item.default_.begin(), item.default_.end());
    item.defaultRequest.insert(item.min.begin(), item.min.end());
}

field::Errors typeErrors(const std::string& type, const field::Path& path) {
    field::Errors errors = qualifiedErrors(path, type);
    if (errors.empty() && type.find('/') == std::string::npos &&
        !contains({"Container", "PersistentVolumeClaim", "Pod"}, type)) {
        errors.push_back(field::invalid(path, type, "must be a standard limit type or fully qualified"));
    }
    return errors;
}

field::Errors namesErrors(const LimitRangeItem& item, const Amounts& amounts, const field::Path& path) {
    const bool ofContainers = item.type == corev1::LimitTypePod || item.type == corev1::LimitTypeContainer;
    field::Errors errors;
    for (const auto& [name, amount] : amounts) {
        field::append(errors, ofContainers ? containerResourceNameErrors(name, path.key(name))
                                           : resourceNameErrors(name, path.key(name)));
    }
    return errors;
}

// The amounts that an item says about one resource.
struct Bounds {
    const Quantity* min = nullptr;
    const Quantity* max = nullptr;
    const Quantity* limit = nullptr;    // default
    const Quantity* request = nullptr;  // defaultRequest
    const Quantity* ratio = nullptr;
};

Bounds boundsOf(const LimitRangeItem& item, const std::string& name) {
    const auto find = [&](const Amounts& amounts) {
        const auto found = amounts.find(name);
        return found == amounts.end() ? nullptr : &found->second;
    };
    Bounds bounds{find(item.min), find(item.max), nullptr, nullptr, find(item.maxLimitRequestRatio)};
    if (item.type == corev1::LimitTypePod) return bounds;  // whose defaults are refused
    bounds.limit = find(item.default_);
    bounds.request = find(item.defaultRequest);
    return bounds;
}

field::Errors ratioErrors(const Bounds& bounds, const field::Path& path) {
    if (!bounds.ratio) return {};
    const Quantity& ratio = *bounds.ratio;
    field::Errors errors;
    if (ratio < Quantity(1))
        errors.push_back(
            field::invalid(path, ratio.toString(), fmt::format("ratio {} is less than 1", ratio.toString())));
    if (!bounds.min || !bounds.max) return errors;
    double asked = static_cast<double>(ratio.value());
    double most = static_cast<double>(bounds.max->value()) / static_cast<double>(bounds.min->value());
    if (ratio.value() < kLargestInThousandths && bounds.min->value() < kLargestInThousandths &&
        bounds.max->value() < kLargestInThousandths) {
        asked = static_cast<double>(ratio.milliValue()) / 1000;
        most = static_cast<double>(bounds.max->milliValue()) / static_cast<double>(bounds.min->milliValue());
    }
    if (asked > most)
        errors.push_back(field::invalid(
            path, ratio.toString(), fmt::format("ratio {} is greater than max/min = {:f}", ratio.toString(), most)));
    return errors;
}

field::Errors orderErrors(const Bounds& bounds, const std::string& name, const field::Path& path) {
    field::Errors errors;
    // a must not be more than b; what is shown is the one that the field is blamed for.
    const auto atMost = [&](const Quantity* a, const char* aName, const Quantity* b, const char* bName,
                            const char* fieldName, const Quantity* shown) {
        if (!a || !b || *a <= *b) return;
        errors.push_back(field::invalid(
            path.child(fieldName).key(name), shown->toString(),
            fmt::format("{} value {} is greater than {} value {}", aName, a->toString(), bName, b->toString())));
    };
    atMost(bounds.min, "min", bounds.max, "max", "min", bounds.min);
    atMost(bounds.min, "min", bounds.request, "default request", "defaultRequest", bounds.request);
    atMost(bounds.request, "default request", bounds.max, "max", "defaultRequest", bounds.request);
    atMost(bounds.request, "default request", bounds.limit, "default limit", "defaultRequest", bounds.request);
    atMost(bounds.min, "min", bounds.limit, "default", "default", bounds.min);
    atMost(bounds.limit, "default", bounds.max, "max", "default", bounds.max);
    field::append(errors, ratioErrors(bounds, path.child("maxLimitRequestRatio").key(name)));
    if (!mayBeOvercommitted(name) && bounds.limit && bounds.request && !(*bounds.limit == *bounds.request)) {
        errors.push_back(field::invalid(path.child("defaultRequest").key(name), bounds.request->toString(),
                                        fmt::format("default value {} must equal to defaultRequest value {} in {}",
                                                    bounds.limit->toString(), bounds.request->toString(), name)));
    }
    return errors;
}

field::Errors itemErrors(const LimitRangeItem& item, const field::Path& path) {
    field::Errors errors = namesErrors(item, item.max, path.child("max"));
    field::append(errors, namesErrors(item, item.min, path.child("min")));
    if (item.type == corev1::LimitTypePod) {
        constexpr std::string_view kNotOfPods = "may not be specified when `type` is 'Pod'";
        if (!item.default_.empty()) errors.push_back(field::forbidden(path.child("default"), kNotOfPods));
        if (!item.defaultRequest.empty()) errors.push_back(field::forbidden(path.child("defaultRequest"), kNotOfPods));
    } else {
        field::append(errors, namesErrors(item, item.default_, path.child("default")));
        field::append(errors, namesErrors(item, item.defaultRequest, path.child("defaultRequest")));
    }
    if (item.type == corev1::LimitTypePersistentVolumeClaim && !item.min.contains("storage") &&
        !item.max.contains("storage")) {
        errors.push_back(field::required(
            path.child("limits"), "either minimum or maximum storage value is required, but neither was provided"));
    }
    field::append(errors, namesErrors(item, item.maxLimitRequestRatio, path.child("maxLimitRequestRatio")));
    std::set<std::string> names;
    for (const Amounts* amounts :
         {&item.max, &item.min, &item.default_, &item.defaultRequest, &item.maxLimitRequestRatio}) {
        for (const auto& [name, amount] : *amounts) names.insert(name);
    }
    for (const auto& name : names) field::append(errors, orderErrors(boundsOf(item, name), name, path));
    return errors;
}

field::Errors limitRangeErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, field::Path("metadata"));
    const auto& limits = as<LimitRange>(object).spec.limits;
    std::set<std::string> types;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        const field::Path at = field::Path("spec.limits").index(i);
        field::append(errors, typeErrors(limits[i].type, at.child("type")));
        if (!types.insert(limits[i].type).second) errors.push_back(field::duplicate(at.child("type"), limits[i].type));
        field::append(errors, itemErrors(limits[i], at));
    }
    return errors;
}

}  // namespace

Kind limitRangeKind() {
    Kind kind = plainKind("", "v1", "LimitRange");
    kind.shortNames = {"limits"};
    kind.allowCreateOnUpdate = true;
    kind.defaults = [](Object& object) {
        for (auto& item : as<LimitRange>(object).spec.limits) setItemDefaults(item);
    };
    kind.prepareForCreate = [](Object& object) {
        // One without a name gets one: from times before names could be generated.
        if (object.metadata.name.empty()) object.metadata.name = object.metadata.uid;
    };
    validateCreate(kind, limitRangeErrors);
    validateUpdate(kind, [](const Object& now, const Object&) { return limitRangeErrors(now); });
    return kind;
}

}  // namespace qd::api
