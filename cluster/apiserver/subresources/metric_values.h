// custom.metrics.k8s.io and external.metrics.k8s.io: what programs in Pods measure, as the reference adapter serves it.
//
//     /apis/custom.metrics.k8s.io/v1beta2/namespaces/<ns>/<resource>/<name, or * for all>/<metric>
//     /apis/custom.metrics.k8s.io/v1beta2/namespaces/<ns>/metrics/<metric>      of the namespace itself
//     /apis/external.metrics.k8s.io/v1beta1/namespaces/<ns>/<metric>
//
// Source: https://github.com/kubernetes/design-proposals-archive/blob/main/instrumentation/custom-metrics-api.md and
// external-metrics-api.md beside it.
#pragma once

#include <memory>

#include "cluster/api/custom_metrics_source.h"
#include "cluster/apiserver/own_group.h"

namespace qd::apiserver {

class CustomMetricsGroup final : public OwnGroup {
public:
    explicit CustomMetricsGroup(std::shared_ptr<const api::CustomMetricsSource> source) : m_source(std::move(source)) {}

    const std::string& name() const override;
    std::vector<std::string> versions() const override { return {"v1beta2", "v1beta1"}; }
    std::vector<OwnResource> resources() const override;
    Response handle(const Exchange& exchange) override;

private:
    std::shared_ptr<const api::CustomMetricsSource> m_source;
};

class ExternalMetricsGroup final : public OwnGroup {
public:
    explicit ExternalMetricsGroup(std::shared_ptr<const api::CustomMetricsSource> source)
        : m_source(std::move(source)) {}

    const std::string& name() const override;
    std::vector<std::string> versions() const override { return {"v1beta1"}; }
    std::vector<OwnResource> resources() const override;
    Response handle(const Exchange& exchange) override;

private:
    std::shared_ptr<const api::CustomMetricsSource> m_source;
};

}  // namespace qd::apiserver
