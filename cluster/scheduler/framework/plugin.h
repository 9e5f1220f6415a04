// The extension points of scheduling, with upstream's names and order:
//
//     PreEnqueue | PreFilter Filter PostFilter | PreScore Score Reserve Permit | PreBind Bind
//
// A plugin implements the interfaces of the points that it works at; the framework finds out which. Everything up to
// Permit runs on the scheduler's strand, so that plugins need no locks; PreBind and Bind run on another thread and may
// block for a write.
// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"
#include "cluster/scheduler/framework/cluster_event.h"
#include "cluster/scheduler/framework/cycle_state.h"
#include "cluster/scheduler/framework/diagnosis.h"
#include "cluster/scheduler/framework/node_info.h"
#include "cluster/scheduler/framework/nominations.h"
#include "cluster/scheduler/framework/topology.h"

namespace qd::scheduler {

inline constexpr std::int64_t kMaxScore = 100;

using KeyCounts = std::map<std::string, int, std::less<>>;

// The nodes as they are while one Pod is scheduled; assumed Pods count.
class Nodes {
public:
    virtual ~Nodes() = default;
    virtual const std::vector<const NodeInfo*>& all() const = 0;
    virtual const NodeInfo* find(const std::string& name) const = 0;
    // Valid until nodes change.
    virtual const Topology& topology(const std::string& key) const = 0;
    // The sums of what Pods count by the topology's domains.
    virtual std::shared_ptr<const DomainSums> tally(const std::string& identity, const Topology& topology,
                                                    const Tallies::Weigh& weigh) const = 0;
    // The topology keys in the terms of Pods in place, with how many Pods have them.
    virtual const KeyCounts& requiredAntiKeys() const = 0;
    virtual const KeyCounts& preferenceKeys() const = 0;  // also of required affinity
    virtual const PodClasses& classes() const = 0;
    virtual const Nominations& nominations() const = 0;
};

using Feasible = std::vector<const NodeInfo*>;

class Framework;

class Plugin {
public:
    virtual ~Plugin() = default;
    virtual std::string_view name() const = 0;  // upstream's

    // Set once by the framework: itself, and the plugin's place in CycleState.
    Framework* framework = nullptr;
    std::size_t slot = 0;
};

// Keeps a Pod out of the queue altogether.
class PreEnqueuePlugin {
public:
    virtual ~PreEnqueuePlugin() = default;
    virtual Status preEnqueue(const PodInfo& pod) const = 0;
};

// Says which events may let a Pod fit that this plugin turned away.
class QueueingPlugin {
public:
    virtual ~QueueingPlugin() = default;
    virtual Happening interests() const = 0;
    // Called for events of interest only. When in doubt, true.
    virtual bool mayHelp(const PodInfo&, const ClusterEvent&) const { return true; }
};

// Wants to know what happens while Pods of its own wait outside the queue.
class ObservingPlugin {
public:
    virtual ~ObservingPlugin() = default;
    virtual void observe(const ClusterEvent& event) = 0;
};

struct PreFilterResult {
    Status status;  // Skip: filter() need not be called
    // Only these nodes are worth looking at; absent: all.
    std::optional<std::set<std::string>> onlyNodes = std::nullopt;
};

class PreFilterPlugin {
public:
    virtual ~PreFilterPlugin() = default;
    virtual PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes) = 0;
    // Preemption asks what would be if a Pod were on the node, or were not.
    virtual void podAdded(CycleState&, const PodInfo& /*pod*/, const PodInfo& /*added*/, const NodeInfo&) const {}
    virtual void podRemoved(CycleState&, const PodInfo& /*pod*/, const PodInfo& /*removed*/, const NodeInfo&) const {}
};

class FilterPlugin {
public:
    virtual ~FilterPlugin() = default;
    virtual Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const = 0;
};

struct PostFilterResult {
    Status status;
    // The node on which room is being made; empty clears an earlier nomination; absent leaves it.
    std::optional<std::string> nominatedNode = std::nullopt;
};

// Called when no node fits.
class PostFilterPlugin {
public:
    virtual ~PostFilterPlugin() = default;
    virtual PostFilterResult postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes,
                                        const Diagnosis& diagnosis) = 0;
};

class ScorePlugin {
public:
    virtual ~ScorePlugin() = default;
    // Skip: score() is not called, the plugin prefers no node.
    virtual Status preScore(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes) = 0;
    virtual std::int64_t score(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const = 0;
    // Brings the scores, one for each feasible node, into 0..kMaxScore.
    virtual void normalize(const CycleState&, const Feasible&, std::vector<std::int64_t>&) const {}
};

class ReservePlugin {
public:
    virtual ~ReservePlugin() = default;
    virtual Status reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) = 0;
    virtual void unreserve(CycleState& state, const PodInfo& pod, const std::string& node) = 0;
    // The Pod was bound: what was reserved has come true.
    virtual void settled(CycleState&, const PodInfo&) {}
};

class PermitPlugin {
public:
    virtual ~PermitPlugin() = default;
    virtual Status permit(const CycleState& state, const PodInfo& pod, const NodeInfo& node) = 0;
};

// What has to be done before the Pod is bound, e.g. its volumes.
class PreBindPlugin {
public:
    using Done = std::function<void(Result<void>)>;
    virtual ~PreBindPlugin() = default;
    // On the strand, once the node is reserved.
    virtual bool hasWork(const CycleState& state, const PodInfo& pod, const std::string& node) const = 0;
    // On another thread; may block for a write, but not wait for others: `done` is called once, on any thread.
    virtual void preBind(CycleState& state, const PodInfo& pod, const std::string& node, Done done) = 0;
};

// The first that does not skip decides.
class BindPlugin {
public:
    virtual ~BindPlugin() = default;
    // nullopt: left to the next one. May block; any thread.
    virtual std::optional<Result<void>> bind(const corev1::Pod& pod, const std::string& node) = 0;
};

// Scores from 0 up to kMaxScore in proportion to the highest; reversed, the highest becomes 0.
void normalizeToMax(std::vector<std::int64_t>& scores, bool reverse);

}  // namespace qd::scheduler
