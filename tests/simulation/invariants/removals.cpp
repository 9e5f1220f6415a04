#include "tests/simulation/invariants/removals.h"

#include <fmt/format.h>

namespace qd::simulation {
namespace {

// Pods on a node that is away are waited for, and deletions are tried again with a back-off.
constexpr base::Duration kTakes = std::chrono::minutes(25);

}  // namespace

std::optional<std::string> RemovalsInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    const auto& key = commit.event.entry->key();
    const std::string what = key.resource + " " + key.path();
    if (commit.gone()) {
        m_going.erase(meta.uid);
    } else if (meta.deletionTimestamp) {
        m_going.try_emplace(meta.uid, what, commit.when);
    }
    if (key.resource == "namespaces") {
        if (!commit.gone()) {
            m_namespaces.insert(meta.name);
            return std::nullopt;
        }
        m_namespaces.erase(meta.name);
        const auto& inside = m_inside[meta.name];
        if (!inside.empty())
            return fmt::format("the namespace {} is gone, and {} is still in it", meta.name, *inside.begin());
    } else if (!meta.namespace_.empty()) {
        auto& inside = m_inside[meta.namespace_];
        if (commit.gone()) {
            inside.erase(what);
        } else {
            inside.insert(what);
        }
        if (commit.created() && !m_namespaces.contains(meta.namespace_))
            return fmt::format("{} is made in a namespace that is not there", what);
    }
    return std::nullopt;
}

std::optional<std::string> RemovalsInvariant::check(base::SteadyTime now) {
    for (const auto& [uid, going] : m_going) {
        if (now - going.second > kTakes) return fmt::format("{} has been going for too long", going.first);
    }
    return std::nullopt;
}

std::optional<std::string> RemovalsInvariant::restless() const {
    return m_going.empty() ? std::nullopt
                           : std::optional<std::string>(m_going.begin()->second.first + " is still going");
}

}  // namespace qd::simulation
