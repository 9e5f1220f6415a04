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
constexpr char kJoinGroup[] = "system:bootstrappers:quarterdeck:default-node-token";

template <typename T>
Result<void> ensure(client::Client& client, const T& object) {
    const auto made = client::Api<T>(client).create(object);
    if (made || made.error().reason == Reason::AlreadyExists) return {};
    return fail(made.error().within(fmt::format("{} {}", T::kDescriptor.kind->kind, object.metadata.name)));
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
    client::Api<corev1::ConfigMap> maps(client);
    corev1::ConfigMap wanted;
    wanted.metadata.namespace_ = kPublic;
    wanted.metadata.name = kClusterInfo;
    const auto present = maps.get(kPublic, kClusterInfo);
    if (!present && present.error().reason != Reason::NotFound) return fail(present.error().within(kClusterInfo));
    if (present) wanted = **present;
    wanted.data["kubeconfig"] = kubeconfigOf(serverUrl, authorityPem);
    if (present && wanted.data == (*present)->data) return {};
    const auto written = present ? maps.update(wanted) : maps.create(wanted);
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
    client::Api<corev1::Secret> secrets(client);
    corev1::Secret wanted;
    wanted.metadata.namespace_ = api::kBootstrapTokenNamespace;
    wanted.metadata.name = api::kBootstrapTokenPrefix + token.id;
    wanted.type = api::kBootstrapTokenType;
    const auto present = secrets.get(wanted.metadata.namespace_, wanted.metadata.name);
    if (!present && present.error().reason != Reason::NotFound) return fail(present.error().within("the bootstrap token"));
    if (present) wanted = **present;
    const std::pair<const char*, std::string> entries[] = {
        {"description", "Lets the cluster's own nodes join."},
        {"token-id", token.id},
        {"token-secret", token.secret},
        {"expiration", api::Time(until).toString()},
        {"usage-bootstrap-authentication", "true"},
        {"usage-bootstrap-signing", "true"},
        {"auth-extra-groups", kJoinGroup},
    };
    for (const auto& [key, value] : entries) wanted.data[key].data = value;
    const auto written = present ? secrets.update(wanted) : secrets.create(wanted);
    if (!written) return fail(written.error().within("the bootstrap token"));
    return {};
}

}  // namespace qd::control_plane
