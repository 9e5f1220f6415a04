#include "cluster/controllers/podautoscaler/replica_proposal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "cluster/controllers/pods/pod_state.h"

namespace qd::controllers {
namespace {

namespace hpa = autoscalingv2;

// How long after a Pod's start its processor use says little, and within what time after it the first readiness counts
// as the first one. kube-controller-manager's defaults.
constexpr base::Duration kInitialization = std::chrono::minutes(5);
constexpr base::Duration kFirstReadiness = std::chrono::seconds(30);

std::int32_t whole(double replicas) {
    return static_cast<std::int32_t>(std::min(std::ceil(replicas), double(std::numeric_limits<std::int32_t>::max())));
}

bool isStartingUp(const corev1::Pod& pod, const PodSample& sample, base::WallTime now) {
    const auto* ready = podCondition(pod.status, corev1::PodReady);
    if (!ready || !pod.status.startTime) return true;
    const base::WallTime start = pod.status.startTime->wall();
    const base::WallTime changed = ready->lastTransitionTime.wall();
    const bool isUnready = ready->status == corev1::ConditionFalse;
    if (start + kInitialization > now) return isUnready || sample.at < changed + sample.window;
    return isUnready && start + kFirstReadiness > changed;
}

// The Pods, sorted by whether their figures count; `samples` keeps those that do.
struct Counted {
    std::int32_t ready = 0;
    std::set<std::string> starting, missing;
    PodSamples samples;
};

Counted count(const ProposalInput& input, PodSamples samples, const std::string& resource) {
    Counted counted;
    for (const auto& pod : input.pods) {
        const std::string& name = pod->metadata.name;
        const auto sample = samples.find(name);
        if (pod->metadata.deletionTimestamp || pod->status.phase == corev1::PodFailed) {
            samples.erase(name);
        } else if (pod->status.phase == corev1::PodPending) {
            counted.starting.insert(name);
        } else if (sample == samples.end()) {
            counted.missing.insert(name);
        } else if (resource == corev1::ResourceCPU && isStartingUp(*pod, sample->second, input.now)) {
            counted.starting.insert(name);
        } else {
            ++counted.ready;
        }
    }
    for (const auto& name : counted.starting) samples.erase(name);
    counted.samples = std::move(samples);
    return counted;
}

struct Usage {
    double ratio = 0;  // of what is used to the target
    std::int64_t average = 0;
    std::int32_t percent = 0;  // of the requests
};
using UsageOf = std::function<Result<Usage>(const PodSamples&)>;

struct Counsel {
    std::int32_t replicas = 0;
    Usage usage;
};

// idle: what a Pod without figures counts as when shrinking, by its name.
Result<Counsel> counsel(const ProposalInput& input, Counted counted, const UsageOf& usageOf,
                        const std::function<std::int64_t(const std::string&)>& atTarget) {
    const auto usage = usageOf(counted.samples);
    if (!usage) return fail(usage.error());
    const std::int32_t current = input.wantedReplicas;
    const double ratio = usage->ratio;
    const bool growsWithStarting = !counted.starting.empty() && ratio > 1.0;
    if (!growsWithStarting && counted.missing.empty()) {
        if (input.tolerances.cover(ratio)) return Counsel{current, *usage};
        return Counsel{whole(ratio * counted.ready), *usage};
    }
    for (const auto& name : counted.missing) {
        if (ratio < 1.0) counted.samples[name].milli = atTarget(name);
        if (ratio > 1.0) counted.samples[name].milli = 0;
    }
    if (growsWithStarting)
        for (const auto& name : counted.starting) counted.samples[name].milli = 0;
    const auto again = usageOf(counted.samples);
    if (!again) return fail(again.error());
    const bool turned = (ratio < 1.0 && again->ratio > 1.0) || (ratio > 1.0 && again->ratio < 1.0);
    if (input.tolerances.cover(again->ratio) || turned) return Counsel{current, *usage};
    const std::int32_t replicas = whole(again->ratio * static_cast<double>(counted.samples.size()));
    if ((again->ratio < 1.0 && replicas > current) || (again->ratio > 1.0 && replicas < current))
        return Counsel{current, *usage};
    return Counsel{replicas, *usage};
}

Result<Counted> countedOf(const ProposalInput& input, PodSamples samples, const std::string& resource) {
    if (input.pods.empty())
        return fail(Reason::NotFound, "no pods returned by selector while calculating replica count");
    Counted counted = count(input, std::move(samples), resource);
    if (counted.samples.empty())
        return fail(Reason::NotFound, "did not receive metrics for targeted pods (pods might be unready)");
    return counted;
}

// Against a value that each Pod is to have on average.
Result<Counsel> byAverage(const ProposalInput& input, PodSamples samples, std::int64_t target,
                          const std::string& resource) {
    auto counted = countedOf(input, std::move(samples), resource);
    if (!counted) return fail(counted.error());
    const UsageOf usage = [target](const PodSamples& of) -> Result<Usage> {
        std::int64_t sum = 0;
        for (const auto& [name, sample] : of) sum += sample.milli;
        const std::int64_t average = sum / static_cast<std::int64_t>(of.size());
        return Usage{
            .ratio = static_cast<double>(average) / static_cast<double>(target), .average = average, .percent = 0};
    };
    return counsel(input, std::move(*counted), usage, [target](const std::string&) { return target; });
}

Result<std::int64_t> requestOf(const corev1::Pod& pod, const std::string& container, const std::string& resource) {
    if (container.empty() && pod.spec.resources && !pod.spec.resources->requests.empty()) {
        const auto found = pod.spec.resources->requests.find(resource);
        if (found != pod.spec.resources->requests.end()) return found->second.milliValue();
    }
    std::vector<const corev1::Container*> containers;
    for (const auto& one : pod.spec.containers) containers.push_back(&one);
    for (const auto& one : pod.spec.initContainers)
        if (one.restartPolicy == corev1::ContainerRestartPolicyAlways) containers.push_back(&one);
    std::int64_t sum = 0;
    bool found = false;
    for (const auto* one : containers) {
        if (!container.empty() && one->name != container) continue;
        const auto request = one->resources.requests.find(resource);
        if (request == one->resources.requests.end())
            return fail(Reason::BadRequest, fmt::format("missing request for {} in container {} of Pod {}", resource,
                                                        one->name, pod.metadata.name));
        sum += request->second.milliValue();
        found = true;
    }
    if (!found && !container.empty())
        return fail(Reason::BadRequest, fmt::format("container {} not found in Pod {}", container, pod.metadata.name));
    return sum;
}

// Against a share of what the Pods request, in percent.
Result<Counsel> byUtilization(const ProposalInput& input, PodSamples samples, std::int32_t target,
                              const std::string& resource, const std::string& container) {
    auto counted = countedOf(input, std::move(samples), resource);
    if (!counted) return fail(counted.error());
    std::map<std::string, std::int64_t> requests;
    for (const auto& pod : input.pods) {
        const auto request = requestOf(*pod, container, resource);
        if (!request) return fail(request.error());
        requests[pod->metadata.name] = *request;
    }
    const UsageOf usage = [&requests, target](const PodSamples& of) -> Result<Usage> {
        std::int64_t used = 0, requested = 0, entries = 0;
        for (const auto& [name, sample] : of) {
            const auto request = requests.find(name);
            if (request == requests.end()) continue;
            used += sample.milli;
            requested += request->second;
            ++entries;
        }
        if (requested == 0) return fail(Reason::NotFound, "no metrics returned matched known pods");
        const auto percent = static_cast<std::int32_t>(used * 100 / requested);
        return Usage{.ratio = static_cast<double>(percent) / target, .average = used / entries, .percent = percent};
    };
    return counsel(input, std::move(*counted), usage,
                   [&](const std::string& name) { return requests[name] * std::max(100, target) / 100; });
}

// Against one value for all Pods together. From zero replicas there is nothing that could be tolerated.
Result<std::int32_t> byRatio(const ProposalInput& input, double ratio) {
    if (input.wantedReplicas == 0) return whole(ratio);
    if (input.tolerances.cover(ratio)) return input.wantedReplicas;
    if (input.pods.empty())
        return fail(Reason::NotFound,
                    "unable to calculate ready pods: no pods returned by selector while calculating replica count");
    const auto ready = std::ranges::count_if(
        input.pods, [](const auto& pod) { return pod->status.phase == corev1::PodRunning && isReady(*pod); });
    return whole(ratio * static_cast<double>(ready));
}

struct PerPod {
    std::int32_t replicas = 0;
    std::int64_t average = 0;
};

// Against a value that a figure of the whole is to come to when divided by the Pods.
PerPod perPod(const ProposalInput& input, std::int64_t usage, std::int64_t target) {
    PerPod result{.replicas = input.presentReplicas, .average = 0};
    const double ratio = static_cast<double>(usage) / (static_cast<double>(target) * input.presentReplicas);
    if (!input.tolerances.cover(ratio))
        result.replicas = whole(static_cast<double>(usage) / static_cast<double>(target));
    const double average = std::ceil(static_cast<double>(usage) / input.presentReplicas);
    result.average = average < double(std::numeric_limits<std::int64_t>::max())
                         ? static_cast<std::int64_t>(average)
                         : std::numeric_limits<std::int64_t>::max();
    return result;
}

// As Go prints a pointer to a label selector.
std::string shown(const api::Box<metav1::LabelSelector>& selector) {
    if (!selector) return "nil";
    std::string labels, expressions;
    for (const auto& [key, value] : selector->matchLabels) labels += key + ": " + value + ",";
    for (const auto& one : selector->matchExpressions)
        expressions += fmt::format("LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},", one.key,
                                   one.operator_, fmt::join(one.values, " "));
    return fmt::format(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels, expressions);
}

api::Quantity quantityOf(const std::string& resource, std::int64_t milli) {
    const bool binary = resource == corev1::ResourceMemory;  // as the metrics API writes memory
    return api::Quantity::milli(milli, binary ? api::Quantity::Format::BinarySI : api::Quantity::Format::DecimalSI);
}

struct OfResource {
    std::int32_t replicas = 0;
    hpa::MetricValueStatus current;
    std::string metric;
};

Result<OfResource> ofResource(const MetricReader& reader, const ProposalInput& input, const hpa::MetricTarget& target,
                              const std::string& resource, const std::string& container) {
    const bool absolute = target.averageValue.has_value();
    if (!absolute && !target.averageUtilization)
        return fail(Reason::BadRequest,
                    "invalid resource metric source: neither an average utilization target nor an "
                    "average value (usage) target was set");
    const std::string context = fmt::format("failed to get {} {}", resource, absolute ? "usage" : "utilization");
    auto samples = reader.resource(input.ns, input.selector, resource, container);
    if (!samples) return fail(samples.error().within("unable to get metrics for resource " + resource).within(context));
    const auto answer =
        absolute ? byAverage(input, std::move(*samples), target.averageValue->milliValue(), resource)
                 : byUtilization(input, std::move(*samples), *target.averageUtilization, resource, container);
    if (!answer) return fail(answer.error().within(context));
    OfResource result{.replicas = answer->replicas, .current = {}, .metric = resource + " resource"};
    result.current.averageValue = quantityOf(resource, answer->usage.average);
    if (absolute) return result;
    result.current.averageUtilization = answer->usage.percent;
    result.metric = fmt::format("{} {} utilization (percentage of request)", resource,
                                container.empty() ? "resource" : "container resource");
    return result;
}

Result<Proposal> proposeResource(const MetricReader& reader, const hpa::ResourceMetricSource& metric,
                                 const ProposalInput& input) {
    auto answer = ofResource(reader, input, metric.target, metric.name, "");
    if (!answer) return fail(answer.error());
    Proposal proposal{.replicas = answer->replicas, .metric = answer->metric, .status = {}};
    proposal.status.type = hpa::ResourceMetricSourceType;
    proposal.status.resource.emplace().name = metric.name;
    proposal.status.resource->current = std::move(answer->current);
    return proposal;
}

Result<Proposal> proposeContainer(const MetricReader& reader, const hpa::ContainerResourceMetricSource& metric,
                                  const ProposalInput& input) {
    auto answer = ofResource(reader, input, metric.target, metric.name, metric.container);
    if (!answer) return fail(answer.error());
    Proposal proposal{.replicas = answer->replicas, .metric = answer->metric, .status = {}};
    proposal.status.type = hpa::ContainerResourceMetricSourceType;
    auto& status = proposal.status.containerResource.emplace();
    status.name = metric.name;
    status.container = metric.container;
    status.current = std::move(answer->current);
    return proposal;
}

Result<Proposal> proposePods(const MetricReader& reader, const hpa::PodsMetricSource& metric,
                             const ProposalInput& input) {
    auto samples = reader.ofPods(input.ns, input.selector, metric.metric);
    if (!samples) return fail(samples.error().within("unable to get metric " + metric.metric.name));
    const std::int64_t target = metric.target.averageValue ? metric.target.averageValue->milliValue() : 0;
    const auto answer = byAverage(input, std::move(*samples), target, "");
    if (!answer) return fail(answer.error());
    Proposal proposal{.replicas = answer->replicas, .metric = "pods metric " + metric.metric.name, .status = {}};
    proposal.status.type = hpa::PodsMetricSourceType;
    auto& status = proposal.status.pods.emplace();
    status.metric = metric.metric;
    status.current.averageValue = api::Quantity::milli(answer->usage.average);
    return proposal;
}

Result<Proposal> proposeObject(const MetricReader& reader, const hpa::ObjectMetricSource& metric,
                               const ProposalInput& input) {
    const auto& object = metric.describedObject;
    const bool average = metric.target.type == "AverageValue" && metric.target.averageValue;
    if (!average && !(metric.target.type == "Value" && metric.target.value))
        return fail(Reason::BadRequest,
                    "invalid object metric source: neither a value target nor an average value target was set");
    const auto usage = reader.ofObject(input.ns, object, metric.metric);
    if (!usage) {
        const Error error{usage.error().reason,
                          fmt::format("unable to get metric {}: {} on {} {}/{}", metric.metric.name,
                                      usage.error().message, object.kind, input.ns, object.name)};
        return fail(average ? error.within(fmt::format("failed to get {} object metric", metric.metric.name)) : error);
    }
    Proposal proposal;
    proposal.status.type = hpa::ObjectMetricSourceType;
    auto& status = proposal.status.object.emplace();
    status.describedObject = object;
    status.metric = metric.metric;
    if (average) {
        const PerPod answer = perPod(input, *usage, metric.target.averageValue->milliValue());
        proposal.replicas = answer.replicas;
        proposal.metric = fmt::format("external metric {}({})", metric.metric.name, shown(metric.metric.selector));
        status.current.averageValue = api::Quantity::milli(answer.average);
        return proposal;
    }
    const auto replicas =
        byRatio(input, static_cast<double>(*usage) / static_cast<double>(metric.target.value->milliValue()));
    if (!replicas) return fail(replicas.error());
    proposal.replicas = *replicas;
    proposal.metric = fmt::format("{} metric {}", object.kind, metric.metric.name);
    status.current.value = api::Quantity::milli(*usage);
    return proposal;
}

Result<Proposal> proposeExternal(const MetricReader& reader, const hpa::ExternalMetricSource& metric,
                                 const ProposalInput& input) {
    const std::string& name = metric.metric.name;
    const bool average = metric.target.averageValue.has_value();
    if (!average && !metric.target.value)
        return fail(Reason::BadRequest,
                    "invalid external metric source: neither a value target nor an average value target was set");
    const std::string context = average ? fmt::format("failed to get {} external metric", name)
                                        : fmt::format("failed to get external metric {}", name);
    const auto values = reader.external(input.ns, metric.metric);
    if (!values)
        return fail(values.error()
                        .within(fmt::format("unable to get external metric {}/{}/{}", input.ns, name,
                                            shown(metric.metric.selector)))
                        .within(context));
    std::int64_t usage = 0;
    for (const std::int64_t value : *values)
        if (__builtin_add_overflow(usage, value, &usage)) usage = std::numeric_limits<std::int64_t>::max();
    Proposal proposal{.replicas = 0,
                      .metric = fmt::format("external metric {}({})", name, shown(metric.metric.selector)),
                      .status = {}};
    proposal.status.type = hpa::ExternalMetricSourceType;
    auto& status = proposal.status.external.emplace();
    status.metric = metric.metric;
    if (average) {
        const PerPod answer = perPod(input, usage, metric.target.averageValue->milliValue());
        proposal.replicas = answer.replicas;
        status.current.averageValue = api::Quantity::milli(answer.average);
        return proposal;
    }
    const auto replicas =
        byRatio(input, static_cast<double>(usage) / static_cast<double>(metric.target.value->milliValue()));
    if (!replicas) return fail(replicas.error().within(context));
    proposal.replicas = *replicas;
    status.current.value = api::Quantity::milli(usage);
    return proposal;
}

std::expected<Proposal, NoProposal> told(Result<Proposal> proposal, const char* reason, const std::string& doing) {
    if (proposal) return std::move(*proposal);
    const std::string& cause = proposal.error().message;
    return std::unexpected(NoProposal{.reason = reason, .cause = cause, .complaint = doing + ": " + cause});
}

}  // namespace

std::expected<Proposal, NoProposal> proposeReplicas(const MetricReader& reader, const hpa::MetricSpec& metric,
                                                    const ProposalInput& input) {
    if (metric.type == hpa::ResourceMetricSourceType && metric.resource)
        return told(proposeResource(reader, *metric.resource, input), "FailedGetResourceMetric",
                    fmt::format("failed to get {} resource metric value", metric.resource->name));
    if (metric.type == hpa::ContainerResourceMetricSourceType && metric.containerResource)
        return told(proposeContainer(reader, *metric.containerResource, input), "FailedGetContainerResourceMetric",
                    fmt::format("failed to get {} container metric value", metric.containerResource->container));
    if (metric.type == hpa::PodsMetricSourceType && metric.pods)
        return told(proposePods(reader, *metric.pods, input), "FailedGetPodsMetric", "failed to get pods metric value");
    if (metric.type == hpa::ObjectMetricSourceType && metric.object)
        return told(proposeObject(reader, *metric.object, input), "FailedGetObjectMetric",
                    "failed to get object metric value");
    if (metric.type == hpa::ExternalMetricSourceType && metric.external)
        return told(proposeExternal(reader, *metric.external, input), "FailedGetExternalMetric",
                    fmt::format("failed to get {} external metric value", metric.external->metric.name));
    const std::string unknown = fmt::format("unknown metric source type \"{}\"", metric.type);
    return std::unexpected(NoProposal{"InvalidMetricSourceType", unknown, unknown});
}

}  // namespace qd::controllers
