#include "vmnodes/hollow/script.h"

#include <fnmatch.h>

#include <set>

namespace qd::hollow {
namespace {

bool fits(const std::string& pattern, const std::string& text) {
    return pattern == "*" || fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

void tell(const Script::PodEntry& entry, ContainerPlan& plan) {
    if (!entry.runs.empty()) plan.runs = entry.runs;
    if (entry.startup) plan.startupFails = !*entry.startup;
    if (entry.readiness) plan.readinessFails = !*entry.readiness;
    if (entry.liveness) plan.livenessFails = !*entry.liveness;
}

void tell(const Script::PodEntry& entry, const std::vector<corev1::Container>& containers,
          std::vector<ContainerPlan>& plans) {
    for (std::size_t i = 0; i < containers.size() && i < plans.size(); ++i) {
        if (entry.container.empty() || fits(entry.container, containers[i].name)) tell(entry, plans[i]);
    }
}

}  // namespace

bool Script::PodEntry::matches(const corev1::Pod& pod) const {
    return fits(namespace_, pod.metadata.namespace_) && fits(name, pod.metadata.name) &&
           fits(node, pod.spec.nodeName) && selector.matches(pod.metadata.labels);
}

Script::NodeState Script::node(const std::string& name, base::Duration at) const {
    NodeState state;
    for (const auto& entry : m_nodes) {
        if (!entry.span.holds(at) || !fits(entry.name, name)) continue;
        state.contact = entry.contact.value_or(state.contact);
        state.ready = entry.ready.value_or(state.ready);
    }
    return state;
}

void Script::tell(const corev1::Pod& pod, base::Duration at, RunPlan& plan) const {
    for (const auto& entry : m_pods) {
        if (!entry.span.holds(at) || !entry.matches(pod)) continue;
        plan.startsAfter = entry.startsAfter.value_or(plan.startsAfter);
        plan.stopsAfter = entry.stopsAfter.value_or(plan.stopsAfter);
        hollow::tell(entry, pod.spec.containers, plan.containers);
        if (!entry.container.empty()) hollow::tell(entry, pod.spec.initContainers, plan.init);
    }
}

void Script::tell(const corev1::Pod& pod, base::Duration at, metricsv1beta1::PodMetrics& usage) const {
    for (const auto& entry : m_pods) {
        if (entry.usage.empty() || !entry.span.holds(at) || !entry.matches(pod)) continue;
        for (auto& container : usage.containers) {
            if (!entry.container.empty() && !fits(entry.container, container.name)) continue;
            for (const auto& [resource, amount] : entry.usage) container.usage[resource] = amount;
        }
    }
}

std::vector<base::Duration> Script::moments() const {
    std::set<base::Duration> moments;
    const auto add = [&](const Span& span) {
        if (span.from > base::Duration(0)) moments.insert(span.from);
        if (span.until != base::Duration::max()) moments.insert(span.until);
    };
    for (const auto& entry : m_nodes) add(entry.span);
    for (const auto& entry : m_pods) add(entry.span);
    return {moments.begin(), moments.end()};
}

}  // namespace qd::hollow
