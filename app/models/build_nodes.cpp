#include "app/models/build_nodes.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>

#include "app/models/pod_summary.h"
#include "app/models/words.h"

namespace qd::models {

using views::NodeCard;
using views::NodesModel;
using views::State;

namespace {

struct Nodes {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Nodes)
};

double amount(const api::Map<api::Quantity>& amounts, std::string_view name) {
    const auto found = amounts.find(name);
    return found == amounts.end() ? 0 : found->second.toDouble();
}

double requested(const corev1::Pod& pod, std::string_view resource) {
    double containers = 0;
    for (const corev1::Container& container : pod.spec.containers)
        containers += amount(container.resources.requests, resource);
    double init = 0;
    for (const corev1::Container& container : pod.spec.initContainers) {
        const double each = amount(container.resources.requests, resource);
        // One that restarts is a sidecar: it stays beside the others.
        if (container.restartPolicy.value_or("") == "Always")
            containers += each;
        else
            init = std::max(init, each);
    }
    return std::max(containers, init) + amount(pod.spec.overhead, resource);
}

bool isOver(const corev1::Pod& pod) {
    return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

}  // namespace

NodeSummary summarize(const corev1::Node& node, base::WallTime now) {
    NodeSummary summary;
    summary.why = Nodes::tr("has not reported yet");
    for (const corev1::NodeCondition& condition : node.status.conditions) {
        const bool bad = condition.type != "Ready" && condition.status == metav1::ConditionTrue;
        if (bad && summary.state == State::Ready) summary.why = toQString(condition.message);
        if (condition.type != "Ready") continue;
        if (condition.status == metav1::ConditionTrue) {
            summary.state = State::Ready;
            //: On a node's card: its kubelet version and its age.
            summary.why = Nodes::tr("%1 · %2").arg(toQString(node.status.nodeInfo.kubeletVersion),
                                                   ageText(node.metadata.creationTimestamp, now));
        } else if (condition.status == metav1::ConditionFalse) {
            const bool young = now - node.metadata.creationTimestamp.wall() < std::chrono::minutes(2);
            summary.state = young ? State::Starting : State::Failed;
            summary.why = toQString(condition.message);
        } else {
            summary.state = State::Unknown;
            summary.why = Nodes::tr("not heard from for %1").arg(ageText(condition.lastHeartbeatTime, now));
        }
    }
    if (node.metadata.deletionTimestamp) summary.state = State::Leaving;
    summary.word = views::wordFor(summary.state);
    //: State of a node that takes no new Pods.
    if (node.spec.unschedulable && summary.state == State::Ready) summary.word = Nodes::tr("Cordoned");
    return summary;
}

NodesModel buildNodes(const std::vector<const corev1::Node*>& nodes, const std::vector<const corev1::Pod*>& pods,
                      base::WallTime now) {
    struct Load {
        double cpu = 0;
        double memory = 0;
        QVector<views::PodTile> pods;
    };
    std::map<std::string, Load, std::less<>> loads;
    NodesModel model;
    for (const corev1::Pod* pod : pods) {
        if (pod->spec.nodeName.empty()) {
            if (!isOver(*pod)) model.unscheduled.push_back(podTile(*pod, {}, now));
            continue;
        }
        Load& load = loads[pod->spec.nodeName];
        load.pods.push_back(podTile(*pod, {}, now));
        if (isOver(*pod)) continue;
        load.cpu += requested(*pod, "cpu");
        load.memory += requested(*pod, "memory");
    }
    const auto byName = [](const views::PodTile& a, const views::PodTile& b) { return a.name < b.name; };
    for (const corev1::Node* node : nodes) {
        const NodeSummary summary = summarize(*node, now);
        Load& load = loads[node->metadata.name];
        const double cpu = amount(node->status.allocatable, "cpu");
        const double memory = amount(node->status.allocatable, "memory");
        NodeCard card;
        card.id = toQString(node->metadata.uid);
        card.name = toQString(node->metadata.name);
        card.state = summary.state;
        card.why = summary.why;
        card.cordoned = node->spec.unschedulable;
        card.cpu = cpu > 0 ? load.cpu / cpu : 0;
        card.memory = memory > 0 ? load.memory / memory : 0;
        //: On a node's card: what its Pods ask for of what it has.
        card.cpuText = Nodes::tr("%1 of %2").arg(coresText(load.cpu), coresText(cpu));
        card.memoryText = Nodes::tr("%1 of %2").arg(bytesText(load.memory), bytesText(memory));
        card.pods = std::move(load.pods);
        std::sort(card.pods.begin(), card.pods.end(), byName);
        model.nodes.push_back(std::move(card));
    }
    std::sort(model.nodes.begin(), model.nodes.end(),
              [](const NodeCard& a, const NodeCard& b) { return a.name < b.name; });
    std::sort(model.unscheduled.begin(), model.unscheduled.end(), byName);
    return model;
}

}  // namespace qd::models
