#include "app/models/details.h"

#include <QCoreApplication>

#include "app/models/build_nodes.h"
#include "app/models/build_rollout.h"
#include "app/models/conditions.h"
#include "app/models/deployment_summary.h"
#include "app/models/kind_details.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"

namespace qd::models {

using base::WallTime;
using views::State;

namespace {

struct Details {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Details)
};

DetailGroup general(const api::Object& object, WallTime now) {
    const metav1::ObjectMeta& meta = object.metadata;
    DetailGroup group{Details::tr("General"), {}};
    group.details.push_back(
        {Details::tr("Kind"), toQString(object.kind()) + QStringLiteral(" · ") + toQString(object.apiVersion())});
    group.details.push_back({Details::tr("Name"), toQString(meta.name), true});
    if (!meta.namespace_.empty()) group.details.push_back({Details::tr("Namespace"), toQString(meta.namespace_), true});
    //: How old an object is, and since when.
    group.details.push_back({Details::tr("Age"), Details::tr("%1, since %2")
                                                     .arg(ageText(meta.creationTimestamp, now),
                                                          toQString(meta.creationTimestamp.toString()))});
    for (const metav1::OwnerReference& owner : meta.ownerReferences)
        group.details.push_back({Details::tr("Belongs to"), toQString(owner.kind + ' ' + owner.name), true,
                                 State::Empty, toQString("owner:" + owner.kind + ':' + owner.name)});
    for (const std::string& finalizer : meta.finalizers)
        group.details.push_back({Details::tr("Finalizer"), toQString(finalizer), true});
    return group;
}

void addMap(QVector<DetailGroup>& groups, const QString& title, const api::Map<std::string>& values) {
    DetailGroup group{title, {}};
    for (const auto& [key, value] : values) {
        // What kubectl apply keeps there is the object once more.
        if (key != "kubectl.kubernetes.io/last-applied-configuration")
            group.details.push_back({toQString(key), toQString(value), true});
    }
    if (!group.details.isEmpty()) groups.push_back(group);
}

QString resourcesText(const api::Map<api::Quantity>& amounts) {
    QStringList texts;
    for (const auto& [name, amount] : amounts)
        texts << QStringLiteral("%1 %2").arg(toQString(name), toQString(amount.toString()));
    return texts.join(QStringLiteral(", "));
}

void addTrouble(DetailGroup& group, const Trouble& trouble, State state) {
    if (!trouble.what.isEmpty()) group.details.push_back({Details::tr("What is wrong"), trouble.what, false, state});
    if (!trouble.remedy.isEmpty()) group.details.push_back({Details::tr("What to do"), trouble.remedy});
}

void addPod(QVector<DetailGroup>& groups, const corev1::Pod& pod, WallTime now) {
    const PodSummary summary = summarize(pod, now);
    DetailGroup group{Details::tr("Pod"), {}};
    group.details.push_back(
        {Details::tr("State"), summary.word + QStringLiteral(": ") + summary.why, false, summary.state});
    addTrouble(group, {{}, summary.remedy}, summary.state);
    group.details.push_back({Details::tr("Node"), toQString(pod.spec.nodeName), true});
    group.details.push_back({Details::tr("Address"), toQString(pod.status.podIP), true});
    group.details.push_back({Details::tr("Quality of service"), toQString(pod.status.qosClass)});
    groups.push_back(group);
    for (const corev1::Container& container : pod.spec.containers) {
        //: Heading: a container of a Pod.
        DetailGroup each{Details::tr("Container %1").arg(toQString(container.name)), {}};
        each.details.push_back({Details::tr("Image"), toQString(container.image), true});
        if (!container.resources.requests.empty())
            each.details.push_back({Details::tr("Requests"), resourcesText(container.resources.requests), true});
        if (!container.resources.limits.empty())
            each.details.push_back({Details::tr("Limits"), resourcesText(container.resources.limits), true});
        for (const corev1::ContainerPort& port : container.ports)
            each.details.push_back({Details::tr("Port"),
                                    QStringLiteral("%1 %2 %3")
                                        .arg(port.containerPort)
                                        .arg(toQString(port.protocol), toQString(port.name))
                                        .trimmed(),
                                    true});
        for (const corev1::ContainerStatus& status : pod.status.containerStatuses)
            if (status.name == container.name)
                each.details.push_back({Details::tr("Restarts"), QString::number(status.restartCount)});
        groups.push_back(each);
    }
    groups.push_back(conditionsOf(pod.status.conditions, {}, now));
}

void addDeployment(QVector<DetailGroup>& groups, Inventory& inventory, const appsv1::Deployment& deployment,
                   WallTime now) {
    const DeploymentSummary summary = summarize(inventory, deployment, now);
    const RolloutBudget budget = rolloutBudget(deployment);
    DetailGroup group{Details::tr("Deployment"), {}};
    group.details.push_back({Details::tr("State"), summary.word, false, summary.state});
    addTrouble(group, summary.trouble, summary.state);
    group.details.push_back({Details::tr("Replicas"), QString::number(deployment.spec.replicas.value_or(1))});
    group.details.push_back(
        {Details::tr("Strategy"),
         toQString(deployment.spec.strategy.type.empty() ? "RollingUpdate" : deployment.spec.strategy.type)});
    group.details.push_back(
        {Details::tr("While rolling out"),
         Details::tr("at least %1 available, at most %2").arg(budget.minAvailable).arg(budget.maxTotal)});
    for (const corev1::Container& container : deployment.spec.template_.spec.containers)
        group.details.push_back({toQString(container.name), toQString(container.image), true});
    groups.push_back(group);
    groups.push_back(conditionsOf(deployment.status.conditions, {}, now));
}

void addService(QVector<DetailGroup>& groups, const corev1::Service& service) {
    DetailGroup group{Details::tr("Service"), {}};
    group.details.push_back({Details::tr("Type"), toQString(service.spec.type)});
    group.details.push_back({Details::tr("Address"), toQString(service.spec.clusterIP), true});
    for (const corev1::ServicePort& port : service.spec.ports)
        group.details.push_back({port.name.empty() ? Details::tr("Port") : toQString(port.name),
                                 QStringLiteral("%1/%2 → %3")
                                     .arg(port.port)
                                     .arg(toQString(port.protocol), toQString(port.targetPort.toString())),
                                 true});
    groups.push_back(group);
    addMap(groups, Details::tr("Selector"), service.spec.selector);
}

void addNode(QVector<DetailGroup>& groups, const corev1::Node& node, WallTime now) {
    const NodeSummary summary = summarize(node, now);
    DetailGroup group{Details::tr("Node"), {}};
    group.details.push_back(
        {Details::tr("State"), summary.word + QStringLiteral(": ") + summary.why, false, summary.state});
    group.details.push_back({Details::tr("Allocatable"), resourcesText(node.status.allocatable), true});
    group.details.push_back({Details::tr("System"), toQString(node.status.nodeInfo.osImage)});
    group.details.push_back({Details::tr("Kernel"), toQString(node.status.nodeInfo.kernelVersion), true});
    group.details.push_back({Details::tr("Runtime"), toQString(node.status.nodeInfo.containerRuntimeVersion), true});
    for (const corev1::NodeAddress& address : node.status.addresses)
        group.details.push_back({toQString(address.type), toQString(address.address), true});
    for (const corev1::Taint& taint : node.spec.taints)
        group.details.push_back(
            {Details::tr("Taint"),
             toQString(taint.key + (taint.value.empty() ? "" : "=" + taint.value) + ':' + taint.effect), true});
    groups.push_back(group);
    groups.push_back(conditionsOf(node.status.conditions, "Ready", now));
}

}  // namespace

QVector<DetailGroup> detailsOf(Inventory& inventory, const api::Object& object, WallTime now) {
    QVector<DetailGroup> groups{general(object, now)};
    if (const auto* pod = api::objectAs<corev1::Pod>(object))
        addPod(groups, *pod, now);
    else if (const auto* deployment = api::objectAs<appsv1::Deployment>(object))
        addDeployment(groups, inventory, *deployment, now);
    else if (const auto* service = api::objectAs<corev1::Service>(object))
        addService(groups, *service);
    else if (const auto* node = api::objectAs<corev1::Node>(object))
        addNode(groups, *node, now);
    else if (!api::objectAs<corev1::Event>(object))
        addKind(groups, inventory, object, now);
    addMap(groups, Details::tr("Labels"), object.metadata.labels);
    addMap(groups, Details::tr("Annotations"), object.metadata.annotations);
    groups.removeIf([](const DetailGroup& group) { return group.details.isEmpty(); });
    return groups;
}

}  // namespace qd::models
