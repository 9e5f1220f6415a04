#include "app/models/columns.h"

#include <QCoreApplication>
#include <QStringList>
#include <unordered_map>

#include "app/bridge/resources.h"
#include "app/models/basic_columns.h"
#include "app/models/build_nodes.h"
#include "app/models/build_rollout.h"
#include "app/models/deployment_summary.h"
#include "app/models/event_words.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"

namespace qd::models {

using base::WallTime;

namespace {

struct Columns {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Columns)
};

// "2/3" sorts by its first number.
Cell ratio(int part, int whole) {
    return {QStringLiteral("%1/%2").arg(part).arg(whole), part};
}

QString revisionText(Inventory& inventory, const corev1::Pod& pod) {
    for (const metav1::OwnerReference& owner : pod.metadata.ownerReferences) {
        if (owner.kind != "ReplicaSet") continue;
        const api::ObjectPtr set = inventory.objects(bridge::kReplicaSets).byUid(owner.uid);
        const std::int64_t revision = set ? revisionOf(set->metadata) : 0;
        if (revision > 0) return QString::number(revision);
    }
    return {};
}

QString portsText(const corev1::Service& service) {
    QStringList ports;
    for (const corev1::ServicePort& port : service.spec.ports) {
        QString text = QString::number(port.port);
        if (port.nodePort != 0) text += QStringLiteral(":%1").arg(port.nodePort);
        if (port.protocol != "TCP" && !port.protocol.empty()) text += u'/' + toQString(port.protocol);
        ports << text;
    }
    return ports.join(QStringLiteral(", "));
}

// How many Pods each node has, kept true by the watch: counting anew for each cell would be nodes times Pods.
using PodCounts = std::unordered_map<std::string, int>;

std::shared_ptr<const PodCounts> podCounts(LiveObjects& pods) {
    auto counts = std::make_shared<PodCounts>();
    const auto add = [](PodCounts& into, const api::ObjectPtr& object, int by) {
        const auto* pod = object ? api::objectAs<corev1::Pod>(*object) : nullptr;
        if (pod) into[pod->spec.nodeName] += by;
    };
    for (const auto& [uid, object] : pods.all()) add(*counts, object, 1);
    QObject::connect(&pods, &LiveObjects::changed, &pods, [counts, add](const std::vector<Change>& changes) {
        for (const Change& change : changes) {
            add(*counts, change.before, -1);
            add(*counts, change.after, 1);
        }
    });
    return counts;
}

// The Pods that belong to a Deployment through its ReplicaSets.
std::vector<api::ObjectPtr> podsOf(Inventory& inventory, const appsv1::Deployment& deployment) {
    std::vector<api::ObjectPtr> pods;
    for (const api::ObjectPtr& set : inventory.objects(bridge::kReplicaSets).ownedBy(deployment.metadata.uid))
        for (const api::ObjectPtr& pod : inventory.objects(bridge::kPods).ownedBy(set->metadata.uid))
            pods.push_back(pod);
    return pods;
}

}  // namespace

QVector<Column> podColumns(Inventory& inventory, bool ofOne) {
    using corev1::Pod;
    const Column revision =
        column<Pod>(Columns::tr("Revision"), CellKind::Number, 90,
                    [&inventory](const Pod& pod, WallTime) { return Cell{revisionText(inventory, pod)}; });
    return {
        fitting(nameColumn(Columns::tr("Pod")), QStringLiteral("coredns-85db7785b6-hc5hp")),
        ofOne ? revision : namespaceColumn(),
        fitting(column<Pod>(Columns::tr("State"), CellKind::State, 150,
                            [](const Pod& pod, WallTime now) {
                                const PodSummary summary = summarize(pod, now);
                                return Cell{summary.word, {}, summary.state, tipOf(summary.why, summary.remedy)};
                            }),
                QStringLiteral("CrashLoopBackOff")),
        column<Pod>(Columns::tr("Ready"), CellKind::Text, 70,
                    [](const Pod& pod, WallTime now) {
                        const PodSummary summary = summarize(pod, now);
                        return ratio(summary.readyContainers, summary.containers);
                    }),
        yielding(column<Pod>(Columns::tr("Node"), CellKind::Text, 130,
                             [](const Pod& pod, WallTime) { return Cell{toQString(pod.spec.nodeName)}; }),
                 2),
        yielding(fitting(column<Pod>(Columns::tr("Address"), CellKind::Text, 120,
                                     [](const Pod& pod, WallTime) { return Cell{toQString(pod.status.podIP)}; }),
                         QStringLiteral("10.244.100.100")),
                 4),
        yielding(column<Pod>(Columns::tr("Restarts"), CellKind::Number, 80,
                             [](const Pod& pod, WallTime now) {
                                 const int restarts = summarize(pod, now).restarts;
                                 return Cell{QString::number(restarts), restarts};
                             }),
                 1),
        ageColumn(),
    };
}

QVector<Column> deploymentColumns(Inventory& inventory) {
    using appsv1::Deployment;
    Column tiles = column<Deployment>(
        Columns::tr("Pods"), CellKind::Tiles, 190, [&inventory](const Deployment& deployment, WallTime now) {
            Cell cell{
                {}, deployment.status.replicas, views::State::Empty, summarize(inventory, deployment, now).headline};
            cell.tiles = podTiles(podsOf(inventory, deployment), deployment.spec.replicas.value_or(1), now);
            return cell;
        });
    Column state = fitting(
        column<Deployment>(Columns::tr("State"), CellKind::State, 150,
                           [&inventory](const Deployment& deployment, WallTime now) {
                               const DeploymentSummary summary = summarize(inventory, deployment, now);
                               return Cell{
                                   summary.word, {}, summary.state, tipOf(summary.line(), summary.trouble.remedy)};
                           }),
        QStringLiteral("CrashLoopBackOff"));
    tiles.reads = state.reads = {&inventory.objects(bridge::kPods), &inventory.objects(bridge::kReplicaSets)};
    return {
        nameColumn(Columns::tr("Deployment"), 220),
        namespaceColumn(),
        state,
        tiles,
        column<Deployment>(Columns::tr("Ready"), CellKind::Text, 70,
                           [](const Deployment& deployment, WallTime) {
                               return ratio(deployment.status.readyReplicas, deployment.spec.replicas.value_or(1));
                           }),
        yielding(column<Deployment>(Columns::tr("Updated"), CellKind::Number, 80,
                                    [](const Deployment& deployment, WallTime) {
                                        const int updated = deployment.status.updatedReplicas;
                                        return Cell{QString::number(updated), updated};
                                    }),
                 5),
        yielding(column<Deployment>(Columns::tr("Available"), CellKind::Number, 90,
                                    [](const Deployment& deployment, WallTime) {
                                        const int available = deployment.status.availableReplicas;
                                        return Cell{QString::number(available), available};
                                    }),
                 4),
        column<Deployment>(Columns::tr("Image"), CellKind::Muted, 200,
                           [](const Deployment& deployment, WallTime) {
                               const auto& containers = deployment.spec.template_.spec.containers;
                               const QString image =
                                   containers.empty() ? QString() : toQString(containers.front().image);
                               // What tells Deployments and revisions apart stands at the end.
                               return Cell{image.section(u'/', -1), {}, views::State::Empty, image};
                           }),
        ageColumn(),
    };
}

QVector<Column> serviceColumns(Inventory&) {
    using corev1::Service;
    return {
        nameColumn(Columns::tr("Service"), 220),
        namespaceColumn(),
        column<Service>(Columns::tr("Type"), CellKind::Text, 120,
                        [](const Service& service, WallTime) { return Cell{toQString(service.spec.type)}; }),
        column<Service>(Columns::tr("Address"), CellKind::Text, 140,
                        [](const Service& service, WallTime) {
                            const bool outside = service.spec.type == "ExternalName";
                            return Cell{toQString(outside ? service.spec.externalName : service.spec.clusterIP)};
                        }),
        column<Service>(Columns::tr("Ports"), CellKind::Text, 140,
                        [](const Service& service, WallTime) { return Cell{portsText(service)}; }),
        column<Service>(Columns::tr("Selector"), CellKind::Muted, 220,
                        [](const Service& service, WallTime) {
                            QStringList labels;
                            for (const auto& [key, value] : service.spec.selector)
                                labels << QStringLiteral("%1=%2").arg(toQString(key), toQString(value));
                            return Cell{labels.join(QStringLiteral(", "))};
                        }),
        ageColumn(),
    };
}

QVector<Column> nodeColumns(Inventory& inventory) {
    using corev1::Node;
    Column pods = column<Node>(Columns::tr("Pods"), CellKind::Number, 70,
                               [counts = podCounts(inventory.objects(bridge::kPods))](const Node& node, WallTime) {
                                   const auto found = counts->find(node.metadata.name);
                                   const int count = found == counts->end() ? 0 : found->second;
                                   return Cell{QString::number(count), count};
                               });
    pods.reads = {&inventory.objects(bridge::kPods)};
    return {
        nameColumn(Columns::tr("Node"), 200),
        column<Node>(Columns::tr("State"), CellKind::State, 140,
                     [](const Node& node, WallTime now) {
                         const NodeSummary summary = summarize(node, now);
                         return Cell{summary.word, {}, summary.state, summary.why};
                     }),
        pods,
        column<Node>(Columns::tr("Address"), CellKind::Text, 130,
                     [](const Node& node, WallTime) {
                         for (const corev1::NodeAddress& address : node.status.addresses)
                             if (address.type == "InternalIP") return Cell{toQString(address.address)};
                         return Cell{};
                     }),
        column<Node>(Columns::tr("Version"), CellKind::Text, 100,
                     [](const Node& node, WallTime) { return Cell{toQString(node.status.nodeInfo.kubeletVersion)}; }),
        column<Node>(Columns::tr("System"), CellKind::Muted, 220,
                     [](const Node& node, WallTime) { return Cell{toQString(node.status.nodeInfo.osImage)}; }),
        ageColumn(),
    };
}

QVector<Column> eventColumns() {
    using corev1::Event;
    Column seen = column<Event>(Columns::tr("Seen"), CellKind::Muted, 80, [](const Event& event, WallTime now) {
        const WallTime last = lastSeen(event);
        return Cell{lengthText(now - last), QVariant::fromValue<qlonglong>(-last.time_since_epoch().count())};
    });
    seen.ages = true;
    seen.widest = lengthText(std::chrono::minutes(59));
    return {
        seen,
        yielding(fitting(column<Event>(Columns::tr("Type"), CellKind::State, 100,
                                       [](const Event& event, WallTime) {
                                           const bool warning = event.type == "Warning";
                                           return Cell{warning ? Columns::tr("Warning") : Columns::tr("Normal"),
                                                       {},
                                                       warning ? views::State::Starting : views::State::Empty};
                                       }),
                         Columns::tr("Warning")),
                 2),
        fitting(column<Event>(Columns::tr("Reason"), CellKind::Text, 140,
                              [](const Event& event, WallTime) { return Cell{toQString(event.reason)}; }),
                QStringLiteral("FailedScheduling")),
        column<Event>(Columns::tr("Object"), CellKind::Object, 250,
                      [](const Event& event, WallTime) {
                          Cell cell{toQString(event.involvedObject.name)};
                          cell.head = toQString(event.involvedObject.kind);
                          cell.toolTip = toQString(event.involvedObject.kind + ' ' + event.involvedObject.name);
                          return cell;
                      }),
        yielding(namespaceColumn(), 5),
        column<Event>(Columns::tr("Message"), CellKind::Text, 440,
                      [](const Event& event, WallTime) {
                          return Cell{
                              toQString(event.message).simplified(), {}, views::State::Empty, toQString(event.message)};
                      }),
        yielding(column<Event>(Columns::tr("Count"), CellKind::Number, 70,
                               [](const Event& event, WallTime) {
                                   const int count = timesSeen(event);
                                   return Cell{QString::number(count), count};
                               }),
                 4),
    };
}

QVector<Column> feedColumns() {
    using corev1::Event;
    Column feed =
        column<Event>(Columns::tr("What happened"), CellKind::Feed, 400, [](const Event& event, WallTime now) {
            const WallTime last = lastSeen(event);
            Cell cell{toQString(event.message).simplified(),
                      QVariant::fromValue<qlonglong>(-last.time_since_epoch().count())};
            cell.state = event.type == "Warning" ? views::State::Starting : views::State::Empty;
            cell.toolTip = toQString(event.message);
            cell.head = toQString(event.involvedObject.kind + ' ' + event.involvedObject.name);
            cell.tail = lengthText(now - last);
            return cell;
        });
    feed.ages = true;
    return {feed};
}

}  // namespace qd::models
