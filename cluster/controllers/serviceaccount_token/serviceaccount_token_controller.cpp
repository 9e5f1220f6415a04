#include "cluster/controllers/serviceaccount_token/serviceaccount_token_controller.h"

#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr char kType[] = "kubernetes.io/service-account-token";
constexpr char kNameAnnotation[] = "kubernetes.io/service-account.name";
constexpr char kUidAnnotation[] = "kubernetes.io/service-account.uid";

std::string annotationOf(const corev1::Secret& secret, const char* key) {
    const auto found = secret.metadata.annotations.find(key);
    return found == secret.metadata.annotations.end() ? std::string() : found->second;
}

bool isToken(const corev1::Secret& secret) { return secret.type == kType && !annotationOf(secret, kNameAnnotation).empty(); }

bool belongs(const corev1::Secret& secret, const corev1::ServiceAccount& account) {
    const std::string uid = annotationOf(secret, kUidAnnotation);
    return uid.empty() || uid == account.metadata.uid;
}

}  // namespace

ServiceAccountTokenController::ServiceAccountTokenController(Context& context, std::string rootCa, TokenMaker makeToken)
    : m_context(context),
      m_rootCa(std::move(rootCa)),
      m_makeToken(std::move(makeToken)),
      m_secrets(context.informers.informer(client::resourceOf<corev1::Secret>())),
      m_accounts(context.informers.informer(client::resourceOf<corev1::ServiceAccount>())) {
    m_secrets.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && isToken(static_cast<const corev1::Secret&>(*now))) m_context.keys.add(keyOf(*now), *now);
    });
    m_accounts.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const bool same = old && now && old->metadata.uid == now->metadata.uid;
        if (same) return;
        const api::Object& account = now ? *now : *old;
        for (const auto& secret : client::Lister<corev1::Secret>(m_secrets).list(account.metadata.namespace_)) {
            if (isToken(*secret) && annotationOf(*secret, kNameAnnotation) == account.metadata.name) m_context.keys.add(keyOf(*secret), account);
        }
    });
}

Result<Outcome> ServiceAccountTokenController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto secret = client::Lister<corev1::Secret>(m_secrets).get(ns, name);
    if (!secret || !isToken(*secret) || secret->metadata.deletionTimestamp) return Outcome{};
    const std::string accountName = annotationOf(*secret, kNameAnnotation);
    auto account = client::Lister<corev1::ServiceAccount>(m_accounts).get(ns, accountName);
    if (!account) {
        // Our copy may be older than the Secret.
        const auto newest = client::Api<corev1::ServiceAccount>(m_context.client).get(ns, accountName);
        if (!newest && newest.error().reason != Reason::NotFound) return fail(newest.error());
        if (newest) account = *newest;
    }
    if (account && belongs(*secret, *account)) return fill(*secret, *account);
    client::DeleteOptions options;
    options.uid = secret->metadata.uid;
    const auto removed = client::Api<corev1::Secret>(m_context.client).remove(ns, name, options);
    if (removed || removed.error().reason == Reason::NotFound || removed.error().reason == Reason::Conflict) return Outcome{};
    return fail(removed.error());
}

Result<Outcome> ServiceAccountTokenController::fill(const corev1::Secret& secret, const corev1::ServiceAccount& account) {
    corev1::Secret wanted = secret;
    wanted.data["ca.crt"].data = m_rootCa;
    wanted.data["namespace"].data = secret.metadata.namespace_;
    wanted.metadata.annotations[kUidAnnotation] = account.metadata.uid;
    if (wanted.data["token"].empty()) {
        auto token = m_makeToken(secret, account);
        if (!token) return fail(token.error().within("signing a token"));
        wanted.data["token"].data = std::move(*token);
    }
    if (wanted == secret) return Outcome{};
    const auto written = client::Api<corev1::Secret>(m_context.client).update(wanted, controllerWrite());
    if (written || written.error().reason == Reason::NotFound) return Outcome{};
    return fail(written.error());
}

}  // namespace qd::controllers
