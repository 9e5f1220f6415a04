#include "app/pages/workloads_page.h"

#include <QSignalBlocker>
#include <QVBoxLayout>

#include "app/bridge/resources.h"
#include "app/models/columns.h"
#include "app/models/words.h"

namespace qd::pages {

namespace {
const QString kPage = QStringLiteral("workloads");
const QString kDeployments = QStringLiteral("deployments");
const QString kPods = QStringLiteral("pods");
}  // namespace

WorkloadsPage::WorkloadsPage(const Context& context, QWidget* parent)
    : Page(kPage, tr("Workloads"), QStringLiteral("workloads"), parent),
      m_context(context),
      m_stack(new QStackedWidget(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    m_deployments =
        makeList(kDeployments, bridge::kDeployments, models::deploymentColumns(context.inventory), tr("Deployments"),
                 tr("No Deployments yet.\nPress Apply YAML, or drop a manifest onto the window."));
    m_pods = makeList(kPods, bridge::kPods, models::podColumns(context.inventory), tr("Pods"),
                      tr("No Pods yet.\nA Deployment makes them for you; press Apply YAML to begin with one."));
    m_deployment = new DeploymentView(context, this);
    m_stack->addWidget(m_deployment);
    connect(&m_deployment->bench(), &Workbench::opened, this, &WorkloadsPage::openObject);
    models::LiveObjects& deployments = context.inventory.objects(bridge::kDeployments);
    connect(&deployments, &models::LiveObjects::changed, this,
            [this, &deployments] { emit countChanged(static_cast<int>(deployments.size())); });
}

Workbench* WorkloadsPage::makeList(const QString& name, const bridge::Resource& resource,
                                   QVector<models::Column> columns, const QString& title, const QString& empty) {
    auto* list = new Workbench(m_context, name, resource, std::move(columns), nullptr, false, m_stack);
    list->header().setTitle(title);
    list->table().setEmptyText(empty);
    auto* kinds = new QTabBar(list);
    kinds->setObjectName(QStringLiteral("kindTabs"));
    kinds->setDrawBase(false);
    kinds->addTab(tr("Deployments"));
    kinds->addTab(tr("Pods"));
    kinds->setCurrentIndex(name == kPods ? 1 : 0);
    kinds->setAccessibleName(tr("Kinds"));
    connect(kinds, &QTabBar::tabBarClicked, this, [this](int index) {
        emit goTo({kPage, index == 1 ? kPods : kDeployments});
    });
    connect(kinds, &QTabBar::currentChanged, this, [this, kinds, name](int index) {
        // The bar of each list shows that list; choosing another one leaves.
        if (index == (name == kPods ? 1 : 0)) return;
        const QSignalBlocker blocker(kinds);
        kinds->setCurrentIndex(name == kPods ? 1 : 0);
        emit goTo({kPage, index == 1 ? kPods : kDeployments});
    });
    list->header().addWidget(kinds);
    list->header().addWidget(&list->filter());
    connect(list, &Workbench::opened, this, &WorkloadsPage::openObject);
    m_stack->addWidget(list);
    return list;
}

void WorkloadsPage::openObject(const api::ObjectPtr& object) {
    const QString space = models::toQString(object->metadata.namespace_);
    const QString name = models::toQString(object->metadata.name);
    if (object->kind() == "Deployment")
        emit goTo({kPage, kDeployments, space, name});
    else if (object->kind() == "Pod")
        emit goTo({kPage, kPods, space, name});
}

void WorkloadsPage::open(const shell::Location& location) {
    m_location = location;
    if (m_location.kind.isEmpty()) m_location.kind = kDeployments;
    const bool pods = m_location.kind == kPods;
    if (!pods && !m_location.name.isEmpty()) {
        m_deployment->setDeployment(m_location.space, m_location.name);
        m_stack->setCurrentWidget(m_deployment);
    } else {
        Workbench* list = pods ? m_pods : m_deployments;
        m_stack->setCurrentWidget(list);
        list->takeOver();
        const auto object = m_context.inventory.objects(bridge::kPods)
                                .byName(m_location.space.toStdString(), m_location.name.toStdString());
        if (pods && object) list->table().select(object->metadata.uid);
        list->table().view().setFocus();
    }
    emit crumbsChanged();
}

QVector<shell::Crumb> WorkloadsPage::crumbs() const {
    const bool pods = m_location.kind == kPods;
    QVector<shell::Crumb> crumbs{{title(), {kPage}},
                                 {pods ? tr("Pods") : tr("Deployments"), {kPage, pods ? kPods : kDeployments}}};
    if (!m_location.name.isEmpty())
        crumbs.push_back({m_location.space + QStringLiteral(" / ") + m_location.name, m_location});
    return crumbs;
}

void WorkloadsPage::setNamespace(const QString& name) {
    m_deployments->table().proxy().setNamespace(name);
    m_pods->table().proxy().setNamespace(name);
}

}  // namespace qd::pages
