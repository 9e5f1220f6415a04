// A write, and what becomes of it.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "cluster/api/object.h"
#include "cluster/store/ticket.h"
#include "cluster/store/types.h"

namespace qd::store {

enum class CommitMode : std::uint8_t { WriterThread, Inline };

// A write, with what must be true for it to happen. A Create needs that there is no object, the others that there is
// one.
struct Write {
    Operation operation = Operation::Create;
    Key key;
    std::unique_ptr<api::Object> object;  // null for Delete; its resourceVersion is set by the store
    std::optional<Revision> expectedRevision = std::nullopt;
    std::optional<std::string> expectedUid = std::nullopt;
    std::string actor = {};
    Revision cause = 0;
};

struct Submitted {
    EntryPtr entry;  // of a Delete the last state, at the deletion's revision
    Revision revision = 0;
    Ticket ticket;
    bool unchanged = false;  // an Update equal to what is there: not written; entry and revision are the present ones
};

// Why a write was not taken.
struct Rejected {
    enum class Why : std::uint8_t {
        Exists,           // AlreadyExists
        Missing,          // NotFound
        RevisionDiffers,  // Conflict
        UidDiffers,       // Conflict
        Unavailable,      // the store takes no writes, or the object there is unreadable: see error
    };
    Why why = Why::Unavailable;
    EntryPtr current;  // the newest state, committed or not; null when there is none
    Error error;       // plain words; the API server words the first four itself, as upstream does
};
using SubmitResult = std::expected<Submitted, Rejected>;

// The newest state of an object for a read-modify-write. When a handler answers from it without writing, the answer has
// to wait for the ticket.
struct Latest {
    EntryPtr entry;  // null when there is none (or it is being deleted)
    Ticket ticket;
};

}  // namespace qd::store
