// Roles and bindings as JSON texts.
#pragma once

#include <string>

namespace qd::tests {

inline std::string metadata(const std::string& ns, const std::string& name) {
    return "\"metadata\":{\"name\":\"" + name + "\"" + (ns.empty() ? "" : ",\"namespace\":\"" + ns + "\"") + "}";
}

// A ClusterRole, or in a namespace a Role. rules: JSON objects, separated by commas.
inline std::string roleText(const std::string& ns, const std::string& name, const std::string& rules) {
    return std::string("{\"kind\":\"") + (ns.empty() ? "Cluster" : "") + "Role\",\"apiVersion\":\"rbac.authorization.k8s.io/v1\"," + metadata(ns, name) + ",\"rules\":[" + rules + "]}";
}

// Gives a user a role; roleKind: ClusterRole or Role.
inline std::string bindingText(const std::string& ns, const std::string& name, const std::string& roleKind, const std::string& role, const std::string& user) {
    return std::string("{\"kind\":\"") + (ns.empty() ? "Cluster" : "") + "RoleBinding\",\"apiVersion\":\"rbac.authorization.k8s.io/v1\"," + metadata(ns, name) +
           ",\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"" + roleKind + "\",\"name\":\"" + role +
           "\"},\"subjects\":[{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"User\",\"name\":\"" + user + "\"}]}";
}

}  // namespace qd::tests
