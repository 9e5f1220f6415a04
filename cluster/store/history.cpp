#include "cluster/store/history.h"

#include <utility>

#include "cluster/store/errors.h"

namespace qd::store {

Result<std::vector<EventPtr>> History::events(const LogFilter& filter) const {
    Result<std::vector<EventPtr>> events = keptEvents(filter);
    if (!events) return events;
    // Asked after reading: what compaction had dropped by then may be missing.
    const Result<Revision> oldest = m_log.oldest();
    if (!oldest) return fail(oldest.error());
    if (filter.after < *oldest) return fail(tooOldRevision(filter.after, *oldest));
    return events;
}

Result<std::vector<EventPtr>> History::keptEvents(const LogFilter& filter) const {
    Result<std::vector<LogRow>> rows = m_log.rows(filter);
    if (!rows) return fail(rows.error());
    return eventsOf(std::move(*rows));
}

Result<std::vector<EventPtr>> History::eventsOf(const Key& key, const LogFilter& filter) const {
    Result<std::vector<LogRow>> rows = m_log.chain(key, filter);
    if (!rows) return fail(rows.error());
    return eventsOf(std::move(*rows));
}

Result<EventPtr> History::at(Revision revision) const {
    LogFilter filter;
    filter.after = revision - 1;
    filter.upTo = revision;
    Result<std::vector<EventPtr>> events = keptEvents(filter);
    if (!events) return fail(events.error());
    return events->empty() ? nullptr : events->front();
}

Result<EntrySet> History::stateAt(std::string_view resource, EntrySet present, Revision now, Revision revision) const {
    Result<std::vector<LogUndo>> undos = m_log.undo(resource, revision, now);
    if (!undos) return fail(undos.error());
    const Result<Revision> oldest = m_log.oldest();
    if (!oldest) return fail(oldest.error());
    if (revision < *oldest) return fail(tooOldListRevision());
    for (LogUndo& undo : *undos) {
        if (undo.revision == 0) {
            present = present.without(undo.namespace_, undo.name);
            continue;
        }
        Entry::Origin origin{
            {std::string(resource), std::move(undo.namespace_), std::move(undo.name)}, undo.revision, undo.created};
        present = present.with(std::make_shared<const Entry>(m_context, std::move(origin), std::move(undo.value)));
    }
    return present;
}

EventPtr History::eventOf(LogRow row) const {
    auto event = std::make_shared<Event>();
    LogRecord& record = row.record;
    event->operation = record.operation;
    event->time = record.time;
    event->actor = std::move(record.actor);
    event->cause = record.cause;
    if (!row.previousValue.empty()) {
        Entry::Origin origin{record.key, row.previous, row.previousCreated};
        event->previous = std::make_shared<const Entry>(m_context, std::move(origin), std::move(row.previousValue));
    }
    const bool deletion = record.operation == Operation::Delete;
    Entry::Origin origin{std::move(record.key), record.revision, record.created, deletion};
    if (!deletion) {
        event->entry = std::make_shared<const Entry>(m_context, std::move(origin), std::move(record.value));
    } else if (event->previous) {
        event->entry = std::make_shared<const Entry>(m_context, std::move(origin), event->previous);
    } else {
        return nullptr;  // its object was compacted, and the deletion is about to be
    }
    return event;
}

Result<std::vector<EventPtr>> History::eventsOf(std::vector<LogRow> rows) const {
    std::vector<EventPtr> events;
    events.reserve(rows.size());
    for (LogRow& row : rows) {
        EventPtr event = eventOf(std::move(row));
        if (!event) continue;
        if (auto readable = event->entry->decode(); !readable) return fail(readable.error());
        if (event->previous) {
            if (auto readable = event->previous->decode(); !readable) return fail(readable.error());
        }
        events.push_back(std::move(event));
    }
    return events;
}

}  // namespace qd::store
