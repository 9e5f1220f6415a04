#include "vmnodes/agent/volumes/payload.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::agent::volumes {
namespace {

constexpr int kDefaultMode = 0644;
constexpr std::int64_t kDefaultTokenSeconds = 3600;

using Entries = std::map<std::string, std::string>;

// Puts the chosen keys, or all of them, into the payload. Source: https://kubernetes.io/docs/concepts/storage/volumes/.
Result<void> project(const Entries& entries, const std::vector<corev1::KeyToPath>& items, int mode, bool optional,
                     const char* what, Payload& payload) {
    if (items.empty()) {
        for (const auto& [key, value] : entries) payload[key] = {value, mode};
        return {};
    }
    for (const corev1::KeyToPath& item : items) {
        const auto found = entries.find(item.key);
        if (found == entries.end()) {
            if (optional) continue;
            return fail(Reason::NotFound, fmt::format("references non-existent {} key: {}", what, item.key));
        }
        payload[item.path] = {found->second, item.mode.value_or(mode)};
    }
    return {};
}

class Builder {
public:
    Builder(const corev1::Pod& pod, const api::downward::DownwardFacts& facts, ClusterAccess& cluster, base::WallTime now)
        : m_pod(pod), m_facts(facts), m_cluster(cluster), m_now(now) {}

    Result<void> configMap(const std::string& name, const std::vector<corev1::KeyToPath>& items, int mode,
                           bool optional) {
        const auto map = m_cluster.configMap(m_pod.metadata.namespace_, name);
        if (!map && optional && map.error().reason == Reason::NotFound) return {};
        if (!map) return fail(map.error());
        Entries entries((*map)->data.begin(), (*map)->data.end());
        for (const auto& [key, bytes] : (*map)->binaryData) entries[key] = bytes.data;
        return project(entries, items, mode, optional, "config", result.files);
    }

    Result<void> secret(const std::string& name, const std::vector<corev1::KeyToPath>& items, int mode, bool optional) {
        const auto secret = m_cluster.secret(m_pod.metadata.namespace_, name);
        if (!secret && optional && secret.error().reason == Reason::NotFound) return {};
        if (!secret) return fail(secret.error());
        Entries entries;
        for (const auto& [key, bytes] : (*secret)->data) entries[key] = bytes.data;
        return project(entries, items, mode, optional, "secret", result.files);
    }

    Result<void> downward(const std::vector<corev1::DownwardAPIVolumeFile>& items, int mode) {
        for (const corev1::DownwardAPIVolumeFile& item : items) {
            Result<std::string> value = std::string();
            if (item.fieldRef)
                value = api::downward::fieldValue(m_pod, item.fieldRef->fieldPath, m_facts);
            else if (item.resourceFieldRef && !m_pod.spec.containers.empty())
                value = api::downward::resourceValue(m_pod, m_pod.spec.containers.front(), *item.resourceFieldRef, m_facts);
            if (!value) return fail(value.error());
            result.files[item.path] = {*value, item.mode.value_or(mode)};
        }
        return {};
    }

    Result<void> token(const corev1::ServiceAccountTokenProjection& source, int mode) {
        const std::int64_t seconds = source.expirationSeconds.value_or(kDefaultTokenSeconds);
        const auto token = m_cluster.serviceAccountToken(m_pod, source.audience, seconds);
        if (!token) return fail(token.error().within("failed to fetch token"));
        // With an fsGroup the token is for that group, otherwise as the volume says.
        const bool forGroup = m_pod.spec.securityContext && m_pod.spec.securityContext->fsGroup.has_value();
        result.files[source.path] = {token->token, forGroup ? 0640 : mode};
        // Renewed when four fifths of its life are over, or after a day.
        const auto life = std::chrono::seconds(seconds);
        const auto refresh = std::min<base::WallTime>(token->expires - life / 5, m_now + std::chrono::hours(24));
        if (result.refreshAt == base::WallTime{} || refresh < result.refreshAt) result.refreshAt = refresh;
        return {};
    }

    Result<void> projected(const corev1::ProjectedVolumeSource& source) {
        const int mode = source.defaultMode.value_or(kDefaultMode);
        for (const corev1::VolumeProjection& one : source.sources) {
            Result<void> added;
            if (one.configMap)
                added =
                    configMap(one.configMap->name, one.configMap->items, mode, one.configMap->optional.value_or(false));
            else if (one.secret)
                added = secret(one.secret->name, one.secret->items, mode, one.secret->optional.value_or(false));
            else if (one.downwardAPI)
                added = downward(one.downwardAPI->items, mode);
            else if (one.serviceAccountToken)
                added = token(*one.serviceAccountToken, mode);
            else
                added = fail(Reason::BadRequest, "this node supports no such projected volume source");
            if (!added) return added;
        }
        return {};
    }

    PayloadResult result;

private:
    const corev1::Pod& m_pod;
    const api::downward::DownwardFacts& m_facts;
    ClusterAccess& m_cluster;
    base::WallTime m_now;
};

}  // namespace

bool isPayloadVolume(const corev1::Volume& volume) {
    return volume.configMap || volume.secret || volume.downwardAPI || volume.projected;
}

Result<PayloadResult> payloadOf(const corev1::Pod& pod, const corev1::Volume& volume, const api::downward::DownwardFacts& facts,
                                ClusterAccess& cluster, base::WallTime now) {
    Builder builder(pod, facts, cluster, now);
    Result<void> built;
    if (volume.configMap)
        built = builder.configMap(volume.configMap->name, volume.configMap->items,
                                  volume.configMap->defaultMode.value_or(kDefaultMode),
                                  volume.configMap->optional.value_or(false));
    else if (volume.secret)
        built =
            builder.secret(volume.secret->secretName, volume.secret->items,
                           volume.secret->defaultMode.value_or(kDefaultMode), volume.secret->optional.value_or(false));
    else if (volume.downwardAPI)
        built = builder.downward(volume.downwardAPI->items, volume.downwardAPI->defaultMode.value_or(kDefaultMode));
    else if (volume.projected)
        built = builder.projected(*volume.projected);
    if (!built) return fail(built.error());
    return std::move(builder.result);
}

}  // namespace qd::agent::volumes
