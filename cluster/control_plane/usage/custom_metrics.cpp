#include "cluster/control_plane/usage/custom_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <tuple>

#include "cluster/api/kinds/kind.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/client/typed.h"

namespace qd::control_plane {
namespace {

using api::CustomMetric;
using api::LabelSelector;
using api::MetricValue;

std::string groupResource(const CustomMetric& metric) {
    return metric.group.empty() ? metric.resource : metric.resource + "." + metric.group;
}

Error unknownMetric(const CustomMetric& metric) {
    return {Reason::NotFound,
            fmt::format("the server could not find the metric {} for {}", metric.name, groupResource(metric))};
}

Error unknownFor(const CustomMetric& metric, const std::string& object) {
    return {Reason::NotFound, fmt::format("{} {}", unknownMetric(metric).message, object)};
}

// The kind of a resource; a group may be left out, and a singular name is understood.
const api::Kind* kindOf(const CustomMetric& metric) {
    for (const api::Kind* kind : api::builtinKinds()) {
        const bool named = kind->plural == metric.resource || kind->singular == metric.resource;
        if (named && (metric.group.empty() || metric.group == kind->group) && kind->group != "metrics.k8s.io")
            return kind;
    }
    return nullptr;
}

std::int64_t milliOf(double value) {
    constexpr double kMost = 9.2e18;
    return static_cast<std::int64_t>(std::clamp(value * 1000.0, -kMost, kMost));
}

// Adds up series; the oldest of them dates the sum.
class Sum {
public:
    void add(const Series& series) {
        m_total += series.value;
        if (!m_value || series.at < m_value->at) {
            MetricValue dated;
            dated.at = series.at;
            dated.window = series.window;
            m_value = dated;
        }
    }
    std::optional<MetricValue> value() const {
        auto whole = m_value;
        if (whole) whole->milli = milliOf(m_total);
        return whole;
    }

private:
    double m_total = 0;
    std::optional<MetricValue> m_value;
};

void forEach(const PodSeries& pod, const std::string& metric, const LabelSelector& wanted,
             const std::function<void(const Series&)>& take) {
    const auto [begin, end] = pod.series.equal_range(metric);
    for (auto entry = begin; entry != end; ++entry)
        if (wanted.matches(entry->second.labels)) take(entry->second);
}

LabelSelector fromOptional(const api::Box<metav1::LabelSelector>& selector) {
    if (!selector) return LabelSelector::nothing();
    return LabelSelector::from(*selector).value_or(LabelSelector::nothing());
}

LabelSelector fromLabels(const api::Map<std::string>& labels) {
    return labels.empty() ? LabelSelector::nothing() : LabelSelector::fromMap(labels);
}

// The Pods that an object stands for.
std::function<bool(const corev1::Pod&)> podsOf(const api::Object& object) {
    if (const auto* node = api::objectAs<corev1::Node>(object))
        return [name = node->metadata.name](const corev1::Pod& pod) { return pod.spec.nodeName == name; };
    if (api::objectAs<corev1::Namespace>(object)) return [](const corev1::Pod&) { return true; };
    LabelSelector selector = LabelSelector::nothing();
    if (const auto* service = api::objectAs<corev1::Service>(object)) selector = fromLabels(service->spec.selector);
    if (const auto* set = api::objectAs<corev1::ReplicationController>(object))
        selector = fromLabels(set->spec.selector);
    if (const auto* set = api::objectAs<appsv1::Deployment>(object)) selector = fromOptional(set->spec.selector);
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) selector = fromOptional(set->spec.selector);
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(object)) selector = fromOptional(set->spec.selector);
    if (const auto* set = api::objectAs<appsv1::DaemonSet>(object)) selector = fromOptional(set->spec.selector);
    if (const auto* job = api::objectAs<batchv1::Job>(object)) selector = fromOptional(job->spec.selector);
    return [selector](const corev1::Pod& pod) { return selector.matches(pod.metadata.labels); };
}

client::ResourceName resourceOf(const api::Kind& kind) {
    return {kind.group, kind.version, kind.plural};
}

// Kinds that labels may name. A Pod's and its namespace's are known better, and "job" means something else to
// Prometheus.
bool isNamedByLabels(const api::Kind& kind) {
    return !kind.singular.empty() && kind.singular != "pod" && kind.singular != "namespace" && kind.singular != "job";
}

}  // namespace

void CustomMetrics::begin(client::InformerFactory& informers) {
    m_pods = &informers.informer(client::resourceOf<corev1::Pod>());
}

std::vector<CustomMetrics::Offer> CustomMetrics::offers() const {
    std::map<std::string, const api::Kind*> bySingular;
    for (const api::Kind* kind : api::builtinKinds())
        if (isNamedByLabels(*kind)) bySingular.try_emplace(kind->singular, kind);
    std::set<std::tuple<std::string, std::string, bool>> all;
    for (const auto& pod : m_table->all()) {
        for (const auto& [metric, series] : pod->series) {
            all.emplace("namespaces", metric, false);
            all.emplace("pods", metric, true);
            all.emplace("services", metric, true);
            for (const auto& [label, value] : series.labels)
                if (const auto kind = bySingular.find(label); kind != bySingular.end())
                    all.emplace(kind->second->groupResource(), metric, kind->second->namespaced);
        }
    }
    std::vector<Offer> offers;
    for (const auto& [resource, metric, namespaced] : all) offers.push_back({resource, namespaced, metric});
    return offers;
}

bool CustomMetrics::isKnown(const std::string& metric) const {
    return std::ranges::any_of(m_table->all(), [&](const auto& pod) { return pod->series.contains(metric); });
}

CustomMetrics::Sources CustomMetrics::within(const std::string& ns) const {
    Sources sources = m_table->all();
    if (!ns.empty()) std::erase_if(sources, [&](const auto& pod) { return pod->ns != ns; });
    return sources;
}

std::optional<MetricValue> CustomMetrics::ofPod(const CustomMetric& metric, const std::string& pod) const {
    Sum sum;
    if (const auto known = m_table->of({metric.ns, pod}))
        forEach(*known, metric.name, metric.series, [&](const Series& series) { sum.add(series); });
    return sum.value();
}

std::optional<MetricValue> CustomMetrics::valueFor(const api::Kind& kind, const CustomMetric& metric,
                                                   const Sources& sources, const api::Object& object) const {
    Sum named, selected;
    const auto isOurs = podsOf(object);
    for (const auto& source : sources) {
        const auto pod = m_pods ? client::as<corev1::Pod>(m_pods->get(source->ns, source->pod)) : nullptr;
        const bool ours = pod && isOurs(*pod);
        forEach(*source, metric.name, metric.series, [&](const Series& series) {
            const auto label = isNamedByLabels(kind) ? series.labels.find(kind.singular) : series.labels.end();
            if (label != series.labels.end() && label->second == object.metadata.name) named.add(series);
            if (ours) selected.add(series);
        });
    }
    return named.value() ? named.value() : selected.value();
}

Result<MetricValue> CustomMetrics::ofObject(const CustomMetric& metric, const std::string& object) const {
    const api::Kind* kind = kindOf(metric);
    if (!kind || !isKnown(metric.name)) return fail(unknownMetric(metric));
    if (kind->group.empty() && kind->plural == "pods") {
        const auto value = ofPod(metric, object);
        if (!value) return fail(unknownFor(metric, object));
        return *value;
    }
    const auto found = m_client.get(resourceOf(*kind), kind->namespaced ? metric.ns : "", object);
    if (!found && found.error().reason != Reason::NotFound) return fail(found.error());
    const bool isNamespace = kind->group.empty() && kind->plural == "namespaces";
    const auto value =
        found ? valueFor(*kind, metric, within(isNamespace ? object : metric.ns), **found) : std::nullopt;
    if (!value) return fail(unknownFor(metric, object));
    return *value;
}

Result<std::vector<api::ObjectMetric>> CustomMetrics::ofPods(const CustomMetric& metric,
                                                             const LabelSelector& objects) const {
    std::vector<api::ObjectMetric> values;
    for (const auto& source : within(metric.ns)) {
        const auto pod = m_pods ? m_pods->get(source->ns, source->pod) : nullptr;
        if (!pod || !objects.matches(pod->metadata.labels)) continue;
        if (const auto value = ofPod(metric, source->pod)) values.push_back({source->pod, *value});
    }
    return values;
}

Result<std::vector<api::ObjectMetric>> CustomMetrics::ofObjects(const CustomMetric& metric,
                                                                const LabelSelector& objects) const {
    const api::Kind* kind = kindOf(metric);
    if (!kind || !isKnown(metric.name)) return fail(unknownMetric(metric));
    if (kind->group.empty() && kind->plural == "pods") return ofPods(metric, objects);
    const auto list =
        m_client.list(resourceOf(*kind), kind->namespaced ? metric.ns : "", {.labelSelector = objects.toString()});
    if (!list) return fail(list.error());
    const bool isNamespace = kind->group.empty() && kind->plural == "namespaces";
    std::vector<api::ObjectMetric> values;
    for (const auto& object : list->items) {
        const auto sources = within(isNamespace ? object->metadata.name : metric.ns);
        if (const auto value = valueFor(*kind, metric, sources, *object))
            values.push_back({object->metadata.name, *value});
    }
    return values;
}

Result<std::vector<api::ExternalMetric>> CustomMetrics::external(const std::string& ns, const std::string& metric,
                                                                 const LabelSelector& wanted) const {
    if (!isKnown(metric))
        return fail(Reason::NotFound,
                    fmt::format("the server could not find the metric {} for provided labels", metric));
    std::vector<api::ExternalMetric> values;
    for (const auto& source : within(ns)) {
        const auto [begin, end] = source->series.equal_range(metric);
        for (auto entry = begin; entry != end; ++entry) {
            const Series& series = entry->second;
            api::Labels labels = series.labels;
            labels["namespace"] = source->ns;
            labels["pod"] = source->pod;
            if (!wanted.matches(labels)) continue;
            values.push_back({std::move(labels), {milliOf(series.value), series.at, series.window}});
        }
    }
    return values;
}

}  // namespace qd::control_plane
