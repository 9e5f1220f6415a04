// Holds the plugins of a scheduler and runs them at their extension points.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

enum class Point : std::uint8_t {
    PreEnqueue,
    PreFilter,
    Filter,
    PostFilter,
    PreScore,
    Score,
    Reserve,
    Permit,
    PreBind,
    Bind
};

// The scores of one plugin for the feasible nodes, in their order: after normalisation and before its weight.
struct PluginScores {
    std::string_view plugin;
    std::int64_t weight = 1;
    std::vector<std::int64_t> scores;
};

struct Scores {
    std::vector<std::int64_t> totals;    // weighted, one for each feasible node
    std::vector<PluginScores> byPlugin;  // without those that skipped
};

class Framework {
public:
    // Works at all points that it can. Plugins run in the order in which they are added. weight: of its scores.
    Plugin& add(std::unique_ptr<Plugin> plugin, std::int64_t weight = 1);
    // Works only where it is enabled by the calls that follow.
    Plugin& own(std::unique_ptr<Plugin> plugin);
    // Does nothing where it does not work. PreScore goes with Score.
    void enable(Plugin& plugin, Point point, std::int64_t weight = 1);
    std::size_t size() const { return m_plugins.size(); }
    // Whether any plugin prefers nodes to others.
    bool scores() const { return !m_score.empty(); }
    // How many percent of the nodes are to be found feasible; 0: upstream's adaptive figure.
    void setPercentageOfNodesToScore(int percentage) { m_percentage = percentage; }
    int percentageOfNodesToScore() const { return m_percentage; }

    Status preEnqueue(const PodInfo& pod) const;
    // Whether an event may help a Pod that these plugins turned away.
    bool mayHelp(const PodInfo& pod, const std::set<std::string_view>& rejectedBy, const ClusterEvent& event) const;
    // What these plugins ask for together.
    Happening interestsOf(const std::set<std::string_view>& plugins) const;
    // Whether any plugin asks for such events.
    bool interested(Happening what) const { return anyOf(m_interests, what); }

    // Tells the plugins that observe.
    void observe(const ClusterEvent& event);

    // A rejection is written into the diagnosis. onlyNodes is what all plugins together allow.
    PreFilterResult preFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, Diagnosis& diagnosis);
    Status filter(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const;
    // As above, and also with the Pods in place that are nominated to the node and are no less important than this one:
    // it must fit beside them, and must not depend on them.
    Status filterWithNominated(const CycleState& state, const PodInfo& pod, const NodeInfo& node,
                               const Nominations& nominations) const;
    PostFilterResult postFilter(CycleState& state, const PodInfo& pod, const Nodes& nodes, const Diagnosis& diagnosis);
    Result<Scores> score(CycleState& state, const PodInfo& pod, const Feasible& feasible, const Nodes& nodes);
    Status reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node);
    void unreserve(CycleState& state, const PodInfo& pod, const std::string& node);
    void settled(CycleState& state, const PodInfo& pod);
    Status permit(const CycleState& state, const PodInfo& pod, const NodeInfo& node);
    bool hasPreBindWork(const CycleState& state, const PodInfo& pod, const std::string& node) const;
    // One plugin after another; `done` is called once, on any thread.
    void preBind(std::shared_ptr<CycleState> state, PodInfoPtr pod, std::string node, PreBindPlugin::Done done);
    Result<void> bind(const corev1::Pod& pod, const std::string& node);

    void podAdded(CycleState& state, const PodInfo& pod, const PodInfo& added, const NodeInfo& node) const;
    void podRemoved(CycleState& state, const PodInfo& pod, const PodInfo& removed, const NodeInfo& node) const;

private:
    template <typename Interface>
    struct At {
        Plugin* plugin;
        Interface* point;
        std::int64_t weight = 1;
    };
    template <typename Interface>
    static void file(std::vector<At<Interface>>& list, Plugin& plugin, std::int64_t weight);
    void preBindFrom(std::size_t next, std::shared_ptr<CycleState> state, PodInfoPtr pod, std::string node,
                     PreBindPlugin::Done done);

    std::vector<std::unique_ptr<Plugin>> m_plugins;
    std::vector<At<PreEnqueuePlugin>> m_preEnqueue;
    std::vector<At<QueueingPlugin>> m_queueing;
    std::vector<ObservingPlugin*> m_observing;
    std::vector<At<PreFilterPlugin>> m_preFilter;
    std::vector<At<FilterPlugin>> m_filter;
    std::vector<At<PostFilterPlugin>> m_postFilter;
    std::vector<At<ScorePlugin>> m_score;
    std::vector<At<ReservePlugin>> m_reserve;
    std::vector<At<PermitPlugin>> m_permit;
    std::vector<At<PreBindPlugin>> m_preBind;
    std::vector<At<BindPlugin>> m_bind;
    Happening m_interests = Happening::None;
    int m_percentage = 0;
};

// The frameworks of a scheduler, one for each schedulerName that it serves.
class Profiles {
public:
    Framework& add(std::string schedulerName, std::unique_ptr<Framework> framework);
    // Null for Pods that are somebody else's.
    Framework* find(const std::string& schedulerName) const;
    Framework* of(const PodInfo& pod) const { return find(pod.pod->spec.schedulerName); }
    bool interested(Happening what) const;
    void observe(const ClusterEvent& event);

private:
    std::map<std::string, std::unique_ptr<Framework>, std::less<>> m_frameworks;
};

}  // namespace qd::scheduler
