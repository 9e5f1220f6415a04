#include "cluster/apiserver/subresources/eviction.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/apiserver/options.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/node_agent.h"
#include "cluster/apiserver/subresources/posted.h"

namespace qd::apiserver {
namespace {

using policyv1::Eviction;
using policyv1::PodDisruptionBudget;
using BudgetPtr = std::shared_ptr<const PodDisruptionBudget>;

// Evictions that the disruption controller has not yet seen.
constexpr std::size_t kMostUnconfirmed = 2000;
constexpr int kTries = 20;
constexpr int kSecondsUntilSettled = 10;

const api::Kind& evictionKind() {
    static const api::Kind kind = api::plainKind("policy", "v1", "Eviction");
    return kind;
}

bool isReady(const corev1::Pod& pod) {
    return std::any_of(pod.status.conditions.begin(), pod.status.conditions.end(),
                       [](const auto& each) { return each.type == "Ready" && each.status == "True"; });
}

bool isOver(const corev1::Pod& pod) {
    return pod.status.phase == "Succeeded" || pod.status.phase == "Failed" || pod.metadata.deletionTimestamp;
}

// Pods that serve nobody yet, or any more, disrupt nothing.
bool needsNoBudget(const corev1::Pod& pod) {
    return isOver(pod) || pod.status.phase == "Pending";
}

std::vector<BudgetPtr> budgetsOf(const corev1::Pod& pod, const Reader& reader) {
    std::vector<BudgetPtr> found;
    for (const auto& object : reader.list("poddisruptionbudgets.policy", pod.metadata.namespace_)) {
        auto budget = api::objectAs<PodDisruptionBudget>(object);
        if (!budget || !budget->spec.selector) continue;
        const auto selector = api::LabelSelector::from(*budget->spec.selector);
        if (selector && selector->matches(pod.metadata.labels)) found.push_back(std::move(budget));
    }
    return found;
}

Error tooMany(int retryAfterSeconds, std::string cause) {
    Error error{Reason::TooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget."};
    error.details = base::ErrorDetails{"", "", "", "", retryAfterSeconds};
    error.causes.push_back({"DisruptionBudget", std::move(cause), ""});
    return error;
}

Error stillProcessed(const std::string& budget) {
    return tooMany(kSecondsUntilSettled,
                   fmt::format("The disruption budget {} is still being processed by the server.", budget));
}

Error budgetForbids(const PodDisruptionBudget& budget, std::string_view why) {
    Error error{Reason::Forbidden,
                fmt::format("poddisruptionbudget.policy \"{}\" is forbidden: {}", budget.metadata.name, why)};
    error.details = base::ErrorDetails{budget.metadata.name, "policy", "poddisruptionbudget", "", 0};
    return error;
}

std::string whyNone(const PodDisruptionBudget& budget) {
    const std::string& name = budget.metadata.name;
    const auto& status = budget.status;
    const auto condition = std::find_if(status.conditions.begin(), status.conditions.end(),
                                        [](const auto& each) { return each.type == "DisruptionAllowed"; });
    const bool tells =
        condition != status.conditions.end() && condition->status == "False" && !condition->message.empty();
    if (tells && condition->reason == "SyncFailed") {
        return fmt::format("The disruption budget {} does not allow evicting pods currently because it failed sync: {}",
                           name, condition->message);
    }
    if (status.currentHealthy <= status.desiredHealthy) {
        return fmt::format("The disruption budget {} needs {} healthy pods and has {} currently", name,
                           status.desiredHealthy, status.currentHealthy);
    }
    if (tells)
        return fmt::format("The disruption budget {} does not allow evicting pods currently ({}): {}", name,
                           condition->reason, condition->message);
    return fmt::format("The disruption budget {} does not allow evicting pods currently", name);
}

Result<void> checkBudget(const PodDisruptionBudget& budget) {
    const auto& status = budget.status;
    if (status.observedGeneration < budget.metadata.generation) return fail(stillProcessed(budget.metadata.name));
    if (status.disruptionsAllowed < 0) return fail(budgetForbids(budget, "pdb disruptions allowed is negative"));
    if (status.disruptedPods.size() > kMostUnconfirmed) {
        return fail(
            budgetForbids(budget, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
    }
    if (status.disruptionsAllowed == 0) return fail(tooMany(0, whyNone(budget)));
    return {};
}

void noneLeft(PodDisruptionBudget& budget, base::WallTime now) {
    auto& conditions = budget.status.conditions;
    auto found = std::find_if(conditions.begin(), conditions.end(),
                              [](const auto& each) { return each.type == "DisruptionAllowed"; });
    if (found == conditions.end()) found = conditions.insert(conditions.end(), metav1::Condition{});
    if (found->status != "False") found->lastTransitionTime = api::Time(now);
    found->type = "DisruptionAllowed";
    found->status = "False";
    found->reason = "InsufficientPods";
    found->observedGeneration = budget.status.observedGeneration;
}

// Takes one disruption from the budget and notes for whom, so that the controller does not count the Pod any more.
Result<void> takeFrom(Verbs& verbs, const Caller& caller, const PodDisruptionBudget& budget, const std::string& pod,
                      bool dryRun) {
    if (dryRun) return checkBudget(budget);
    const base::WallTime now = verbs.context().clock.now();
    const Target target{api::builtinKind("policy", "v1", "PodDisruptionBudget"), budget.metadata.namespace_,
                        budget.metadata.name, "status"};
    const auto change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
        auto copy = current.clone();
        auto& taken = static_cast<PodDisruptionBudget&>(*copy);
        if (auto allowed = checkBudget(taken); !allowed) return fail(std::move(allowed.error()));
        if (--taken.status.disruptionsAllowed == 0) noneLeft(taken, now);
        taken.status.disruptedPods[pod] = api::Time(now);
        return copy;
    };
    auto written = verbs.change(caller, target, change, {.dryRun = false, .whenMissing = nullptr, .track = nullptr});
    if (!written) return fail(std::move(written.error()));
    return {};
}

void markDisrupted(corev1::Pod& pod, base::WallTime now) {
    auto& conditions = pod.status.conditions;
    auto found = std::find_if(conditions.begin(), conditions.end(),
                              [](const auto& each) { return each.type == "DisruptionTarget"; });
    if (found == conditions.end()) found = conditions.insert(conditions.end(), corev1::PodCondition{});
    if (found->status != "True") found->lastTransitionTime = api::Time(now);
    found->type = "DisruptionTarget";
    found->status = "True";
    found->reason = "EvictionByEvictionAPI";
    found->message = "Eviction API: evicting";
}

Error preconditionDiffers(const std::string& name, std::string_view why) {
    Error error{Reason::Conflict, fmt::format("Operation cannot be fulfilled on Pod \"{}\": {}", name, why)};
    error.details = base::ErrorDetails{name, "", "Pod", "", 0};
    return error;
}

Result<void> checkPreconditions(const api::Object& pod, const DeleteOptions& options) {
    const auto& meta = pod.metadata;
    if (options.uid && !options.uid->empty() && *options.uid != meta.uid) {
        return fail(preconditionDiffers(meta.name,
                                        fmt::format("the UID in the precondition ({}) does not match the UID in record "
                                                    "({}). The object might have been deleted and then recreated",
                                                    *options.uid, meta.uid)));
    }
    if (options.resourceVersion && !options.resourceVersion->empty() &&
        *options.resourceVersion != meta.resourceVersion) {
        return fail(preconditionDiffers(
            meta.name, fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in "
                                   "record ({}). The object might have been modified",
                                   *options.resourceVersion, meta.resourceVersion)));
    }
    return {};
}

Result<Removed> markAndRemove(Verbs& verbs, const Caller& caller, const Target& pod, DeleteOptions options) {
    if (!options.dryRun) {
        Target status = pod;
        status.subresource = "status";
        const base::WallTime now = verbs.context().clock.now();
        const auto change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
            if (auto same = checkPreconditions(current, options); !same) return fail(std::move(same.error()));
            auto copy = current.clone();
            markDisrupted(static_cast<corev1::Pod&>(*copy), now);
            return copy;
        };
        const auto marked =
            verbs.change(caller, status, change, {.dryRun = false, .whenMissing = nullptr, .track = nullptr});
        if (!marked) return fail(marked.error());
        if (options.resourceVersion) options.resourceVersion = marked->object->metadata.resourceVersion;
    }
    return verbs.remove(caller, pod, options);
}

}  // namespace

Result<Removed> evictPod(Verbs& verbs, const Caller& caller, const std::string& ns, const std::string& name,
                         const DeleteOptions& given) {
    const Target target{api::builtinKind("", "v1", "Pod"), ns, name, ""};
    for (int i = 1;; ++i) {
        const auto pod = podOf(verbs, ns, name);
        if (!pod) return fail(pod.error());
        DeleteOptions options = given;
        if (needsNoBudget(**pod)) {
            // One that is starting may become ready meanwhile, and then it counts.
            if (!isOver(**pod) && !options.resourceVersion) options.resourceVersion = (*pod)->metadata.resourceVersion;
            auto removed = markAndRemove(verbs, caller, target, options);
            const bool again =
                !removed && removed.error().reason == Reason::Conflict && !given.resourceVersion && i < kTries;
            if (again) continue;
            return removed;
        }
        const auto budgets = budgetsOf(**pod, verbs.context().reader);
        if (budgets.size() > 1)
            return fail(withoutReason(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
        if (budgets.empty()) return markAndRemove(verbs, caller, target, options);
        const PodDisruptionBudget& budget = *budgets.front();
        const auto& status = budget.status;
        const bool enough = status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0;
        const bool unhealthyMayGo =
            !isReady(**pod) && (budget.spec.unhealthyPodEvictionPolicy.value_or("") == "AlwaysAllow" || enough);
        if (!unhealthyMayGo) {
            if (auto taken = takeFrom(verbs, caller, budget, name, given.dryRun); !taken)
                return fail(std::move(taken.error()));
            return markAndRemove(verbs, caller, target, options);
        }
        options.resourceVersion = (*pod)->metadata.resourceVersion;
        auto removed = markAndRemove(verbs, caller, target, options);
        if (!removed && removed.error().reason == Reason::Conflict && !given.resourceVersion)
            return fail(stillProcessed(budget.metadata.name));
        return removed;
    }
}

Response EvictionHandler::handle(const Exchange& exchange) {
    auto posted = readPosted(m_server, exchange, evictionKind());
    if (!posted) return errorResponse(posted.error());
    const auto& eviction = posted->as<Eviction>();
    const std::string& name = exchange.info.name;
    if (eviction.metadata.name != name)
        return errorResponse({Reason::BadRequest, "name in URL does not match name in Eviction object"});
    const auto parameters = parseWriteParameters(exchange.request, "CreateOptions", false, false);
    if (!parameters) return errorResponse(parameters.error());
    DeleteOptions options{.dryRun = parameters->dryRun,
                          .gracePeriodSeconds = {},
                          .propagationPolicy = {},
                          .orphanDependents = {},
                          .uid = {},
                          .resourceVersion = {}};
    if (eviction.deleteOptions) {
        const auto& asked = *eviction.deleteOptions;
        options.dryRun = options.dryRun || !asked.dryRun.empty();
        options.gracePeriodSeconds = asked.gracePeriodSeconds;
        options.propagationPolicy = asked.propagationPolicy;
        options.orphanDependents = asked.orphanDependents;
        if (asked.preconditions) {
            options.uid = asked.preconditions->uid;
            options.resourceVersion = asked.preconditions->resourceVersion;
        }
    }
    auto removed = evictPod(m_server.verbs(), handlers::callerOf(exchange, parameters->fieldManager),
                            exchange.info.namespace_, name, options);
    if (!removed) return errorResponse(removed.error());
    Response response = jsonResponse(
        201, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"code\":201}\n");
    waitFor(response, std::move(removed->ticket));
    return response;
}

}  // namespace qd::apiserver
