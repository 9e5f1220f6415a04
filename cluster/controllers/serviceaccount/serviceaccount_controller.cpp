#include "cluster/controllers/serviceaccount/serviceaccount_controller.h"

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kDefault[] = "default";

}  // namespace

ServiceAccountController::ServiceAccountController(Context& context)
    : m_context(context),
      m_namespaces(context.informers.informer(client::resourceOf<corev1::Namespace>())),
      m_accounts(context.informers.informer(client::resourceOf<corev1::ServiceAccount>())) {
    m_namespaces.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now) m_context.keys.add(now->metadata.name, *now);
    });
    m_accounts.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        if (!now && old->metadata.name == kDefault) m_context.keys.add(old->metadata.namespace_, *old);
    });
}

Result<Outcome> ServiceAccountController::sync(const std::string& key) {
    const auto ns = client::Lister<corev1::Namespace>(m_namespaces).get("", key);
    if (!ns || ns->status.phase == corev1::NamespaceTerminating || m_accounts.get(key, kDefault)) return Outcome{};
    corev1::ServiceAccount account;
    account.metadata.namespace_ = key;
    account.metadata.name = kDefault;
    const auto created = client::Api<corev1::ServiceAccount>(m_context.client).create(account, controllerWrite());
    if (created || created.error().reason == Reason::AlreadyExists || isNamespaceTerminating(created.error())) return Outcome{};
    return fail(created.error());
}

}  // namespace qd::controllers
