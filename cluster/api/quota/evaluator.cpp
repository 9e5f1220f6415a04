#include "cluster/api/quota/evaluator.h"

#include <algorithm>
#include <array>

namespace qd::api {
namespace {

constexpr std::string_view kCount = "count/";

// Counted under these short names too, since before there was "count/".
constexpr std::array<std::string_view, 4> kShortNames = {"configmaps", "resourcequotas", "replicationcontrollers", "secrets"};

bool hasShortName(std::string_view resource) { return std::find(kShortNames.begin(), kShortNames.end(), resource) != kShortNames.end(); }

class ObjectCount final : public QuotaEvaluator {
public:
    explicit ObjectCount(std::string groupResource) : m_groupResource(std::move(groupResource)) {
        m_names.insert(countName(m_groupResource));
        if (hasShortName(m_groupResource)) m_names.insert(m_groupResource);
    }
    const std::string& groupResource() const override { return m_groupResource; }
    ResourceNameSet matching(const ResourceNameSet& names) const override {
        ResourceNameSet both;
        std::set_intersection(names.begin(), names.end(), m_names.begin(), m_names.end(), std::inserter(both, both.end()));
        return both;
    }
    Quantities usage(const Object&, base::WallTime) const override {
        Quantities used;
        for (const auto& name : m_names) used.emplace(name, Quantity(1));
        return used;
    }

private:
    std::string m_groupResource;
    ResourceNameSet m_names;
};

}  // namespace

std::string countName(const std::string& groupResource) { return std::string(kCount) + groupResource; }

std::unique_ptr<QuotaEvaluator> quotaEvaluator(const std::string& groupResource) {
    if (groupResource == "pods") return podEvaluator();
    if (groupResource == "services") return serviceEvaluator();
    if (groupResource == "persistentvolumeclaims") return claimEvaluator();
    return std::make_unique<ObjectCount>(groupResource);
}

std::set<std::string> measuredResources(const ResourceNameSet& names) {
    std::set<std::string> resources;
    for (const auto& name : names) {
        if (name.starts_with(kCount)) resources.insert(name.substr(kCount.size()));
        if (hasShortName(name)) resources.insert(name);
    }
    for (const char* resource : {"pods", "services", "persistentvolumeclaims"}) {
        if (!quotaEvaluator(resource)->matching(names).empty()) resources.insert(resource);
    }
    return resources;
}

bool selects(const corev1::ScopedResourceSelectorRequirement& scope, const std::set<std::string>& names) {
    const auto listed = [&](const std::string& name) { return std::find(scope.values.begin(), scope.values.end(), name) != scope.values.end(); };
    if (scope.operator_ == "Exists") return !names.empty();
    if (scope.operator_ == "DoesNotExist") return names.empty();
    if (scope.operator_ == "In") return std::any_of(names.begin(), names.end(), listed);
    return scope.operator_ == "NotIn" && (names.empty() || !std::all_of(names.begin(), names.end(), listed));
}

bool inScopes(const QuotaEvaluator& evaluator, const corev1::ResourceQuotaSpec& quota, const Object& object) {
    for (const auto& scope : quota.scopes) {
        corev1::ScopedResourceSelectorRequirement exists;
        exists.scopeName = scope;
        exists.operator_ = "Exists";
        if (!evaluator.inScope(exists, object)) return false;
    }
    if (!quota.scopeSelector) return true;
    const auto& all = quota.scopeSelector->matchExpressions;
    return std::all_of(all.begin(), all.end(), [&](const auto& scope) { return evaluator.inScope(scope, object); });
}

Quantities measured(const QuotaEvaluator& evaluator, const corev1::ResourceQuotaSpec& quota, const std::vector<ObjectPtr>& objects, base::WallTime now) {
    Quantities used;
    const ResourceNameSet names = evaluator.matching(namesOf(quota.hard));
    for (const auto& name : names) used.emplace(name, Quantity());
    for (const auto& object : objects) {
        if (inScopes(evaluator, quota, *object)) used = sum(used, masked(evaluator.usage(*object, now), names));
    }
    return used;
}

}  // namespace qd::api
