#include "cluster/control_plane/joining.h"

#include <fmt/format.h>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/rbac_v1.h"
#include "cluster/base/pki/random_text.h"
#include "cluster/base/pki/token.h"
#include "cluster/client/typed.h"

namespace qd::control_plane {
namespace {

constexpr char kGroup[] = "rbac.authorization.k8s.io";
constexpr char kPublic[] = "kube-public";
constexpr char kClusterInfo[] = "cluster-info";
constexpr char kReaderRole[] = "quarterdeck:cluster-info";
constexpr int kAttempts = 10;
constexpr char kJoinGroup[] = "system:bootstrappers:quarterdeck:default-node-token";

template <typename T>
Result<void> ensure(client::Client& client, const T& object) {
    const auto made = client::Api<T>(client).create(object);
    if (made || made.error().reason == Reason::AlreadyExists) return {};
    return fail(made.error().within(fmt::format("{} {}", T::kDescriptor.kind->kind, object.metadata.name)));
}

// Others write too: the signer puts its signatures into cluster-info, the cleaner deletes tokens that are over. What they
// did stays, and what is as wanted is not written.
template <typename T, typename Change>
Result<void> makeOrChange(client::Client& client, const T& fresh, const Change& change) {
    client::Api<T> objects(client);
    for (int attempt = 1;; ++attempt) {
        const auto present = objects.get(fresh.metadata.namespace_, fresh.metadata.name);
        if (!present && present.error().reason != Reason::NotFound) return fail(present.error());
        T wanted = present ? **present : fresh;
        change(wanted);
        if (present && wanted.data == (*present)->data) return {};
        const auto written = present ? objects.update(wanted) : objects.create(wanted);
        if (written) return {};
        const Reason why = written.error().reason;
        const bool outrun = why == Reason::Conflict || why == Reason::AlreadyExists || why == Reason::NotFound;
        if (!outrun || attempt == kAttempts) return fail(written.error());
    }
}

rbacv1::Subject subject(const char* kind, const char* name) {
    rbacv1::Subject subject;
    subject.kind = kind;
    subject.apiGroup = kGroup;
    subject.name = name;
    return subject;
}

Result<void> bindGroup(client::Client& client, const char* binding, const char* group, const char* role) {
    rbacv1::ClusterRoleBinding made;
    made.metadata.name = binding;
    made.roleRef.apiGroup = kGroup;
    made.roleRef.kind = "ClusterRole";
    made.roleRef.name = role;
    made.subjects = {subject("Group", group)};
    return ensure(client, made);
}

Result<void> letAnybodyRead(client::Client& client) {
    rbacv1::Role role;
    role.metadata.namespace_ = kPublic;
    role.metadata.name = kReaderRole;
    auto& rule = role.rules.emplace_back();
    rule.verbs = {"get"};
    rule.apiGroups = {""};
    rule.resources = {"configmaps"};
    rule.resourceNames = {kClusterInfo};
    if (auto made = ensure(client, role); !made) return made;
    rbacv1::RoleBinding binding;
    binding.metadata.namespace_ = kPublic;
    binding.metadata.name = kReaderRole;
    binding.roleRef.apiGroup = kGroup;
    binding.roleRef.kind = "Role";
    binding.roleRef.name = kReaderRole;
    binding.subjects = {subject("User", "system:anonymous")};
    return ensure(client, binding);
}

std::string kubeconfigOf(const std::string& serverUrl, const std::string& authorityPem) {
    return fmt::format(R"(apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {}
    server: {}
  name: ""
contexts: null
current-context: ""
kind: Config
preferences: {{}}
users: null
)",
                       pki::base64Encode(authorityPem), serverUrl);
}

}  // namespace

Result<void> ensureJoinRoles(client::Client& client) {
    if (auto made = letAnybodyRead(client); !made) return made;
    if (auto made =
            bindGroup(client, "create-csrs-for-bootstrapping", "system:bootstrappers", "system:node-bootstrapper");
        !made)
        return made;
    if (auto made = bindGroup(client, "auto-approve-csrs-for-group", "system:bootstrappers",
                              "system:certificates.k8s.io:certificatesigningrequests:nodeclient");
        !made)
        return made;
    return bindGroup(client, "auto-approve-renewals-for-nodes", "system:nodes",
                     "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient");
}

Result<void> publishClusterInfo(client::Client& client, const std::string& serverUrl, const std::string& authorityPem) {
    corev1::ConfigMap info;
    info.metadata.namespace_ = kPublic;
    info.metadata.name = kClusterInfo;
    const std::string kubeconfig = kubeconfigOf(serverUrl, authorityPem);
    auto written = makeOrChange(client, info, [&](corev1::ConfigMap& map) { map.data["kubeconfig"] = kubeconfig; });
    if (!written) return fail(written.error().within(kClusterInfo));
    return {};
}

Result<api::BootstrapToken> newBootstrapToken() {
    auto id = pki::randomText(api::kBootstrapTokenIdLength);
    if (!id) return fail(id.error().within("a bootstrap token"));
    auto secret = pki::randomText(api::kBootstrapTokenSecretLength);
    if (!secret) return fail(secret.error().within("a bootstrap token"));
    return api::BootstrapToken{std::move(*id), std::move(*secret)};
}

Result<void> admitBootstrapToken(client::Client& client, const api::BootstrapToken& token, base::WallTime until) {
    corev1::Secret secret;
    secret.metadata.namespace_ = api::kBootstrapTokenNamespace;
    secret.metadata.name = api::kBootstrapTokenPrefix + token.id;
    secret.type = api::kBootstrapTokenType;
    const std::pair<const char*, std::string> entries[] = {
        {"description", "Lets the cluster's own nodes join."},
        {"token-id", token.id},
        {"token-secret", token.secret},
        {"expiration", api::Time(until).toString()},
        {"usage-bootstrap-authentication", "true"},
        {"usage-bootstrap-signing", "true"},
        {"auth-extra-groups", kJoinGroup},
    };
    auto written = makeOrChange(client, secret, [&](corev1::Secret& present) {
        for (const auto& [key, value] : entries) present.data[key].data = value;
    });
    if (!written) return fail(written.error().within("the bootstrap token"));
    return {};
}

}  // namespace qd::control_plane
