#include "vmnodes/agent/access/api_cluster.h"

#include <fmt/format.h>

#include "cluster/api/types/authentication_v1.h"
#include "cluster/client/typed.h"

namespace qd::agent {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kRemember = 10s;
// After the server did not answer, what is remembered is used at once for this long: a restart must not wait for it.
constexpr base::Duration kAway = 15s;
constexpr int kConflictRetries = 3;

// What stands in the event's involvedObject.fieldPath, as kubelet writes it.
std::string fieldPath(const corev1::Pod& pod, const std::string& container) {
    if (container.empty()) return {};
    for (const corev1::Container& one : pod.spec.initContainers)
        if (one.name == container) return "spec.initContainers{" + container + "}";
    for (const corev1::EphemeralContainer& one : pod.spec.ephemeralContainers)
        if (one.name == container) return "spec.ephemeralContainers{" + container + "}";
    return "spec.containers{" + container + "}";
}

bool serverIsAway(const Error& error) {
    return error.reason == Reason::ServiceUnavailable || error.reason == Reason::Timeout ||
           error.reason == Reason::InternalError || error.reason == Reason::Unknown ||
           error.reason == Reason::TooManyRequests || error.reason == Reason::ServerTimeout;
}

}  // namespace

ApiCluster::ApiCluster(client::Client& client, base::Executor& executor, const client::Informer& services,
                       std::string nodeName)
    : m_client(client),
      m_clock(executor.clock()),
      m_services(services),
      m_recorder(client, executor, "kubelet", nodeName) {
    m_node.metadata.name = nodeName;
    m_node.metadata.uid = nodeName;  // kubelet's own events name the node by its name in both places
}

template <typename T>
Result<std::shared_ptr<const T>> ApiCluster::remembered(const std::string& ns, const std::string& name) {
    const std::string key = client::resourceOf<T>().resource + "/" + ns + "/" + name;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_objects.find(key);
        if (found != m_objects.end()) {
            const base::SteadyTime now = m_clock.steady();
            const bool fresh = now - found->second.read < kRemember;
            if (fresh && found->second.missing) return fail(*found->second.missing);
            if (found->second.object && (fresh || now < m_awayUntil)) return client::as<T>(found->second.object);
        }
    }
    auto read = m_client.get(client::resourceOf<T>(), ns, name);
    const std::lock_guard lock(m_mutex);
    if (!read && serverIsAway(read.error())) {
        m_awayUntil = m_clock.steady() + kAway;
        const auto found = m_objects.find(key);
        if (found != m_objects.end() && found->second.object) return client::as<T>(found->second.object);
        return fail(read.error());
    }
    Remembered& slot = m_objects[key];
    slot = {read ? *read : nullptr, read ? std::nullopt : std::optional<Error>(read.error()), m_clock.steady()};
    if (!read) return fail(read.error());
    return client::as<T>(*read);
}

Result<std::shared_ptr<const corev1::ConfigMap>> ApiCluster::configMap(const std::string& ns, const std::string& name) {
    return remembered<corev1::ConfigMap>(ns, name);
}

Result<std::shared_ptr<const corev1::Secret>> ApiCluster::secret(const std::string& ns, const std::string& name) {
    return remembered<corev1::Secret>(ns, name);
}

Result<std::vector<std::shared_ptr<const corev1::Service>>> ApiCluster::services() {
    if (!m_services.synced())
        return fail(Reason::ServiceUnavailable,
                    "services have not yet been read at least once, cannot construct envvars");
    return client::Lister<corev1::Service>(m_services).list();
}

Result<ServiceAccountToken> ApiCluster::serviceAccountToken(const corev1::Pod& pod, const std::string& audience,
                                                            std::int64_t expirationSeconds) {
    const std::string key = fmt::format("{}/{}/{}", pod.metadata.uid, audience, expirationSeconds);
    const base::WallTime now = m_clock.now();
    std::optional<ServiceAccountToken> present;
    {
        const std::lock_guard lock(m_mutex);
        std::erase_if(m_tokens, [&](const auto& entry) { return entry.second.expires <= now; });
        if (const auto found = m_tokens.find(key); found != m_tokens.end()) present = found->second;
    }
    const bool young = present && now < present->expires - std::chrono::seconds(expirationSeconds) / 5;
    if (young) return *present;
    authenticationv1::TokenRequest request;
    if (!audience.empty()) request.spec.audiences = {audience};
    request.spec.expirationSeconds = expirationSeconds;
    auto& bound = request.spec.boundObjectRef.emplace();
    bound.apiVersion = "v1";
    bound.kind = "Pod";
    bound.name = pod.metadata.name;
    bound.uid = pod.metadata.uid;
    const std::string account = pod.spec.serviceAccountName.empty() ? "default" : pod.spec.serviceAccountName;
    const auto answer = m_client.create(client::resourceOf<corev1::ServiceAccount>(), pod.metadata.namespace_, request,
                                        {}, account, "token");
    if (!answer) {
        if (present && serverIsAway(answer.error())) return *present;  // old, but still good
        return fail(answer.error());
    }
    const auto* issued = api::objectAs<authenticationv1::TokenRequest>(**answer);
    if (issued == nullptr)
        return fail(Reason::InternalError, "the API server answered a token request with something else");
    const ServiceAccountToken token{issued->status.token, issued->status.expirationTimestamp.wall()};
    const std::lock_guard lock(m_mutex);
    m_tokens[key] = token;
    return token;
}

Result<void> ApiCluster::updateStatus(const corev1::Pod& pod, const corev1::PodStatus& status) {
    client::Api<corev1::Pod> api(m_client);
    corev1::Pod changed = pod;
    for (int attempt = 0;; ++attempt) {
        changed.status = status;
        const auto written = api.updateStatus(changed);
        if (written) return {};
        if (written.error().reason != Reason::Conflict || attempt == kConflictRetries) return fail(written.error());
        const auto newest = api.get(pod.metadata.namespace_, pod.metadata.name);
        if (!newest) return fail(newest.error());
        if ((*newest)->metadata.uid != pod.metadata.uid) return fail(Reason::NotFound, "another Pod has that name now");
        changed = **newest;
    }
}

Result<void> ApiCluster::deletePod(const corev1::Pod& pod) {
    client::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.uid = pod.metadata.uid;
    return client::Api<corev1::Pod>(m_client).remove(pod.metadata.namespace_, pod.metadata.name, options);
}

void ApiCluster::podEvent(const corev1::Pod& pod, const std::string& container, bool warning, const std::string& reason,
                          const std::string& message) {
    m_recorder.event(pod, warning ? "Warning" : "Normal", reason, message, fieldPath(pod, container));
}

void ApiCluster::nodeEvent(bool warning, const std::string& reason, const std::string& message) {
    m_recorder.event(m_node, warning ? "Warning" : "Normal", reason, message);
}

}  // namespace qd::agent
