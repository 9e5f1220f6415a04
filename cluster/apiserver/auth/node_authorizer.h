// What a node may do: the rules of the role system:node, narrowed to the node's own objects and to what its Pods need.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/node/. Which contents a node may write is the business of the
// admission plugin NodeRestriction.
#pragma once

#include <vector>

#include "cluster/api/types/rbac_v1.h"
#include "cluster/apiserver/auth/authorizer.h"
#include "cluster/apiserver/auth/node_graph.h"

namespace qd::apiserver {

class NodeAuthorizer final : public Authorizer {
public:
    // rules: those of system:node. The store outlives it.
    NodeAuthorizer(store::Store& store, std::vector<rbacv1::PolicyRule> rules) : m_graph(store), m_rules(std::move(rules)) {}
    // No opinion about who is no node.
    Verdict authorize(const AuthorizationAttributes& asked) const override;

private:
    Verdict related(const std::string& node, NodeObject kind, const AuthorizationAttributes& asked) const;
    Verdict readObject(const std::string& node, NodeObject kind, const AuthorizationAttributes& asked) const;
    Verdict getObject(const std::string& node, NodeObject kind, const AuthorizationAttributes& asked) const;
    Verdict serviceAccount(const std::string& node, const AuthorizationAttributes& asked) const;
    Verdict claim(const std::string& node, const AuthorizationAttributes& asked) const;
    Verdict slice(const std::string& node, const AuthorizationAttributes& asked) const;
    Verdict pod(const std::string& node, const AuthorizationAttributes& asked) const;
    Verdict byRules(const AuthorizationAttributes& asked) const;

    NodeGraph m_graph;
    std::vector<rbacv1::PolicyRule> m_rules;
};

}  // namespace qd::apiserver
