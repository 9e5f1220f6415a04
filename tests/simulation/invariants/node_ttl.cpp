#include "tests/simulation/invariants/node_ttl.h"

#include <fmt/format.h>

namespace qd::simulation {
namespace {

constexpr std::size_t kMostWithout = 100;
constexpr std::size_t kFewestWith = 90;

}  // namespace

bool NodeTtlInvariant::isRight(const std::string& says) const {
    if (says == "0") return m_nodes.size() <= kMostWithout;
    return says == "15" && m_nodes.size() >= kFewestWith;
}

std::optional<std::string> NodeTtlInvariant::see(const Commit& commit) {
    const auto* node = api::objectAs<corev1::Node>(commit.object());
    if (!node) return std::nullopt;
    if (commit.gone()) {
        m_nodes.erase(node->metadata.name);
    } else {
        const auto& annotations = node->metadata.annotations;
        const auto found = annotations.find("node.alpha.kubernetes.io/ttl");
        m_nodes[node->metadata.name].says = found == annotations.end() ? "" : found->second;
    }
    for (auto& [name, state] : m_nodes) {
        const bool right = isRight(state.says);
        if (right) state.wrongSince.reset();
        if (!right && !state.wrongSince) state.wrongSince = commit.when;
    }
    return std::nullopt;
}

std::optional<std::string> NodeTtlInvariant::check(base::SteadyTime now) {
    for (const auto& [name, state] : m_nodes) {
        if (state.wrongSince && now - *state.wrongSince > kLate)
            return fmt::format("for too long {} says \"{}\" while there are {} nodes", name, state.says,
                               m_nodes.size());
    }
    return std::nullopt;
}

std::optional<std::string> NodeTtlInvariant::restless() const {
    for (const auto& [name, state] : m_nodes) {
        if (!isRight(state.says) || state.says != m_nodes.begin()->second.says)
            return fmt::format("{} says \"{}\", {} says \"{}\" while there are {} nodes", name, state.says,
                               m_nodes.begin()->first, m_nodes.begin()->second.says, m_nodes.size());
    }
    return std::nullopt;
}

}  // namespace qd::simulation
