#include "app/pages/overview_page.h"

#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>

#include "app/bridge/resources.h"
#include "app/models/build_rollout.h"
#include "app/models/columns.h"
#include "app/models/words.h"
#include "app/pages/nodes_page.h"

namespace qd::pages {

namespace {

// The columns with these titles' places, in this order.
QVector<models::Column> pick(QVector<models::Column> all, std::initializer_list<int> places) {
    QVector<models::Column> picked;
    for (const int place : places) picked.push_back(all[place]);
    return picked;
}

}  // namespace

OverviewPage::OverviewPage(const Context& context, QWidget* parent)
    : Page(QStringLiteral("overview"), tr("Overview"), QStringLiteral("overview"), parent),
      m_context(context),
      m_header(new ObjectHeader(context.theme, this)),
      m_nodes(new views::NodesView(context.theme)),
      m_deployments(new ResourceTable(context.theme, context.inventory.objects(bridge::kDeployments),
                                      pick(models::deploymentColumns(context.inventory), {0, 1, 2, 3, 4}),
                                      context.clock, this)),
      m_events(new ResourceTable(context.theme, context.inventory.objects(bridge::kEvents), models::feedColumns(),
                                 context.clock, this)) {
    const shell::Theme& theme = context.theme;
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(20), theme.ipx(14), theme.ipx(20), theme.ipx(18));
    layout->setSpacing(theme.ipx(12));
    layout->addWidget(m_header);
    m_scroll = new QScrollArea(this);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(m_nodes);
    layout->addWidget(m_scroll);
    layout->addSpacing(theme.ipx(4));
    auto* lists = new QSplitter(Qt::Horizontal, this);
    lists->setHandleWidth(theme.ipx(16));
    lists->setChildrenCollapsible(false);
    lists->addWidget(titled(tr("Deployments"), m_deployments));
    lists->addWidget(titled(tr("What happened"), m_events));
    lists->setSizes({theme.ipx(700), theme.ipx(500)});
    layout->addWidget(lists, 1);
    m_deployments->setEmptyText(tr("No Deployments yet.\nPress Apply YAML, or drop a manifest onto the window."));
    m_events->setEmptyText(tr("Nothing has happened yet."));
    connect(m_deployments, &ResourceTable::activated, this, [this](const api::ObjectPtr& object) {
        emit goTo({QStringLiteral("workloads"), QStringLiteral("deployments"),
                   models::toQString(object->metadata.namespace_), models::toQString(object->metadata.name)});
    });
    connect(m_events, &ResourceTable::activated, this, [this](const api::ObjectPtr& object) {
        const shell::Location target = actions::locationOf(m_context.inventory, *object);
        if (!target.page.isEmpty()) emit goTo(target);
    });
    connect(m_nodes, &views::Picture::activated, this, [this](const QString& id) {
        const auto pod = m_context.inventory.objects(bridge::kPods).byUid(id.toStdString());
        if (pod)
            emit goTo({QStringLiteral("workloads"), QStringLiteral("pods"), models::toQString(pod->metadata.namespace_),
                       models::toQString(pod->metadata.name)});
    });
    connect(m_nodes, &views::NodesView::nodeActivated, this, [this](const QString& name) {
        emit goTo({QStringLiteral("nodes"), {}, {}, name});
    });
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &OverviewPage::refresh);
    for (const bridge::Resource* kind : {&bridge::kNodes, &bridge::kPods, &bridge::kDeployments})
        connect(&context.inventory.objects(*kind), &models::LiveObjects::changed, &m_soon, qOverload<>(&QTimer::start));
    connect(&context.inventory.session(), &bridge::ClusterSession::statusChanged, &m_soon, qOverload<>(&QTimer::start));
}

QWidget* OverviewPage::titled(const QString& title, ResourceTable* table) {
    auto* box = new QWidget(this);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(m_context.theme.ipx(8));
    auto* label = new QLabel(title, box);
    label->setFont(m_context.theme.fonts().heading);
    connect(&m_context.theme, &shell::Theme::changed, label,
            [this, label] { label->setFont(m_context.theme.fonts().heading); });
    layout->addWidget(label);
    layout->addWidget(table, 1);
    table->setMinimumHeight(m_context.theme.ipx(120));
    return box;
}

void OverviewPage::open(const shell::Location&) {
    refresh();
}

void OverviewPage::setNamespace(const QString& name) {
    m_deployments->proxy().setNamespace(name);
    m_events->proxy().setNamespace(name);
}

void OverviewPage::refresh() {
    if (!isVisible()) return;
    views::NodesModel model = nodesModel(m_context);
    int ready = 0;
    int troubled = 0;
    int pods = static_cast<int>(model.unscheduled.size());
    for (const views::NodeCard& card : model.nodes)
        for (const views::PodTile& pod : card.pods) {
            ++pods;
            ready += pod.state == views::State::Ready ? 1 : 0;
            troubled += pod.state == views::State::Failed || pod.state == views::State::Unknown ? 1 : 0;
        }
    const bridge::SessionStatus status = m_context.inventory.session().status();
    m_header->setTitle(m_context.inventory.session().name());
    m_header->setState(status.state, views::wordFor(status.state));
    const QString headline = pods == 0 ? tr("no Pods yet") : tr("%1 of %n Pods ready", nullptr, pods).arg(ready);
    m_header->setHeadline(troubled == 0 ? headline
                                        : headline + QStringLiteral(" · ") + tr("%n to look at", nullptr, troubled));
    m_nodes->setModel(std::move(model));
    fitNodes();
}

// The cards take what they need, but leave most of the page to the lists.
void OverviewPage::fitNodes() {
    m_scroll->setFixedHeight(qMin(m_nodes->heightForWidth(m_scroll->viewport()->width()), height() * 2 / 5));
}

void OverviewPage::resizeEvent(QResizeEvent* event) {
    Page::resizeEvent(event);
    fitNodes();
}

}  // namespace qd::pages
