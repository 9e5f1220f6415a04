// The past as events: what the log holds, with its objects.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cluster/store/entry.h"
#include "cluster/store/entry_set.h"
#include "cluster/store/log.h"

namespace qd::store {

// Thread-safe. Every function fails with Expired when compaction has dropped something that it asks for.
class History {
public:
    History(Log& log, std::shared_ptr<EntryContext> context) : m_log(log), m_context(std::move(context)) {}

    Result<Revision> oldest() const { return m_log.oldest(); }
    // At most filter.limit events after filter.after.
    Result<std::vector<EventPtr>> events(const LogFilter& filter) const;
    // As events(), but begins with the oldest that is kept instead of failing.
    Result<std::vector<EventPtr>> keptEvents(const LogFilter& filter) const;
    Result<std::vector<EventPtr>> eventsOf(const Key& key, const LogFilter& filter) const;
    // Null when there is none any more.
    Result<EventPtr> at(Revision revision) const;
    // What a resource held at `revision`, made of what it holds at `now`.
    Result<EntrySet> stateAt(std::string_view resource, EntrySet present, Revision now, Revision revision) const;

private:
    EventPtr eventOf(LogRow row) const;
    Result<std::vector<EventPtr>> eventsOf(std::vector<LogRow> rows) const;

    Log& m_log;
    const std::shared_ptr<EntryContext> m_context;
};

}  // namespace qd::store
