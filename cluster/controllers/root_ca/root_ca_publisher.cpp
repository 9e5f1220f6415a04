#include "cluster/controllers/root_ca/root_ca_publisher.h"

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kName[] = "kube-root-ca.crt";
constexpr char kKey[] = "ca.crt";
constexpr char kDescriptionAnnotation[] = "kubernetes.io/description";
// Part of the interface: kubectl describe shows it.
constexpr char kDescription[] =
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or "
    "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

}  // namespace

RootCaPublisher::RootCaPublisher(Context& context, std::string rootCa)
    : m_context(context),
      m_rootCa(std::move(rootCa)),
      m_namespaces(context.informers.informer(client::resourceOf<corev1::Namespace>())),
      m_configMaps(context.informers.informer(client::resourceOf<corev1::ConfigMap>())) {
    m_namespaces.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now) m_context.keys.add(now->metadata.name, *now);
    });
    m_configMaps.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const api::Object& map = now ? *now : *old;
        if (map.metadata.name == kName) m_context.keys.add(map.metadata.namespace_, map);
    });
}

Result<Outcome> RootCaPublisher::sync(const std::string& key) {
    const auto ns = client::Lister<corev1::Namespace>(m_namespaces).get("", key);
    if (!ns || ns->status.phase == corev1::NamespaceTerminating || ns->metadata.deletionTimestamp) return Outcome{};
    const auto current = client::Lister<corev1::ConfigMap>(m_configMaps).get(key, kName);
    corev1::ConfigMap wanted;
    if (current) wanted = *current;
    wanted.metadata.namespace_ = key;
    wanted.metadata.name = kName;
    wanted.data = {{kKey, m_rootCa}};
    wanted.metadata.annotations.try_emplace(kDescriptionAnnotation, kDescription);
    if (current && current->data == wanted.data && current->metadata.annotations == wanted.metadata.annotations) return Outcome{};
    client::Api<corev1::ConfigMap> configMaps(m_context.client);
    const auto written = current ? configMaps.update(wanted, controllerWrite()) : configMaps.create(wanted, controllerWrite());
    if (written || written.error().reason == Reason::AlreadyExists || written.error().reason == Reason::NotFound || isNamespaceTerminating(written.error())) return Outcome{};
    return fail(written.error());
}

}  // namespace qd::controllers
