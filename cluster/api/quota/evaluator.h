// How much of a ResourceQuota objects use: pure functions that admission (before a write) and the resourcequota controller (after
// it) share. Pods, Services and claims have evaluators of their own, all other resources are counted.
// Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/api/quota/quantities.h"
#include "cluster/base/time.h"

namespace qd::api {

class QuotaEvaluator {
public:
    virtual ~QuotaEvaluator() = default;
    // plural and group of what it evaluates, e.g. "deployments.apps".
    virtual const std::string& groupResource() const = 0;
    // Those of the names that objects of the resource use.
    virtual ResourceNameSet matching(const ResourceNameSet& names) const = 0;
    // Why an object may not be made under a quota on these names ("must specify cpu for: web"); empty when it may.
    virtual std::string missing(const ResourceNameSet& required, const Object& object) const {
        (void)required, (void)object;
        return {};
    }
    // Only Pods and claims are ever within a scope.
    virtual bool inScope(const corev1::ScopedResourceSelectorRequirement& scope, const Object& object) const {
        (void)scope, (void)object;
        return false;
    }
    virtual Quantities usage(const Object& object, base::WallTime now) const = 0;
    // Whether what an object uses may have shrunk by a change, so that it has to be measured anew.
    virtual bool mayHaveShrunk(const Object& old, const Object& now, base::WallTime time) const {
        (void)old, (void)now, (void)time;
        return false;
    }
};

std::unique_ptr<QuotaEvaluator> quotaEvaluator(const std::string& groupResource);

// The group resources that the names of a quota are about. Names of nothing that can be counted are left out.
std::set<std::string> measuredResources(const ResourceNameSet& names);
// Whether the object is within all of the quota's scopes.
bool inScopes(const QuotaEvaluator& evaluator, const corev1::ResourceQuotaSpec& quota, const Object& object);
// What these objects, all of the evaluator's resource, use of the quota's names.
Quantities measured(const QuotaEvaluator& evaluator, const corev1::ResourceQuotaSpec& quota, const std::vector<ObjectPtr>& objects, base::WallTime now);

// "count/deployments.apps"
std::string countName(const std::string& groupResource);
// Whether a selector's operator and values take one of the names; no names: there is none to take.
bool selects(const corev1::ScopedResourceSelectorRequirement& scope, const std::set<std::string>& names);

bool isPastItsEnd(const corev1::Pod& pod, base::WallTime now);
// The ones with evaluators of their own.
std::unique_ptr<QuotaEvaluator> podEvaluator();
std::unique_ptr<QuotaEvaluator> serviceEvaluator();
std::unique_ptr<QuotaEvaluator> claimEvaluator();

}  // namespace qd::api
