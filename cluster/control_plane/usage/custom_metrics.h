// Answers for objects and namespaces out of the series that Pods expose.
//
// A series describes the Pod that exposes it, the Pod's namespace, and each object of that namespace that one of its
// labels names, where the label is called as the kind's singular name: ingress="main" of a Pod that runs an ingress
// controller describes that Ingress. What no label names is described by the Pods that it selects: a Service, a
// Deployment, a Node by the series of its Pods. Several series of one object are added up.
// Source: https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md (the default rules).
#pragma once

#include <memory>

#include "cluster/api/custom_metrics_source.h"
#include "cluster/client/client.h"
#include "cluster/client/informer.h"
#include "cluster/control_plane/usage/series_table.h"

namespace qd::api {
struct Kind;
}

namespace qd::control_plane {

class CustomMetrics final : public api::CustomMetricsSource {
public:
    // client: finds other objects than Pods.
    CustomMetrics(std::shared_ptr<const SeriesTable> table, client::Client& client)
        : m_table(std::move(table)), m_client(client) {}
    // Call it once, before the informers start. Until then nothing is known.
    void begin(client::InformerFactory& informers);

    std::vector<Offer> offers() const override;
    Result<api::MetricValue> ofObject(const api::CustomMetric& metric, const std::string& object) const override;
    Result<std::vector<api::ObjectMetric>> ofObjects(const api::CustomMetric& metric,
                                                     const api::LabelSelector& objects) const override;
    Result<std::vector<api::ExternalMetric>> external(const std::string& ns, const std::string& metric,
                                                      const api::LabelSelector& series) const override;

private:
    using Sources = std::vector<std::shared_ptr<const PodSeries>>;

    bool isKnown(const std::string& metric) const;
    // Of every Pod that could describe objects of the namespace; an empty one means all.
    Sources within(const std::string& ns) const;
    std::optional<api::MetricValue> ofPod(const api::CustomMetric& metric, const std::string& pod) const;
    std::optional<api::MetricValue> valueFor(const api::Kind& kind, const api::CustomMetric& metric,
                                             const Sources& sources, const api::Object& object) const;
    Result<std::vector<api::ObjectMetric>> ofPods(const api::CustomMetric& metric,
                                                  const api::LabelSelector& objects) const;

    std::shared_ptr<const SeriesTable> m_table;
    client::Client& m_client;
    client::Informer* m_pods = nullptr;
};

}  // namespace qd::control_plane
