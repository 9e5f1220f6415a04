#include "cluster/controllers/bootstrap/bootstrap_signer_controller.h"

#include "cluster/api/kinds/core/bootstrap_token.h"
#include "cluster/base/pki/detached_signature.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kNamespace[] = "kube-public";
constexpr char kName[] = "cluster-info";
constexpr char kContent[] = "kubeconfig";
constexpr char kSignaturePrefix[] = "jws-kubeconfig-";

bool isClusterInfo(const api::Object& map) { return map.metadata.namespace_ == kNamespace && map.metadata.name == kName; }

}  // namespace

api::Map<std::string> signedClusterInfo(const api::Map<std::string>& data, const std::vector<client::Ptr<corev1::Secret>>& secrets, base::WallTime now) {
    const auto content = data.find(kContent);
    if (content == data.end()) return data;
    api::Map<std::string> with = data;
    std::erase_if(with, [](const auto& entry) { return entry.first.starts_with(kSignaturePrefix); });
    for (const auto& secret : secrets) {
        if (!api::holdsBootstrapToken(*secret)) continue;
        if (const auto token = api::signingToken(*secret, now)) with[kSignaturePrefix + token->id] = pki::detachedSignature(content->second, token->id, token->secret);
    }
    return with;
}

BootstrapSignerController::BootstrapSignerController(Context& context)
    : m_context(context),
      m_configMaps(context.informers.informer(client::resourceOf<corev1::ConfigMap>())),
      m_secrets(context.informers.informer(client::resourceOf<corev1::Secret>())) {
    m_configMaps.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && isClusterInfo(*now)) m_context.keys.add(keyOf(*now), *now);
    });
    m_secrets.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const api::Object& secret = now ? *now : *old;
        if (api::holdsBootstrapToken(static_cast<const corev1::Secret&>(secret))) m_context.keys.add(std::string(kNamespace) + "/" + kName, secret);
    });
}

Result<Outcome> BootstrapSignerController::sync(const std::string&) {
    const auto info = client::Lister<corev1::ConfigMap>(m_configMaps).get(kNamespace, kName);
    if (!info) return Outcome{};
    const auto secrets = client::Lister<corev1::Secret>(m_secrets).list(api::kBootstrapTokenNamespace);
    corev1::ConfigMap wanted = *info;
    wanted.data = signedClusterInfo(info->data, secrets, m_context.executor.clock().now());
    if (wanted.data == info->data) return Outcome{};
    const auto written = client::Api<corev1::ConfigMap>(m_context.client).update(wanted, controllerWrite());
    if (written || written.error().reason == Reason::NotFound) return Outcome{};
    return fail(written.error());
}

}  // namespace qd::controllers
