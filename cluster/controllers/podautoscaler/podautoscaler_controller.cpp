#include "cluster/controllers/podautoscaler/podautoscaler_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/podautoscaler/replica_proposal.h"

namespace qd::controllers {
namespace {

namespace hpa = autoscalingv2;

constexpr int kConflicts = 5;
constexpr std::int32_t kUnknown = -1;

std::string groupOf(const std::string& apiVersion) {
    const std::size_t slash = apiVersion.find('/');
    return slash == std::string::npos ? "" : apiVersion.substr(0, slash);
}

std::string noMatch(const hpa::CrossVersionObjectReference& target) {
    return fmt::format("no matches for kind \"{}\" in group \"{}\"", target.kind, groupOf(target.apiVersion));
}

Tolerances tolerancesOf(const hpa::HorizontalPodAutoscalerSpec& spec) {
    Tolerances tolerances;
    if (!spec.behavior) return tolerances;
    if (spec.behavior->scaleDown && spec.behavior->scaleDown->tolerance)
        tolerances.down = spec.behavior->scaleDown->tolerance->toDouble();
    if (spec.behavior->scaleUp && spec.behavior->scaleUp->tolerance)
        tolerances.up = spec.behavior->scaleUp->tolerance->toDouble();
    return tolerances;
}

const Why kScalePresent{"SucceededGetScale", "the HPA controller was able to get the target's current scale"};
const Why kDisabled{"ScalingDisabled", "scaling is disabled since the replica count of the target is zero"};

}  // namespace

struct PodAutoscalerController::Decision {
    std::int32_t replicas = 0;  // kUnknown: the metrics gave no answer
    std::string reason;         // why the size changes, as its event says; or why there is no answer
    std::vector<hpa::MetricStatus> metrics = {};
};

PodAutoscalerController::PodAutoscalerController(Context& context, ResourceList resources,
                                                 std::shared_ptr<const MetricReader> metrics, base::Duration period)
    : m_context(context),
      m_resources(std::move(resources)),
      m_metrics(std::move(metrics)),
      m_period(period),
      m_autoscalers(context.informers.informer(client::resourceOf<Autoscaler>())),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())) {
    // Changes wait for the next round, as upstream: a size that somebody corrects three times is decided on once.
    m_autoscalers.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (!old) m_context.keys.addAfter(keyOf(*now), m_period);
        if (!now) m_context.keys.add(keyOf(*old), *old);
    });
}

Result<Outcome> PodAutoscalerController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto stored = client::Lister<Autoscaler>(m_autoscalers).get(ns, name);
    if (!stored) {
        const std::lock_guard lock(m_mutex);
        m_memory.erase(key);
        return Outcome{};
    }
    Autoscaler autoscaler = *stored;
    syncOne(key, autoscaler);
    writeStatus(*stored, autoscaler);
    return Outcome{m_period};
}

void PodAutoscalerController::syncOne(const std::string& key, Autoscaler& autoscaler) {
    auto target = findTarget(autoscaler);
    if (!target) {
        const std::string& why = target.error().message;
        warn(autoscaler, "FailedGetScale", why);
        return setCondition(
            autoscaler, hpa::AbleToScale, false,
            {"FailedGetScale", "the HPA controller was unable to get the target's current scale: " + why});
    }
    setCondition(autoscaler, hpa::AbleToScale, true, kScalePresent);
    const std::int32_t current = target->scale->spec.replicas;
    {
        const std::lock_guard lock(m_mutex);
        m_memory[key].history.begin(current, m_context.executor.clock().steady());
    }
    const Decision decision = decide(key, autoscaler, *target->scale);
    auto& status = autoscaler.status;
    status.observedGeneration.reset();
    status.currentReplicas = current;
    status.currentMetrics = decision.metrics;
    if (decision.replicas == kUnknown) return;  // the wish stays as it was
    if (decision.replicas != current) {
        if (!rescale(key, autoscaler, std::move(*target), decision)) return;
        status.lastScaleTime = api::Time(m_context.executor.clock().now());
    }
    status.desiredReplicas = decision.replicas;
}

Result<PodAutoscalerController::Target> PodAutoscalerController::findTarget(const Autoscaler& autoscaler) {
    const auto& reference = autoscaler.spec.scaleTargetRef;
    if (std::ranges::count(reference.apiVersion, '/') > 1)
        return fail(Reason::BadRequest, "unexpected GroupVersion string: " + reference.apiVersion);
    std::optional<Error> first;
    for (const Resource& resource : m_resources()) {
        if (resource.kind != reference.kind || resource.name.group != groupOf(reference.apiVersion)) continue;
        const auto scale = m_context.client.get(resource.name, autoscaler.metadata.namespace_, reference.name, "scale");
        if (scale) return Target{resource.name, client::as<autoscalingv1::Scale>(*scale)};
        if (!first) first = scale.error();
    }
    if (first) return fail(std::move(*first));
    return fail(Reason::NotFound, noMatch(reference));
}

PodAutoscalerController::Decision PodAutoscalerController::decide(const std::string& key, Autoscaler& autoscaler,
                                                                  const autoscalingv1::Scale& scale) {
    const auto& spec = autoscaler.spec;
    const std::int32_t current = scale.spec.replicas;
    if (current == 0) {
        setCondition(autoscaler, hpa::ScalingActive, false, kDisabled);
        return {.replicas = 0, .reason = {}};
    }
    if (current > spec.maxReplicas)
        return {.replicas = spec.maxReplicas, .reason = "Current number of replicas above Spec.MaxReplicas"};
    if (current < minReplicasOf(spec))
        return {.replicas = minReplicasOf(spec), .reason = "Current number of replicas below Spec.MinReplicas"};
    Decision asked = decideByMetrics(key, autoscaler, scale);
    if (asked.replicas == kUnknown) {
        warn(autoscaler, "FailedComputeMetricsReplicas", asked.reason);
        return asked;
    }
    ScalingHistory* history = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        history = &m_memory[key].history;  // of this key's sync alone
    }
    asked.reason = asked.replicas > current ? asked.reason + " above target" : "All metrics below target";
    const LimitedSize size = limitSize(spec, current, asked.replicas, *history, m_context.executor.clock().steady());
    setCondition(autoscaler, hpa::AbleToScale, true, size.able);
    setCondition(autoscaler, hpa::ScalingLimited, size.isLimited, size.limited);
    asked.replicas = size.replicas;
    return asked;
}

// The greatest size that any metric asks for. A metric that fails forbids to shrink.
PodAutoscalerController::Decision PodAutoscalerController::decideByMetrics(const std::string& key,
                                                                           Autoscaler& autoscaler,
                                                                           const autoscalingv1::Scale& scale) {
    const auto selector = selectorOf(key, autoscaler, scale.status.selector);
    if (!selector) return {.replicas = kUnknown, .reason = selector.error().message};
    ProposalInput input{.ns = autoscaler.metadata.namespace_,
                        .wantedReplicas = scale.spec.replicas,
                        .presentReplicas = scale.status.replicas,
                        .selector = *selector,
                        .pods = {},
                        .tolerances = tolerancesOf(autoscaler.spec),
                        .now = m_context.executor.clock().now()};
    for (auto& pod : client::Lister<corev1::Pod>(m_pods).list(input.ns))
        if (selector->matches(pod->metadata.labels)) input.pods.push_back(std::move(pod));

    Decision decision;
    std::optional<NoProposal> first;
    std::size_t failed = 0;
    for (const auto& metric : autoscaler.spec.metrics) {
        auto proposal = proposeReplicas(*m_metrics, metric, input);
        if (!proposal) {
            warn(autoscaler, proposal.error().reason, proposal.error().cause);
            if (failed++ == 0) first = std::move(proposal.error());
            decision.metrics.emplace_back();
            continue;
        }
        decision.metrics.push_back(std::move(proposal->status));
        if (decision.replicas != 0 && proposal->replicas <= decision.replicas) continue;
        decision.replicas = proposal->replicas;
        decision.reason = proposal->metric;
    }
    if (failed >= autoscaler.spec.metrics.size() || (failed > 0 && decision.replicas < scale.spec.replicas)) {
        if (!first) first = NoProposal{"InvalidMetricSourceType", "there are no metrics", "there are no metrics"};
        setCondition(autoscaler, hpa::ScalingActive, false,
                     {first->reason, "the HPA was unable to compute the replica count: " + first->cause});
        decision.replicas = kUnknown;
        decision.reason = fmt::format("invalid metrics ({} invalid out of {}), first error is: {}", failed,
                                      autoscaler.spec.metrics.size(), first->complaint);
        return decision;
    }
    setCondition(
        autoscaler, hpa::ScalingActive, true,
        {"ValidMetricFound", "the HPA was able to successfully calculate a replica count from " + decision.reason});
    return decision;
}

Result<api::LabelSelector> PodAutoscalerController::selectorOf(const std::string& key, Autoscaler& autoscaler,
                                                               const std::string& text) {
    const auto refuse = [&](const std::string& event, const Why& why, const std::string& message) {
        warn(autoscaler, event, message);
        setCondition(autoscaler, hpa::ScalingActive, false, why);
        return fail(Reason::BadRequest, message);
    };
    if (text.empty())
        return refuse("SelectorRequired", {"InvalidSelector", "the HPA target's scale is missing a selector"},
                      "selector is required");
    auto selector = api::LabelSelector::parse(text);
    if (!selector) {
        const std::string message =
            "couldn't convert selector into a corresponding internal selector object: " + selector.error().message;
        return refuse("InvalidSelector", {"InvalidSelector", message}, message);
    }
    std::vector<std::string> rivals;
    {
        const std::lock_guard lock(m_mutex);
        m_memory[key].selector = *selector;
        const auto& ns = autoscaler.metadata.namespace_;
        const auto pods = m_pods.list(ns);
        for (const auto& [other, memory] : m_memory) {
            if (!memory.selector || splitKey(other).first != ns) continue;
            const bool shares = std::ranges::any_of(pods, [&](const auto& pod) {
                return selector->matches(pod->metadata.labels) && memory.selector->matches(pod->metadata.labels);
            });
            if (shares) rivals.push_back(fmt::format("{{{} {}}}", ns, splitKey(other).second));
        }
    }
    if (rivals.size() > 1) {
        const std::string message =
            fmt::format("pods by selector {} are controlled by multiple HPAs: [{}]", text, fmt::join(rivals, " "));
        return refuse("AmbiguousSelector", {"AmbiguousSelector", message}, message);
    }
    return selector;
}

bool PodAutoscalerController::rescale(const std::string& key, Autoscaler& autoscaler, Target target,
                                      const Decision& decision) {
    const std::int32_t current = target.scale->spec.replicas;
    std::optional<Error> error;
    for (int attempt = 0; attempt < kConflicts; ++attempt) {
        autoscalingv1::Scale wanted = *target.scale;
        wanted.spec.replicas = decision.replicas;
        const auto written = m_context.client.update(target.resource, wanted, {}, "scale");
        error = written ? std::nullopt : std::optional(written.error());
        if (!error || error->reason != Reason::Conflict) break;
        if (auto newer = findTarget(autoscaler)) target = std::move(*newer);
    }
    if (error) {
        warn(autoscaler, "FailedRescale",
             fmt::format("New size: {}; reason: {}; error: {}", decision.replicas, decision.reason, error->message));
        setCondition(
            autoscaler, hpa::AbleToScale, false,
            {"FailedUpdateScale", "the HPA controller was unable to update the target scale: " + error->message});
        return false;
    }
    setCondition(autoscaler, hpa::AbleToScale, true,
                 {"SucceededRescale",
                  fmt::format("the HPA controller was able to update the target scale to {}", decision.replicas)});
    m_context.events.event(autoscaler, "Normal", "SuccessfulRescale",
                           fmt::format("New size: {}; reason: {}", decision.replicas, decision.reason));
    const std::lock_guard lock(m_mutex);
    m_memory[key].history.scaled(current, decision.replicas, m_context.executor.clock().steady());
    return true;
}

void PodAutoscalerController::setCondition(Autoscaler& autoscaler, const char* type, bool holds, const Why& why) {
    auto& conditions = autoscaler.status.conditions;
    auto found = std::ranges::find(conditions, type, &hpa::HorizontalPodAutoscalerCondition::type);
    if (found == conditions.end()) {
        conditions.emplace_back().type = type;
        found = conditions.end() - 1;
    }
    const std::string status = holds ? corev1::ConditionTrue : corev1::ConditionFalse;
    if (found->status != status) found->lastTransitionTime = api::Time(m_context.executor.clock().now());
    found->status = status;
    found->reason = why.reason;
    found->message = why.message;
}

void PodAutoscalerController::warn(const Autoscaler& autoscaler, const std::string& reason,
                                   const std::string& message) {
    m_context.events.event(autoscaler, "Warning", reason, message);
}

void PodAutoscalerController::writeStatus(const Autoscaler& before, const Autoscaler& now) {
    if (before.status == now.status) return;
    const auto written = client::Api<Autoscaler>(m_context.client).updateStatus(now);
    if (!written && written.error().reason != Reason::NotFound)
        warn(now, "FailedUpdateStatus", written.error().message);
}

}  // namespace qd::controllers
