#include "cluster/apiserver/auth/node_authorizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/meta/selectors.h"
#include "cluster/apiserver/auth/node_identity.h"
#include "cluster/apiserver/auth/rbac_rules.h"

namespace qd::apiserver {
namespace {

constexpr const char* kLeaseNamespace = "kube-node-lease";

const Verdict kAllowed{Decision::Allow, ""};

Verdict refused(std::string why = {}) { return {Decision::NoOpinion, std::move(why)}; }

bool isOneOf(std::string_view verb, std::initializer_list<std::string_view> verbs) {
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// Whether only objects of this node are asked for.
bool selectsNode(const AuthorizationAttributes& asked, const std::string& node) {
    const auto selector = api::FieldSelector::parse(asked.fieldSelector);
    const std::string* wanted = selector ? selector->required("spec.nodeName") : nullptr;
    return wanted && *wanted == node;
}

// The node's own object of a kind that has one a node. Creations are NodeRestriction's to check: the name is in the body.
Verdict ownLease(const std::string& node, const AuthorizationAttributes& asked) {
    if (!isOneOf(asked.verb, {"get", "create", "update", "patch", "delete"})) {
        return refused("can only get, create, update, patch, or delete a node lease");
    }
    if (asked.namespace_ != kLeaseNamespace) {
        return refused(fmt::format("can only access leases in the \"{}\" system namespace", kLeaseNamespace));
    }
    if (asked.verb != "create" && asked.name != node) {
        return refused("can only access node lease with the same name as the requesting node");
    }
    return kAllowed;
}

Verdict ownCsiNode(const std::string& node, const AuthorizationAttributes& asked) {
    if (!isOneOf(asked.verb, {"get", "create", "update", "patch", "delete"})) {
        return refused("can only get, create, update, patch, or delete a CSINode");
    }
    if (!asked.subresource.empty()) return refused("cannot authorize CSINode subresources");
    if (asked.verb != "create" && asked.name != node) {
        return refused("can only access CSINode with the same name as the requesting node");
    }
    return kAllowed;
}

Verdict ownNode(const std::string& node, const AuthorizationAttributes& asked) {
    if (asked.subresource == "status") return isOneOf(asked.verb, {"update", "patch"}) ? kAllowed : refused();
    if (!asked.subresource.empty()) return refused();
    if (isOneOf(asked.verb, {"create", "update", "patch"})) return kAllowed;
    if (!isOneOf(asked.verb, {"get", "list", "watch"})) return refused();
    if (asked.name == node) return kAllowed;
    if (asked.name.empty()) return refused(fmt::format("node '{}' cannot read all nodes, only its own Node object", node));
    return refused(fmt::format("node '{}' cannot read '{}', only its own Node object", node, asked.name));
}

}  // namespace

Verdict NodeAuthorizer::authorize(const AuthorizationAttributes& asked) const {
    const auto identity = nodeIdentity(*asked.user);
    if (!identity.isNode) return refused();
    const std::string& node = identity.name;
    if (node.empty()) return refused(fmt::format("unknown node for user \"{}\"", asked.user->name));
    if (!asked.isResource) return byRules(asked);
    const std::string& resource = asked.resource;
    if (asked.group.empty()) {
        if (resource == "secrets") return readObject(node, NodeObject::Secret, asked);
        if (resource == "configmaps") return readObject(node, NodeObject::ConfigMap, asked);
        if (resource == "persistentvolumeclaims") return claim(node, asked);
        if (resource == "persistentvolumes") return getObject(node, NodeObject::Volume, asked);
        if (resource == "serviceaccounts") return serviceAccount(node, asked);
        if (resource == "nodes") return ownNode(node, asked);
        if (resource == "pods") return pod(node, asked);
    }
    if (asked.group == "coordination.k8s.io" && resource == "leases") return ownLease(node, asked);
    if (asked.group == "storage.k8s.io" && resource == "csinodes") return ownCsiNode(node, asked);
    if (asked.group == "storage.k8s.io" && resource == "volumeattachments") return getObject(node, NodeObject::Attachment, asked);
    if (asked.group == "resource.k8s.io" && resource == "resourceclaims") return getObject(node, NodeObject::ResourceClaim, asked);
    if (asked.group == "resource.k8s.io" && resource == "resourceslices") return slice(node, asked);
    return byRules(asked);
}

Verdict NodeAuthorizer::byRules(const AuthorizationAttributes& asked) const {
    const bool allowed = std::any_of(m_rules.begin(), m_rules.end(), [&](const auto& rule) { return ruleAllows(rule, asked); });
    return allowed ? kAllowed : refused();
}

Verdict NodeAuthorizer::related(const std::string& node, NodeObject kind, const AuthorizationAttributes& asked) const {
    if (asked.name.empty()) return refused("No Object name found");
    if (m_graph.leadsTo(node, kind, asked.namespace_, asked.name)) return kAllowed;
    return refused(fmt::format("no relationship found between node '{}' and this object", node));
}

Verdict NodeAuthorizer::readObject(const std::string& node, NodeObject kind, const AuthorizationAttributes& asked) const {
    if (!isOneOf(asked.verb, {"get", "list", "watch"})) return refused("can only read resources of this type");
    if (!asked.subresource.empty()) return refused("cannot read subresource");
    if (asked.namespace_.empty()) return refused("can only read namespaced object of this type");
    return related(node, kind, asked);
}

Verdict NodeAuthorizer::getObject(const std::string& node, NodeObject kind, const AuthorizationAttributes& asked) const {
    if (asked.verb != "get") return refused("can only get individual resources of this type");
    if (!asked.subresource.empty()) return refused("cannot get subresource");
    return related(node, kind, asked);
}

Verdict NodeAuthorizer::claim(const std::string& node, const AuthorizationAttributes& asked) const {
    if (asked.subresource != "status") return getObject(node, NodeObject::Claim, asked);
    if (!isOneOf(asked.verb, {"update", "patch"})) return refused("can only get/update/patch this type");
    return related(node, NodeObject::Claim, asked);
}

Verdict NodeAuthorizer::serviceAccount(const std::string& node, const AuthorizationAttributes& asked) const {
    if (asked.verb == "get" && asked.subresource.empty()) return readObject(node, NodeObject::ServiceAccount, asked);
    if (asked.verb != "create" || asked.name.empty()) return refused("can only create tokens for individual service accounts");
    if (asked.subresource != "token") return refused("can only create token subresource of serviceaccount");
    return related(node, NodeObject::ServiceAccount, asked);
}

Verdict NodeAuthorizer::slice(const std::string& node, const AuthorizationAttributes& asked) const {
    if (!asked.subresource.empty()) return refused("cannot authorize ResourceSlice subresources");
    if (asked.verb == "create") return kAllowed;
    if (isOneOf(asked.verb, {"get", "update", "patch", "delete"})) return related(node, NodeObject::Slice, asked);
    if (!isOneOf(asked.verb, {"watch", "list", "deletecollection"})) {
        return refused("only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection");
    }
    if (selectsNode(asked, node)) return kAllowed;
    return refused("can only list/watch/deletecollection resourceslices with nodeName field selector");
}

Verdict NodeAuthorizer::pod(const std::string& node, const AuthorizationAttributes& asked) const {
    if (asked.subresource == "status") return isOneOf(asked.verb, {"update", "patch"}) ? kAllowed : refused();
    if (asked.subresource == "eviction") return asked.verb == "create" ? kAllowed : refused();
    if (!asked.subresource.empty()) return refused();
    if (asked.verb == "get") return getObject(node, NodeObject::Pod, asked);
    if (isOneOf(asked.verb, {"create", "delete"})) return kAllowed;
    if (!isOneOf(asked.verb, {"list", "watch"})) return refused();
    if (selectsNode(asked, node)) return kAllowed;
    if (!asked.name.empty()) return related(node, NodeObject::Pod, asked);
    return refused("can only list/watch pods with spec.nodeName field selector");
}

}  // namespace qd::apiserver
