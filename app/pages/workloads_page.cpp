#include "app/pages/workloads_page.h"

#include "app/bridge/resources.h"
#include "app/models/columns.h"
#include "app/models/words.h"

namespace qd::pages {

namespace {
const QString kDeployments = QStringLiteral("deployments");
}

WorkloadsPage::WorkloadsPage(const Context& context, QWidget* parent)
    : KindPage(context, QStringLiteral("workloads"), tr("Workloads"), QStringLiteral("workloads"),
               {{bridge::kDeployments, tr("Deployments"),
                 tr("No Deployments yet.\nPress Apply YAML, or drop a manifest onto the window."),
                 QStringLiteral("deployment.yaml"), models::deploymentColumns},
                {bridge::kPods, tr("Pods"),
                 tr("No Pods yet.\nA Deployment makes them for you; press Apply YAML to begin with one."),
                 QStringLiteral("deployment.yaml"),
                 [](models::Inventory& inventory) { return models::podColumns(inventory); }},
                {bridge::kStatefulSets, tr("StatefulSets"),
                 tr("No StatefulSets yet.\nA StatefulSet's Pods have names and data of their own, and start in order."),
                 QStringLiteral("statefulset.yaml")},
                {bridge::kDaemonSets, tr("DaemonSets"), tr("No DaemonSets yet.\nA DaemonSet runs a Pod on every node."),
                 QStringLiteral("daemonset.yaml")},
                {bridge::kJobs, tr("Jobs"), tr("No Jobs yet.\nA Job runs Pods until enough of them have ended well."),
                 QStringLiteral("job.yaml")},
                {bridge::kCronJobs, tr("CronJobs"), tr("No CronJobs yet.\nA CronJob starts a Job at set times."),
                 QStringLiteral("cronjob.yaml")},
                {bridge::kReplicaSets, tr("ReplicaSets"),
                 tr("No ReplicaSets yet.\nA Deployment makes one for each of its revisions.")},
                {bridge::kReplicationControllers, tr("ReplicationControllers"),
                 tr("No ReplicationControllers.\nDeployments have taken their place.")},
                {bridge::kAutoscalers, tr("Autoscalers"),
                 tr("No autoscalers yet.\nAn autoscaler changes the number of Pods by how busy they are."),
                 QStringLiteral("autoscaler.yaml")},
                {bridge::kDisruptionBudgets, tr("Disruption budgets"),
                 tr("No disruption budgets yet.\nA budget says how many Pods must stay when nodes are drained."),
                 QStringLiteral("budget.yaml")}},
               true, parent),
      m_deployment(new DeploymentView(context, this)) {
    addInstead(m_deployment);
    connect(&m_deployment->bench(), &Workbench::opened, this, &WorkloadsPage::openObject);
}

// One Deployment has the page to itself.
void WorkloadsPage::open(const shell::Location& location) {
    const bool ofOne = !location.name.isEmpty() && (location.kind.isEmpty() || location.kind == kDeployments);
    if (!ofOne) return KindPage::open(location);
    m_deployment->setDeployment(location.space, location.name);
    openInstead(location, m_deployment);
}

}  // namespace qd::pages
