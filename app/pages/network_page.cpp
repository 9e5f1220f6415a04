#include "app/pages/network_page.h"

#include <QVBoxLayout>

#include "app/bridge/resources.h"
#include "app/models/build_endpoints.h"
#include "app/models/columns.h"
#include "app/models/words.h"

namespace qd::pages {

namespace {
const QString kPage = QStringLiteral("network");
constexpr char kServiceName[] = "kubernetes.io/service-name";
}  // namespace

NetworkPage::NetworkPage(const Context& context, QWidget* parent)
    : Page(kPage, tr("Network"), QStringLiteral("network"), parent),
      m_context(context),
      m_picture(new views::EndpointsView(context.theme)),
      m_bench(new Workbench(context, kPage, bridge::kServices, models::serviceColumns(context.inventory), m_picture,
                            false, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_bench);
    m_bench->header().setTitle(tr("Services"));
    m_bench->table().setEmptyText(
        tr("No Services yet.\nA Service gives Pods one name and address; press Apply YAML to make one."));
    connect(&m_bench->table(), &ResourceTable::currentChanged, this, &NetworkPage::chooseService);
    connect(m_bench, &Workbench::opened, this, [this](const api::ObjectPtr& object) {
        if (object->kind() == "Pod")
            emit goTo({QStringLiteral("workloads"), QStringLiteral("pods"),
                       models::toQString(object->metadata.namespace_), models::toQString(object->metadata.name)});
    });
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &NetworkPage::refresh);
    for (const bridge::Resource* kind : {&bridge::kServices, &bridge::kEndpointSlices, &bridge::kPods})
        connect(&context.inventory.objects(*kind), &models::LiveObjects::changed, &m_soon, qOverload<>(&QTimer::start));
    models::LiveObjects& services = context.inventory.objects(bridge::kServices);
    connect(&services, &models::LiveObjects::changed, this,
            [this, &services] { emit countChanged(static_cast<int>(services.size())); });
}

void NetworkPage::open(const shell::Location& location) {
    m_location = location;
    if (!location.name.isEmpty()) {
        const auto object = m_context.inventory.objects(bridge::kServices)
                                .byName(location.space.toStdString(), location.name.toStdString());
        if (object) m_bench->table().select(object->metadata.uid);
    }
    m_bench->takeOver();
    chooseFirst();
    refresh();
    m_bench->table().view().setFocus();
}

QVector<shell::Crumb> NetworkPage::crumbs() const {
    QVector<shell::Crumb> crumbs{{title(), {kPage}}, {tr("Services"), {kPage}}};
    const api::ObjectPtr service = m_context.inventory.objects(bridge::kServices).byUid(m_uid);
    if (service)
        crumbs.push_back(
            {models::toQString(service->metadata.namespace_ + " / " + service->metadata.name), m_location});
    return crumbs;
}

void NetworkPage::setNamespace(const QString& name) {
    m_bench->table().proxy().setNamespace(name);
    chooseFirst();
}

void NetworkPage::chooseService(const api::ObjectPtr& object) {
    if (!object || object->metadata.uid == m_uid) return;
    m_uid = object->metadata.uid;
    refresh();
    emit crumbsChanged();
}

// A picture is always better than an invitation to choose one.
void NetworkPage::chooseFirst() {
    if (!m_bench->table().current() && m_bench->table().proxy().rowCount() > 0)
        m_bench->table().view().setCurrentIndex(m_bench->table().proxy().index(0, 0));
}

void NetworkPage::refresh() {
    if (!isVisible()) return;
    chooseFirst();
    const api::ObjectPtr object = m_context.inventory.objects(bridge::kServices).byUid(m_uid);
    const auto* service = object ? api::objectAs<corev1::Service>(*object) : nullptr;
    if (!service) {
        m_picture->setModel({});
        return;
    }
    std::vector<const discoveryv1::EndpointSlice*> slices;
    for (const auto& [uid, each] : m_context.inventory.objects(bridge::kEndpointSlices).all()) {
        const auto label = each->metadata.labels.find(kServiceName);
        const bool ours = label != each->metadata.labels.end() && label->second == service->metadata.name &&
                          each->metadata.namespace_ == service->metadata.namespace_;
        if (ours) slices.push_back(api::objectAs<discoveryv1::EndpointSlice>(*each));
    }
    std::vector<const corev1::Pod*> pods;
    for (const auto& [uid, each] : m_context.inventory.objects(bridge::kPods).all())
        if (each->metadata.namespace_ == service->metadata.namespace_)
            pods.push_back(api::objectAs<corev1::Pod>(*each));
    views::EndpointsModel model = models::buildEndpoints(*service, slices, pods, m_context.clock.now());
    m_picture->setModel(std::move(model));
}

}  // namespace qd::pages
