#include "app/pages/nodes_page.h"

#include <QVBoxLayout>

#include "app/bridge/resources.h"
#include "app/models/build_nodes.h"
#include "app/models/columns.h"
#include "app/models/words.h"

namespace qd::pages {

namespace {
const QString kPage = QStringLiteral("nodes");
}

views::NodesModel nodesModel(const Context& context) {
    std::vector<const corev1::Node*> nodes;
    for (const auto& [uid, object] : context.inventory.objects(bridge::kNodes).all())
        nodes.push_back(api::objectAs<corev1::Node>(*object));
    std::vector<const corev1::Pod*> pods;
    for (const auto& [uid, object] : context.inventory.objects(bridge::kPods).all())
        pods.push_back(api::objectAs<corev1::Pod>(*object));
    return models::buildNodes(nodes, pods, context.clock.now());
}

NodesPage::NodesPage(const Context& context, QWidget* parent)
    : Page(kPage, tr("Nodes"), QStringLiteral("nodes"), parent),
      m_context(context),
      m_picture(new views::NodesView(context.theme)),
      m_bench(new Workbench(context, kPage, bridge::kNodes, models::nodeColumns(context.inventory), m_picture, true,
                            this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_bench);
    m_bench->header().setTitle(title());
    m_bench->table().setEmptyText(
        tr("No node has registered yet.\nNodes appear here as soon as their machines have started."));
    connect(m_picture, &views::NodesView::nodeActivated, this, [this](const QString& name) {
        const auto node = m_context.inventory.objects(bridge::kNodes).byName({}, name.toStdString());
        if (node) m_bench->table().select(node->metadata.uid);
    });
    connect(m_bench, &Workbench::opened, this, [this](const api::ObjectPtr& object) {
        if (object->kind() == "Pod")
            emit goTo({QStringLiteral("workloads"), QStringLiteral("pods"),
                       models::toQString(object->metadata.namespace_), models::toQString(object->metadata.name)});
    });
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &NodesPage::refresh);
    for (const bridge::Resource* kind : {&bridge::kNodes, &bridge::kPods})
        connect(&context.inventory.objects(*kind), &models::LiveObjects::changed, &m_soon, qOverload<>(&QTimer::start));
    models::LiveObjects& nodes = context.inventory.objects(bridge::kNodes);
    connect(&nodes, &models::LiveObjects::changed, this,
            [this, &nodes] { emit countChanged(static_cast<int>(nodes.size())); });
}

void NodesPage::open(const shell::Location& location) {
    if (!location.name.isEmpty()) {
        const auto node = m_context.inventory.objects(bridge::kNodes).byName({}, location.name.toStdString());
        if (node) m_bench->table().select(node->metadata.uid);
    }
    m_bench->takeOver();
    refresh();
    m_bench->table().view().setFocus();
}

void NodesPage::refresh() {
    if (!isVisible()) return;
    views::NodesModel model = nodesModel(m_context);
    const auto ready = std::count_if(model.nodes.begin(), model.nodes.end(),
                                     [](const views::NodeCard& card) { return card.state == views::State::Ready; });
    m_bench->header().setHeadline(tr("%1 of %n ready", nullptr, static_cast<int>(model.nodes.size())).arg(ready));
    m_picture->setModel(std::move(model));
}

}  // namespace qd::pages
