// What nodes and Pods use. Measured, never stored.
// Source: https://kubernetes.io/docs/reference/external-api/metrics.v1beta1/; the columns are metrics-server's.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/metrics/kinds.h"
#include "cluster/api/types/metrics_v1beta1.h"

namespace qd::api {
namespace {

Kind measuredKind(std::string_view name, std::string plural, bool namespaced) {
    Kind kind = plainKind("metrics.k8s.io", "v1beta1", name);
    kind.plural = std::move(plural);
    kind.singular = "";
    kind.namespaced = namespaced;
    kind.verbs = {"get", "list"};
    kind.columns = {nameColumn(), textColumn("cpu", "Processor use, cores"),
                    textColumn("memory", "Memory in use, bytes"),
                    textColumn("Window", "The time over which it was measured")};
    return kind;
}

std::string textOf(const Map<Quantity>& usage, std::string_view resource) {
    const auto found = usage.find(resource);
    return found == usage.end() ? "" : found->second.toString();
}

}  // namespace

Kind nodeMetricsKind() {
    Kind kind = measuredKind("NodeMetrics", "nodes", false);
    kind.cells = [](const Object& object, base::WallTime) -> std::vector<Cell> {
        const auto& node = static_cast<const metricsv1beta1::NodeMetrics&>(object);
        return {node.metadata.name, textOf(node.usage, "cpu"), textOf(node.usage, "memory"), node.window.toString()};
    };
    return kind;
}

Kind podMetricsKind() {
    Kind kind = measuredKind("PodMetrics", "pods", true);
    kind.cells = [](const Object& object, base::WallTime) -> std::vector<Cell> {
        const auto& pod = static_cast<const metricsv1beta1::PodMetrics&>(object);
        Map<Quantity> sum;
        for (const auto& container : pod.containers)
            for (const auto& [resource, used] : container.usage) {
                const auto [entry, isNew] = sum.try_emplace(resource, used);
                if (!isNew) entry->second += used;
            }
        return {pod.metadata.name, textOf(sum, "cpu"), textOf(sum, "memory"), pod.window.toString()};
    };
    return kind;
}

}  // namespace qd::api
