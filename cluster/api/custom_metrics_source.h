// What programs in Pods measure of themselves, as custom.metrics.k8s.io and external.metrics.k8s.io serve it and
// autoscalers read it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/api/meta/quantity.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::api {

// Values are in thousandths, as the reference adapter gives them.
struct MetricValue {
    std::int64_t milli = 0;
    base::WallTime at{};
    std::optional<base::Duration> window;  // over which a rate was measured; nothing for what is no rate
};

// A metric's value for one object: the sum over the metric's series that describe the object.
struct ObjectMetric {
    std::string object;  // its name
    MetricValue value;
};

// One series of a metric.
struct ExternalMetric {
    Labels labels;
    MetricValue value;
};

// Which metric of which kind of object.
struct CustomMetric {
    std::string group, resource;  // "" and "pods", "apps" and "deployments"
    std::string ns;               // empty for objects outside namespaces
    std::string name;
    LabelSelector series;  // which of the metric's series count
};

// Thread-safe. Errors are worded as those of the reference adapter.
class CustomMetricsSource {
public:
    struct Offer {
        std::string groupResource;  // "pods", "ingresses.networking.k8s.io"
        bool namespaced = true;
        std::string metric;
    };

    virtual ~CustomMetricsSource() = default;
    // What there is at present, by resource and metric.
    virtual std::vector<Offer> offers() const = 0;
    // NotFound when nothing describes the object.
    virtual Result<MetricValue> ofObject(const CustomMetric& metric, const std::string& object) const = 0;
    // Of the objects that the selector takes and that have a value, by name. NotFound when nobody has that metric.
    virtual Result<std::vector<ObjectMetric>> ofObjects(const CustomMetric& metric,
                                                        const LabelSelector& objects) const = 0;
    // The metric's series in a namespace. NotFound when nobody has that metric.
    virtual Result<std::vector<ExternalMetric>> external(const std::string& ns, const std::string& metric,
                                                         const LabelSelector& series) const = 0;
};

}  // namespace qd::api
