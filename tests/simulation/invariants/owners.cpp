#include "tests/simulation/invariants/owners.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

// A node that is away keeps its Pods; garbage is tried again with a back-off that grows while writes fail.
constexpr base::Duration kStays = std::chrono::minutes(25);

}  // namespace

void OwnersInvariant::judge(Known& known, base::SteadyTime when) {
    const bool orphan = !known.owners.empty() &&
                        std::ranges::all_of(known.owners, [this](const auto& owner) { return m_gone.contains(owner); });
    if (!orphan) known.orphanSince.reset();
    if (orphan && !known.orphanSince) known.orphanSince = when;
}

std::optional<std::string> OwnersInvariant::see(const Commit& commit) {
    const auto& meta = commit.object().metadata;
    if (commit.gone()) {
        m_owned.erase(meta.uid);
        m_gone.insert(meta.uid);
        for (auto& [uid, known] : m_owned) {
            if (std::ranges::find(known.owners, meta.uid) != known.owners.end()) judge(known, commit.when);
        }
        return std::nullopt;
    }
    if (meta.ownerReferences.empty() && !m_owned.contains(meta.uid)) return std::nullopt;
    Known& known = m_owned[meta.uid];
    known.name = commit.event.entry->key().resource + " " + commit.event.entry->key().path();
    known.owners.clear();
    for (const auto& owner : meta.ownerReferences) known.owners.push_back(owner.uid);
    judge(known, commit.when);
    return std::nullopt;
}

std::optional<std::string> OwnersInvariant::check(base::SteadyTime now) {
    for (const auto& [uid, known] : m_owned) {
        if (known.orphanSince && now - *known.orphanSince > kStays)
            return fmt::format("{} stays although its owners are gone", known.name);
    }
    return std::nullopt;
}

std::optional<std::string> OwnersInvariant::restless() const {
    for (const auto& [uid, known] : m_owned) {
        if (known.orphanSince) return fmt::format("{} is there although its owners are gone", known.name);
    }
    return std::nullopt;
}

}  // namespace qd::simulation
