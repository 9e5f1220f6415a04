#include "cluster/controllers/bootstrap/token_cleaner_controller.h"

#include "cluster/api/kinds/core/bootstrap_token.h"

namespace qd::controllers {

TokenCleanerController::TokenCleanerController(Context& context)
    : m_context(context), m_secrets(context.informers.informer(client::resourceOf<corev1::Secret>())) {
    m_secrets.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (now && api::holdsBootstrapToken(*client::as<corev1::Secret>(now))) m_context.keys.add(keyOf(*now), *now);
    });
}

Result<Outcome> TokenCleanerController::sync(const std::string& key) {
    const auto [ns, name] = splitKey(key);
    const auto secret = client::Lister<corev1::Secret>(m_secrets).get(ns, name);
    if (!secret || !api::holdsBootstrapToken(*secret) || secret->metadata.deletionTimestamp) return Outcome{};
    const auto end = api::bootstrapTokenEnd(*secret);
    if (!end) return Outcome{};
    const base::Duration left = *end - m_context.executor.clock().now();
    if (left > base::Duration(0)) return Outcome{left};
    client::DeleteOptions options;
    options.uid = secret->metadata.uid;
    const auto gone = client::Api<corev1::Secret>(m_context.client).remove(ns, name, options);
    if (gone || gone.error().reason == Reason::NotFound || gone.error().reason == Reason::Conflict) return Outcome{};
    return fail(gone.error());
}

}  // namespace qd::controllers
