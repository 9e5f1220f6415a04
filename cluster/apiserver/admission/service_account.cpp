#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/plugins.h"
#include "cluster/apiserver/admission/secret_references.h"

namespace qd::apiserver {
namespace {

using AccountPtr = std::shared_ptr<const corev1::ServiceAccount>;

const std::string kDefault = "default";
const std::string kMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::string_view kVolumePrefix = "kube-api-access-";
// An hour and seven seconds: told from the hour that people ask for themselves.
constexpr std::int64_t kTokenSeconds = 3607;
constexpr const char* kEnforceSecrets = "kubernetes.io/enforce-mountable-secrets";

bool isMirror(const corev1::Pod& pod) {
    return pod.metadata.annotations.contains("kubernetes.io/config.mirror");
}

Result<AccountPtr> accountOf(const AdmissionRequest& request, const corev1::Pod& pod, const Reader& reader) {
    const std::string& name = pod.spec.serviceAccountName;
    if (name.empty())
        return fail(forbidden(
            request, fmt::format("no service account specified for pod {}/{}", request.namespace_, pod.metadata.name)));
    const std::string lookup = fmt::format("error looking up service account {}/{}", request.namespace_, name);
    const std::string shown = api::field::Shown(name).text();
    // Upstream asks its own server, whose paths have no room for these.
    for (const char* part : {"/", "%"}) {
        if (name.find(part) != std::string::npos)
            return fail(forbidden(
                request, fmt::format("{}: invalid resource name {}: [may not contain '{}']", lookup, shown, part)));
    }
    auto found = api::objectAs<corev1::ServiceAccount>(reader.get("serviceaccounts", request.namespace_, name));
    if (found) return found;
    if (name == kDefault && request.mayComeSoon) *request.mayComeSoon = true;
    return fail(forbidden(request, fmt::format("{}: serviceaccount {} not found", lookup, shown)));
}

corev1::Volume tokenVolume(std::string name) {
    corev1::Volume volume;
    volume.name = std::move(name);
    auto& projected = volume.projected.emplace();
    projected.defaultMode = 0644;
    auto& token = projected.sources.emplace_back().serviceAccountToken.emplace();
    token.path = "token";
    token.expirationSeconds = kTokenSeconds;
    auto& authority = projected.sources.emplace_back().configMap.emplace();
    authority.name = "kube-root-ca.crt";
    auto& item = authority.items.emplace_back();
    item.key = item.path = "ca.crt";
    auto& file = projected.sources.emplace_back().downwardAPI.emplace().items.emplace_back();
    file.path = "namespace";
    file.fieldRef.emplace().apiVersion = "v1";
    file.fieldRef->fieldPath = "metadata.namespace";
    return volume;
}

// Whoever mounts something there has decided for himself.
bool mountInto(std::vector<corev1::Container>& containers, const std::string& volume) {
    bool mounted = false;
    for (auto& container : containers) {
        auto& mounts = container.volumeMounts;
        if (std::any_of(mounts.begin(), mounts.end(),
                        [](const corev1::VolumeMount& mount) { return mount.mountPath == kMountPath; }))
            continue;
        corev1::VolumeMount& mount = mounts.emplace_back();
        mount.name = volume;
        mount.readOnly = true;
        mount.mountPath = kMountPath;
        mounted = true;
    }
    return mounted;
}

class ServiceAccountPlugin final : public AdmissionPlugin {
public:
    explicit ServiceAccountPlugin(base::Random& random) : m_random(random) {}
    const char* name() const override { return "ServiceAccount"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override;
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;

private:
    void mountToken(corev1::PodSpec& spec) const;

    base::Random& m_random;
};

void ServiceAccountPlugin::mountToken(corev1::PodSpec& spec) const {
    const auto given = std::find_if(spec.volumes.begin(), spec.volumes.end(), [](const corev1::Volume& volume) {
        return volume.name.starts_with(kVolumePrefix);
    });
    const bool exists = given != spec.volumes.end();
    const std::string name = exists ? given->name : std::string(kVolumePrefix) + m_random.nameSuffix();
    const bool initNeeds = mountInto(spec.initContainers, name);
    const bool needed = mountInto(spec.containers, name) || initNeeds;
    if (needed && !exists) spec.volumes.push_back(tokenVolume(name));
}

Result<void> ServiceAccountPlugin::mutate(AdmissionRequest& request, const Reader& reader) const {
    auto* pod = request.operation == Operation::Create ? itself<corev1::Pod>(request) : nullptr;
    if (!pod) return {};
    // The agent would not know a mirror Pod that was changed.
    if (isMirror(*pod)) return validate(request, reader);
    corev1::PodSpec& spec = pod->spec;
    if (spec.serviceAccountName.empty()) spec.serviceAccountName = kDefault;
    spec.serviceAccount = spec.serviceAccountName;
    const auto account = accountOf(request, *pod, reader);
    if (!account) return fail(account.error());
    const bool mounts =
        spec.automountServiceAccountToken.value_or((*account)->automountServiceAccountToken.value_or(true));
    if (mounts) mountToken(spec);
    if (spec.imagePullSecrets.empty()) spec.imagePullSecrets = (*account)->imagePullSecrets;
    return validate(request, reader);
}

Result<void> checkMirror(const AdmissionRequest& request, const corev1::Pod& pod) {
    if (!pod.spec.serviceAccountName.empty())
        return fail(forbidden(request, "a mirror pod may not reference service accounts"));
    if (namesSecrets(pod.spec)) return fail(forbidden(request, "a mirror pod may not reference secrets"));
    for (const auto& volume : pod.spec.volumes) {
        if (!volume.projected) continue;
        for (const auto& source : volume.projected->sources) {
            if (source.serviceAccountToken)
                return fail(forbidden(request, "a mirror pod may not use ServiceAccountToken volume projections"));
        }
    }
    return {};
}

// strconv.ParseBool
bool isTrue(const std::string& text) {
    return text == "1" || text == "t" || text == "T" || text == "true" || text == "TRUE" || text == "True";
}

Result<void> ServiceAccountPlugin::validate(const AdmissionRequest& request, const Reader& reader) const {
    const auto* pod =
        request.object ? api::objectAs<corev1::Pod>(static_cast<const api::Object&>(*request.object)) : nullptr;
    const bool addsEphemeral = request.operation == Operation::Update && request.subresource == "ephemeralcontainers";
    const bool creates = request.operation == Operation::Create && request.subresource.empty();
    if (!pod || (!creates && !addsEphemeral)) return {};
    if (creates && isMirror(*pod)) return checkMirror(request, *pod);
    const auto account = accountOf(request, *pod, reader);
    if (!account) return fail(account.error());
    const auto enforced = (*account)->metadata.annotations.find(kEnforceSecrets);
    if (enforced == (*account)->metadata.annotations.end() || !isTrue(enforced->second)) return {};
    const std::string wrong =
        addsEphemeral ? foreignEphemeralSecret(pod->spec, **account) : foreignSecret(pod->spec, **account);
    if (wrong.empty()) return {};
    return fail(forbidden(request, wrong));
}

}  // namespace

std::unique_ptr<AdmissionPlugin> serviceAccount(base::Random& random) {
    return std::make_unique<ServiceAccountPlugin>(random);
}

}  // namespace qd::apiserver
