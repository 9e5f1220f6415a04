#include "app/pages/network_page.h"

#include "app/bridge/resources.h"
#include "app/models/build_endpoints.h"
#include "app/models/columns.h"
#include "app/models/words.h"

namespace qd::pages {

namespace {
constexpr char kServiceName[] = "kubernetes.io/service-name";
const QString kServices = QStringLiteral("services");
}  // namespace

NetworkPage::NetworkPage(const Context& context, QWidget* parent)
    : KindPage(
          context, QStringLiteral("network"), tr("Network"), QStringLiteral("network"),
          {{bridge::kServices, tr("Services"),
            tr("No Services yet.\nA Service gives Pods one name and address; press Apply YAML to make one."),
            QStringLiteral("service.yaml"), models::serviceColumns},
           {bridge::kEndpointSlices, tr("Endpoint slices"),
            tr("No endpoint slices here.\nA Service's controller writes its Pods' addresses into them.")},
           {bridge::kIngresses, tr("Ingresses"),
            tr("No Ingresses here.\nAn Ingress leads requests from outside to Services; it needs a controller that you "
               "install.")},
           {bridge::kIngressClasses, tr("Ingress classes"),
            tr("No Ingress classes.\nA class names the controller that serves its Ingresses.")},
           {bridge::kNetworkPolicies, tr("Network policies"),
            tr("No network policies here.\nA policy says who may talk to its Pods.")}},
          true, parent) {
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &NetworkPage::refresh);
    for (const bridge::Resource* kind : {&bridge::kServices, &bridge::kEndpointSlices, &bridge::kPods})
        connect(&context.inventory.objects(*kind), &models::LiveObjects::changed, &m_soon, qOverload<>(&QTimer::start));
}

Workbench* NetworkPage::makeBench(const KindList& list) {
    if (list.resource != bridge::kServices) return KindPage::makeBench(list);
    m_picture = new views::EndpointsView(context().theme);
    m_services =
        new Workbench(context(), id(), list.resource, list.columns(context().inventory), m_picture, false, stack());
    connect(&m_services->table(), &ResourceTable::currentChanged, this, &NetworkPage::chooseService);
    return m_services;
}

void NetworkPage::open(const shell::Location& location) {
    KindPage::open(location);
    if (this->location().kind != kServices) return;
    chooseFirst();
    refresh();
}

QVector<shell::Crumb> NetworkPage::crumbs() const {
    QVector<shell::Crumb> crumbs = KindPage::crumbs();
    if (location().kind != kServices) return crumbs;
    crumbs.resize(2);
    const api::ObjectPtr service = context().inventory.objects(bridge::kServices).byUid(m_uid);
    if (service)
        crumbs.push_back(
            {models::toQString(service->metadata.namespace_ + " / " + service->metadata.name), location()});
    return crumbs;
}

void NetworkPage::setNamespace(const QString& name) {
    KindPage::setNamespace(name);
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
    if (m_services && !m_services->table().current() && m_services->table().proxy().rowCount() > 0)
        m_services->table().view().setCurrentIndex(m_services->table().proxy().index(0, 0));
}

void NetworkPage::refresh() {
    if (!m_services || !m_services->isVisible()) return;
    chooseFirst();
    const api::ObjectPtr object = context().inventory.objects(bridge::kServices).byUid(m_uid);
    const auto* service = object ? api::objectAs<corev1::Service>(*object) : nullptr;
    if (!service) {
        m_picture->setModel({});
        return;
    }
    std::vector<const discoveryv1::EndpointSlice*> slices;
    for (const auto& [uid, each] : context().inventory.objects(bridge::kEndpointSlices).all()) {
        const auto label = each->metadata.labels.find(kServiceName);
        const bool ours = label != each->metadata.labels.end() && label->second == service->metadata.name &&
                          each->metadata.namespace_ == service->metadata.namespace_;
        if (ours) slices.push_back(api::objectAs<discoveryv1::EndpointSlice>(*each));
    }
    std::vector<const corev1::Pod*> pods;
    for (const auto& [uid, each] : context().inventory.objects(bridge::kPods).all())
        if (each->metadata.namespace_ == service->metadata.namespace_)
            pods.push_back(api::objectAs<corev1::Pod>(*each));
    views::EndpointsModel model = models::buildEndpoints(*service, slices, pods, context().clock.now());
    m_picture->setModel(std::move(model));
}

}  // namespace qd::pages
