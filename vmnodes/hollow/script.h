// A script: what hollow nodes and their Pods are told to do, and when. docs/hollow-nodes.md describes the file.
//
// It is a list of entries, each for some nodes or Pods and for some time. Of entries that say different things about
// the same, the last one counts. A script never changes once it is read, so that any thread may ask it.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/metrics_v1beta1.h"
#include "cluster/base/result.h"
#include "vmnodes/hollow/run_plan.h"

namespace qd::hollow {

class Script {
public:
    struct NodeState {
        bool contact = true;
        bool ready = true;
    };
    // Since the nodes were started: from inclusive, until exclusive.
    struct Span {
        base::Duration from{};
        base::Duration until = base::Duration::max();

        bool holds(base::Duration at) const { return from <= at && at < until; }
    };
    struct NodeEntry {
        std::string name = "*";  // may hold * and ?
        Span span = {};
        std::optional<bool> contact = {};
        std::optional<bool> ready = {};
    };
    struct PodEntry {
        std::string namespace_ = "*";  // these may hold * and ?
        std::string name = "*";
        std::string node = "*";
        api::LabelSelector selector = {};
        std::string container = {};  // empty: all that are no init containers
        Span span = {};
        std::optional<base::Duration> startsAfter = {};
        std::optional<base::Duration> stopsAfter = {};
        std::vector<ContainerPlan::Run> runs = {};
        std::optional<bool> startup = {};  // whether the probe succeeds
        std::optional<bool> readiness = {};
        std::optional<bool> liveness = {};
        std::map<std::string, api::Quantity> usage = {};

        bool matches(const corev1::Pod& pod) const;
    };

    Script(std::vector<NodeEntry> nodes, std::vector<PodEntry> pods)
        : m_nodes(std::move(nodes)), m_pods(std::move(pods)) {}
    // Of the file's text. An error names line and path of the field: `line 3: pods[0].from: Invalid value: ...`.
    static Result<Script> read(std::string_view yaml);

    NodeState node(const std::string& name, base::Duration at) const;
    void tell(const corev1::Pod& pod, base::Duration at, RunPlan& plan) const;
    void tell(const corev1::Pod& pod, base::Duration at, metricsv1beta1::PodMetrics& usage) const;
    // The times at which something begins or ends, in order.
    std::vector<base::Duration> moments() const;

private:
    std::vector<NodeEntry> m_nodes;
    std::vector<PodEntry> m_pods;
};

}  // namespace qd::hollow
