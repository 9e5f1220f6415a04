// Objects as bytes: what clients send, and what they get, in every form the server speaks.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/kinds/kind.h"
#include "cluster/apiserver/http.h"
#include "cluster/apiserver/negotiation.h"
#include "cluster/store/entry.h"

namespace qd::apiserver {

struct Decoded {
    std::unique_ptr<api::Object> object;
    std::vector<std::string> warnings;  // fields that it does not have, when fieldValidation is Warn
};

// A body that must be an object of this kind (apiVersion and kind may be absent), defaulted.
// fieldValidation: "Ignore", "Warn" or "Strict".
Result<Decoded> decodeBody(const api::Kind& kind, std::string_view body, Encoding encoding, std::string_view fieldValidation);

// The same for the outcome of a patch.
Result<Decoded> decodeTree(const api::Kind& kind, const boost::json::value& tree, std::string_view fieldValidation);
boost::json::value treeOf(const api::Object& object);

// A whole response body of one object.
http::Buffers encodeObject(const api::Kind& kind, const api::ObjectPtr& object, const Wanted& wanted, base::WallTime now);
// The same bytes from an entry's cache.
http::Buffers encodeEntry(const api::Kind& kind, const store::EntryPtr& entry, const Wanted& wanted, base::WallTime now);

struct ListMeta {
    std::string resourceVersion;
    std::string continueToken;
    std::optional<std::int64_t> remaining;
};
http::Buffers encodeList(const api::Kind& kind, const std::vector<store::EntryPtr>& entries, const ListMeta& meta,
                         const Wanted& wanted, base::WallTime now);

// One event of a watch, framed as the encoding asks.
enum class WatchType : std::uint8_t { Added, Modified, Deleted, Bookmark, Error };
void appendWatchEvent(http::Buffers& out, WatchType type, const api::Kind& kind, const store::EntryPtr& entry,
                      const Wanted& wanted, base::WallTime now, bool withColumns);
// The same for a state that no entry holds: an object that no longer matches goes as it was, at the revision that changed it.
void appendWatchObject(http::Buffers& out, WatchType type, const api::Kind& kind, const api::ObjectPtr& object,
                       const Wanted& wanted, base::WallTime now);
void appendBookmark(http::Buffers& out, const api::Kind& kind, store::Revision revision, bool initialEventsEnd, const Wanted& wanted);
void appendWatchError(http::Buffers& out, const Error& error, const Wanted& wanted);

// Any JSON document (discovery, Status) in the wanted encoding.
Response document(int code, const boost::json::value& value, const Wanted& wanted);

}  // namespace qd::apiserver
