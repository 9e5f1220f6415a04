#include "app/cluster/manifest.h"

#include <fmt/format.h>

#include "app/cluster/coredns_manifest.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/api/kinds/kind.h"

namespace qd::cluster {
namespace {

constexpr const char* kFieldManager = "quarterdeck-cluster";
constexpr const char* kDnsImage = "quarterdeck.dev/coredns:v1.14.7";

std::string textAt(const boost::json::value& tree, std::initializer_list<std::string_view> path) {
    const boost::json::value* at = &tree;
    for (const std::string_view key : path) {
        if (!at->is_object()) return {};
        at = at->get_object().if_contains(key);
        if (at == nullptr) return {};
    }
    return at->is_string() ? std::string(at->get_string()) : std::string();
}

Result<void> applyDocument(client::Client& client, const boost::json::value& tree) {
    const std::string apiVersion = textAt(tree, {"apiVersion"});
    const std::string kindName = textAt(tree, {"kind"});
    const std::string name = textAt(tree, {"metadata", "name"});
    const auto slash = apiVersion.find('/');
    const std::string group = slash == apiVersion.npos ? "" : apiVersion.substr(0, slash);
    const std::string version = apiVersion.substr(slash == apiVersion.npos ? 0 : slash + 1);
    const api::Kind* kind = api::builtinKind(group, version, kindName);
    if (kind == nullptr) return fail(Reason::NotFound, fmt::format("no kind {} in {}", kindName, apiVersion));
    client::PatchOptions options;
    options.fieldManager = kFieldManager;
    options.fieldValidation = "Strict";
    options.force = true;
    auto applied = client.patch({group, version, kind->plural}, textAt(tree, {"metadata", "namespace"}), name,
                                client::PatchKind::Apply, api::serializeJson(tree), options);
    if (!applied) return fail(applied.error().within(fmt::format("{} {}", kindName, name)));
    return {};
}

}  // namespace

Result<std::string> fillIn(std::string_view text, const std::vector<std::pair<std::string, std::string>>& values) {
    std::string out(text);
    for (const auto& [name, value] : values) {
        const std::string mark = "{{" + name + "}}";
        for (auto at = out.find(mark); at != out.npos; at = out.find(mark, at + value.size()))
            out.replace(at, mark.size(), value);
    }
    if (const auto open = out.find("{{"); open != out.npos)
        return fail(Reason::Invalid, "nothing is known for " + out.substr(open, out.find("}}", open) + 2 - open));
    return out;
}

Result<void> applyManifest(client::Client& client, std::string_view yaml) {
    const auto documents = api::parseYaml(yaml);
    if (!documents) return fail(documents.error());
    for (const api::YamlDocument& document : *documents)
        if (auto applied = applyDocument(client, document.tree); !applied) return applied;
    return {};
}

Result<std::string> dnsManifest(const std::string& dnsAddress, const std::string& clusterDomain) {
    std::string_view text = kCoreDnsManifest;
    text.remove_prefix(text.find('\n') + 1);  // the comment that names the placeholders
    return fillIn(text, {{"dnsAddress", dnsAddress}, {"clusterDomain", clusterDomain}, {"image", kDnsImage}});
}

std::string nodeAccessManifest() {
    return R"yaml(apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "quarterdeck:nodes"}
rules:
  - apiGroups: [""]
    resources: [nodes]
    verbs: [get, list, watch]
  - apiGroups: [discovery.k8s.io]
    resources: [endpointslices]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "quarterdeck:nodes"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "quarterdeck:nodes"}
subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:nodes"}
)yaml";
}

std::string apiEndpointManifest(const std::string& address, int port) {
    // Both forms, as kube-apiserver keeps them: the mirroring of Endpoints to slices would come too late for it.
    return fmt::format(R"yaml(apiVersion: v1
kind: Endpoints
metadata:
  name: kubernetes
  namespace: default
  labels:
    endpointslice.kubernetes.io/skip-mirror: "true"
subsets:
  - addresses:
      - ip: {0}
    ports:
      - name: https
        port: {1}
        protocol: TCP
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: kubernetes
  namespace: default
  labels:
    kubernetes.io/service-name: kubernetes
addressType: IPv4
endpoints:
  - addresses: [{0}]
    conditions:
      ready: true
ports:
  - name: https
    port: {1}
    protocol: TCP
)yaml",
                       address, port);
}

}  // namespace qd::cluster
