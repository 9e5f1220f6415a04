// Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/networking/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"
#include "cluster/api/types/networking_v1.h"

namespace qd::api {
namespace {

using networkingv1::NetworkPolicy;
using networkingv1::NetworkPolicySpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");

void setDefaults(Object& object) {
    auto& spec = as<NetworkPolicy>(object).spec;
    const auto setProtocols = [](auto& rules) {
        for (auto& rule : rules) {
            for (auto& port : rule.ports) {
                if (!port.protocol) port.protocol = "TCP";
            }
        }
    };
    setProtocols(spec.ingress);
    setProtocols(spec.egress);
    if (!spec.policyTypes.empty()) return;
    spec.policyTypes = {networkingv1::PolicyTypeIngress};
    if (!spec.egress.empty()) spec.policyTypes.emplace_back(networkingv1::PolicyTypeEgress);
}

field::Errors portErrors(const networkingv1::NetworkPolicyPort& port, const field::Path& path) {
    field::Errors errors;
    if (port.protocol)
        field::append(errors, choiceErrors(path.child("protocol"), *port.protocol, {"TCP", "UDP", "SCTP"}));
    const field::Path end = path.child("endPort");
    if (!port.port) {
        if (port.endPort)
            errors.push_back(field::invalid(end, *port.endPort, "may not be specified when `port` is not specified"));
        return errors;
    }
    if (port.port->isString && port.endPort)
        errors.push_back(field::invalid(end, *port.endPort, "may not be specified when `port` is non-numeric"));
    field::append(errors, api::portErrors(path.child("port"), *port.port));
    if (port.port->isString || !port.endPort) return errors;
    if (*port.endPort < port.port->number)
        errors.push_back(field::invalid(end, *port.endPort, "must be greater than or equal to `port`"));
    field::append(errors, portNumberErrors(end, *port.endPort));
    return errors;
}

field::Errors blockErrors(const networkingv1::IPBlock& block, const std::vector<std::string>& stored,
                          const field::Path& path) {
    if (block.cidr.empty()) return {field::required(path.child("cidr"))};
    field::Errors errors = networkErrors(path.child("cidr"), block.cidr, stored);
    const auto network = IpNetwork::parse(block.cidr);
    if (!network) return errors;
    for (std::size_t i = 0; i < block.except.size(); ++i) {
        const field::Path at = path.child("except").index(i);
        field::append(errors, networkErrors(at, block.except[i], stored));
        const auto part = IpNetwork::parse(block.except[i]);
        if (!part) continue;
        const bool within = network->contains(part->first()) && network->prefix < part->prefix;
        if (!within) errors.push_back(field::invalid(at, block.except[i], "must be a strict subset of `cidr`"));
    }
    return errors;
}

field::Errors peerErrors(const networkingv1::NetworkPolicyPeer& peer, const std::vector<std::string>& stored,
                         const field::Path& path) {
    field::Errors errors = validateLabelSelector(peer.podSelector.get(), path.child("podSelector"));
    field::append(errors, validateLabelSelector(peer.namespaceSelector.get(), path.child("namespaceSelector")));
    if (peer.ipBlock) field::append(errors, blockErrors(*peer.ipBlock, stored, path.child("ipBlock")));
    const bool selects = peer.podSelector || peer.namespaceSelector;
    if (!selects && !peer.ipBlock) errors.push_back(field::required(path, "must specify a peer"));
    if (selects && peer.ipBlock)
        errors.push_back(field::forbidden(path, "may not specify both ipBlock and another peer"));
    return errors;
}

template <typename Rule>
field::Errors rulesErrors(const std::vector<Rule>& rules, std::vector<networkingv1::NetworkPolicyPeer> Rule::* peers,
                          const char* peersName, const std::vector<std::string>& stored, const field::Path& path) {
    field::Errors errors;
    for (std::size_t r = 0; r < rules.size(); ++r) {
        const auto& ports = rules[r].ports;
        for (std::size_t i = 0; i < ports.size(); ++i)
            field::append(errors, portErrors(ports[i], path.index(r).child("ports").index(i)));
        const auto& others = rules[r].*peers;
        for (std::size_t i = 0; i < others.size(); ++i)
            field::append(errors, peerErrors(others[i], stored, path.index(r).child(peersName).index(i)));
    }
    return errors;
}

// stored: the networks that the stored policy has already, which need not be proper.
field::Errors specErrors(const NetworkPolicySpec& spec, const std::vector<std::string>& stored) {
    field::Errors errors = validateLabelSelector(&spec.podSelector, kSpec.child("podSelector"));
    field::append(errors, rulesErrors(spec.ingress, &networkingv1::NetworkPolicyIngressRule::from, "from", stored,
                                      kSpec.child("ingress")));
    field::append(errors, rulesErrors(spec.egress, &networkingv1::NetworkPolicyEgressRule::to, "to", stored,
                                      kSpec.child("egress")));
    const field::Path types = kSpec.child("policyTypes");
    if (spec.policyTypes.size() > 2) {
        errors.push_back(
            field::invalid(types, shownStrings(spec.policyTypes), "may not specify more than two policyTypes"));
        return errors;
    }
    for (std::size_t i = 0; i < spec.policyTypes.size(); ++i)
        field::append(errors, choiceErrors(types.index(i), spec.policyTypes[i], {"Ingress", "Egress"}));
    return errors;
}

// Calls with each network in the policy and its path.
template <typename Visit>
void visitNetworks(const NetworkPolicySpec& spec, Visit visit) {
    const auto visitPeers = [&](const auto& peers, const field::Path& path) {
        for (std::size_t i = 0; i < peers.size(); ++i) {
            if (!peers[i].ipBlock) continue;
            const field::Path block = path.index(i).child("ipBlock");
            visit(peers[i].ipBlock->cidr, block.child("cidr"));
            for (std::size_t e = 0; e < peers[i].ipBlock->except.size(); ++e)
                visit(peers[i].ipBlock->except[e], block.child("except").index(e));
        }
    };
    for (std::size_t i = 0; i < spec.ingress.size(); ++i)
        visitPeers(spec.ingress[i].from, kSpec.child("ingress").index(i).child("from"));
    for (std::size_t i = 0; i < spec.egress.size(); ++i)
        visitPeers(spec.egress[i].to, kSpec.child("egress").index(i).child("to"));
}

field::Errors changeErrors(const Object& now, const Object& old) {
    std::vector<std::string> stored;
    visitNetworks(as<NetworkPolicy>(old).spec,
                  [&](const std::string& network, const field::Path&) { stored.push_back(network); });
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
    field::append(errors, specErrors(as<NetworkPolicy>(now).spec, stored));
    return errors;
}

}  // namespace

Kind networkPolicyKind() {
    Kind kind = plainKind("networking.k8s.io", "v1", "NetworkPolicy");
    kind.shortNames = {"netpol"};
    kind.defaults = setDefaults;
    countGenerations(kind);
    validateCreate(kind, [](const Object& object) {
        field::Errors errors = validateObjectMeta(object.metadata, true, nullptr, kMetadata);
        field::append(errors, specErrors(as<NetworkPolicy>(object).spec, {}));
        return errors;
    });
    validateUpdate(kind, changeErrors);
    kind.warnings = [](const Object& object, const Object*) {
        std::vector<std::string> warnings;
        visitNetworks(as<NetworkPolicy>(object).spec, [&](const std::string& network, const field::Path& path) {
            for (auto& warning : networkWarnings(path, network)) warnings.push_back(std::move(warning));
        });
        return warnings;
    };
    kind.update.warnings = kind.warnings;
    kind.columns = {nameColumn(), fieldColumn<NetworkPolicySpec>("Pod-Selector", "string", "podSelector"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, selectorText(&as<NetworkPolicy>(object).spec.podSelector),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
