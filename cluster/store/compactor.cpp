#include "cluster/store/compactor.h"

#include <algorithm>

namespace qd::store {
namespace {

constexpr Revision kLookAfterRevisions = 2048;
constexpr std::chrono::minutes kLookAfter{10};
// Revisions that one step drops.
constexpr Revision kStep = 512;

}  // namespace

Compactor::Compactor(Log& log, HistoryLimits limits, const base::Clock& clock)
    : m_log(log),
      m_limits(limits),
      m_clock(clock),
      m_lookedAtRevision(log.newestAtOpen()),
      m_lookedAt(clock.steady()) {}

bool Compactor::due(Revision newest) const {
    return m_target > m_log.oldestKnown() || timeToLook(newest);
}

Result<void> Compactor::step(Revision newest) {
    std::unique_lock working(m_working, std::try_to_lock);
    if (!working) return {};  // run() is at it
    const Revision oldest = m_log.oldestKnown();
    if (m_target <= oldest) return timeToLook(newest) ? look(newest) : Result<void>();
    auto done = m_log.compactTo(std::min(m_target.load(), oldest + kStep));
    if (!done) m_target = 0;  // not again before the next look
    return done;
}

Result<void> Compactor::run(Revision newest) {
    std::lock_guard working(m_working);
    while (true) {
        if (auto looked = look(newest); !looked) return looked;
        if (m_target <= m_log.oldestKnown()) return {};
        if (auto done = m_log.compactTo(m_target); !done) return done;
    }
}

bool Compactor::timeToLook(Revision newest) const {
    return newest - m_lookedAtRevision >= kLookAfterRevisions || m_clock.steady() - m_lookedAt.load() >= kLookAfter;
}

Result<void> Compactor::look(Revision newest) {
    m_lookedAtRevision = newest;
    m_lookedAt = m_clock.steady();
    const Result<Revision> found = target(newest, m_log.oldestKnown());
    if (!found) return fail(found.error());
    m_target = *found;
    return {};
}

Result<Revision> Compactor::target(Revision newest, Revision oldest) const {
    const Revision last = newest - m_limits.minimumRevisions;
    if (last <= oldest) return oldest;
    const Result<Revision> old = m_log.revisionAt(m_clock.now() - m_limits.age, newest);
    if (!old) return fail(old.error());
    const Result<std::int64_t> bytes = m_log.bytesInUse();
    if (!bytes) return fail(bytes.error());
    Revision target = std::max(oldest, *old);
    if (const auto limit = static_cast<std::int64_t>(m_limits.bytes); *bytes > limit) {
        // As if all revisions took the same space; looking again corrects it.
        const double excess = static_cast<double>(*bytes - limit) / static_cast<double>(*bytes);
        const auto share = static_cast<Revision>(excess * static_cast<double>(newest - oldest));
        target = std::max(target, oldest + std::max(share, kStep));
    }
    return std::min(target, last);
}

}  // namespace qd::store
