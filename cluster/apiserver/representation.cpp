#include "cluster/apiserver/representation.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/codec/json.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/table.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

// Formats under which an entry keeps its bytes; two served versions of one stored kind must not share one.
std::uint32_t formatOf(const api::Kind& kind, Encoding encoding) {
    return (kind.storedAs ? 100U : 0U) + static_cast<std::uint32_t>(encoding);
}

std::string typePrefix(const api::Kind& kind) {
    return fmt::format(R"({{"kind":"{}","apiVersion":"{}",)", kind.kind, kind.groupVersion());
}

// What follows the kind and apiVersion: items of a list are written without them.
std::string_view withoutType(const api::Kind& kind, const std::string& whole) {
    return std::string_view(whole).substr(typePrefix(kind).size());
}

http::Bytes wholeJson(const api::Kind& kind, const store::EntryPtr& entry) {
    return entry->encoded(formatOf(kind, Encoding::Json), [&](const api::Object& object) {
        if (!kind.fromStored) return api::encodeJson(object);
        return api::encodeJson(*kind.fromStored(object));
    });
}

std::string listMetaJson(const ListMeta& meta) {
    json::object object;
    if (!meta.resourceVersion.empty()) object["resourceVersion"] = meta.resourceVersion;
    if (!meta.continueToken.empty()) object["continue"] = meta.continueToken;
    if (meta.remaining) object["remainingItemCount"] = *meta.remaining;
    return json::serialize(object);
}

api::ObjectPtr objectOf(const api::Kind& kind, const store::EntryPtr& entry) {
    if (!kind.fromStored) return entry->object();
    return api::ObjectPtr(kind.fromStored(*entry->object()));
}

std::string cannotBeHandled(std::string_view given, std::string_view version, const api::Kind& kind, std::string_view why) {
    return fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", given, version, kind.kind, why);
}

// Strict errors as one message, or as warnings, or not at all.
Result<std::vector<std::string>> judgeStrict(const api::Kind& kind, std::vector<std::string> strict, std::string_view fieldValidation) {
    if (strict.empty() || fieldValidation == "Ignore") return std::vector<std::string>{};
    if (fieldValidation == "Strict") {
        return fail(Reason::BadRequest, cannotBeHandled(kind.kind, kind.version, kind, fmt::format("strict decoding error: {}", fmt::join(strict, ", "))));
    }
    return strict;
}

std::string shortened(std::string_view body) {
    if (body.empty()) return "<empty>";
    constexpr std::size_t kShown = 1024;
    return std::string(body.substr(0, kShown));
}

}  // namespace

Result<Decoded> decodeBody(const api::Kind& kind, std::string_view body, Encoding encoding, std::string_view fieldValidation) {
    (void)encoding;
    auto type = api::typeMetaOfJson(body);
    if (!type) {
        return fail(Reason::BadRequest, fmt::format("the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {} ({})",
                                                    kind.kind, type.error().message, shortened(body)));
    }
    const bool otherKind = !type->kind.empty() && type->kind != kind.kind;
    const bool otherVersion = !type->apiVersion.empty() && type->apiVersion != kind.groupVersion();
    if (otherKind || otherVersion) {
        const std::string given = type->kind.empty() ? kind.kind : type->kind;
        const std::string version = type->apiVersion.empty() ? kind.groupVersion() : type->apiVersion;
        if (!otherKind || !api::builtinKind(kind.group, kind.version, given)) {
            return fail(Reason::BadRequest, cannotBeHandled(given, version, kind,
                                                            fmt::format("no kind \"{}\" is registered for version \"{}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"", given, version)));
        }
        return fail(Reason::BadRequest, cannotBeHandled(given, version, kind, fmt::format("converting (v1.{}) to (core.{}): unknown conversion", given, kind.kind)));
    }
    Decoded decoded;
    decoded.object = kind.make();
    std::vector<std::string> strict;
    const bool collect = fieldValidation != "Ignore";
    if (auto read = api::decodeJson(body, decoded.object->descriptor(), decoded.object.get(), collect ? &strict : nullptr); !read) {
        return fail(Reason::BadRequest, cannotBeHandled(kind.kind, kind.version, kind, read.error().message));
    }
    auto warnings = judgeStrict(kind, std::move(strict), fieldValidation);
    if (!warnings) return fail(std::move(warnings.error()));
    decoded.warnings = std::move(*warnings);
    if (kind.defaults) kind.defaults(*decoded.object);
    return decoded;
}

Result<Decoded> decodeTree(const api::Kind& kind, const json::value& tree, std::string_view fieldValidation) {
    Decoded decoded;
    decoded.object = kind.make();
    std::vector<std::string> strict;
    const std::string text = json::serialize(tree);
    if (auto read = api::decodeJson(text, decoded.object->descriptor(), decoded.object.get(), fieldValidation == "Ignore" ? nullptr : &strict); !read) {
        return fail(std::move(read.error()));
    }
    if (!strict.empty() && fieldValidation == "Strict") {
        return fail(Reason::BadRequest, fmt::format("strict decoding error: {}", fmt::join(strict, ", ")));
    }
    decoded.warnings = std::move(strict);
    if (kind.defaults) kind.defaults(*decoded.object);
    return decoded;
}

json::value treeOf(const api::Object& object) {
    return json::parse(api::encodeJson(object));
}

http::Buffers encodeObject(const api::Kind& kind, const api::ObjectPtr& object, const Wanted& wanted, base::WallTime now) {
    switch (wanted.as) {
        case Shown::Table: return {http::bytes(tableJson(kind, {object}, {.resourceVersion = object->metadata.resourceVersion, .continueToken = {}, .remaining = {}}, now, true) + "\n")};
        case Shown::PartialObjectMetadata: return {http::bytes(partialMetadataJson(*object) + "\n")};
        case Shown::Object: break;
    }
    return {http::bytes(api::encodeJson(*object) + "\n")};
}

http::Buffers encodeEntry(const api::Kind& kind, const store::EntryPtr& entry, const Wanted& wanted, base::WallTime now) {
    if (wanted.as != Shown::Object) return encodeObject(kind, objectOf(kind, entry), wanted, now);
    static const http::Bytes kLineFeed = http::bytes("\n");
    return {wholeJson(kind, entry), kLineFeed};
}

http::Buffers encodeList(const api::Kind& kind, const std::vector<store::EntryPtr>& entries, const ListMeta& meta,
                         const Wanted& wanted, base::WallTime now) {
    if (wanted.as == Shown::Table) {
        std::vector<api::ObjectPtr> objects;
        objects.reserve(entries.size());
        for (const auto& entry : entries) objects.push_back(objectOf(kind, entry));
        return {http::bytes(tableJson(kind, objects, meta, now, true) + "\n")};
    }
    std::string out;
    if (wanted.as == Shown::PartialObjectMetadata) {
        out = fmt::format(R"({{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[)", listMetaJson(meta));
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i > 0) out += ',';
            out += partialMetadataJson(*entries[i]->object());
        }
        return {http::bytes(out + "]}\n")};
    }
    out = fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":{},"items":[)", kind.kind, kind.groupVersion(), listMetaJson(meta));
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i > 0) out += ',';
        out += '{';
        out += withoutType(kind, *wholeJson(kind, entries[i]));
    }
    out += "]}\n";
    return {http::bytes(std::move(out))};
}

namespace {

std::string_view watchTypeName(WatchType type) {
    switch (type) {
        case WatchType::Added: return "ADDED";
        case WatchType::Modified: return "MODIFIED";
        case WatchType::Deleted: return "DELETED";
        case WatchType::Bookmark: return "BOOKMARK";
        case WatchType::Error: return "ERROR";
    }
    return "ERROR";
}

void appendFrame(http::Buffers& out, WatchType type, http::Bytes object) {
    static const http::Bytes kEnd = http::bytes("}\n");
    out.push_back(http::bytes(fmt::format(R"({{"type":"{}","object":)", watchTypeName(type))));
    out.push_back(std::move(object));
    out.push_back(kEnd);
}

}  // namespace

void appendWatchEvent(http::Buffers& out, WatchType type, const api::Kind& kind, const store::EntryPtr& entry,
                      const Wanted& wanted, base::WallTime now, bool withColumns) {
    switch (wanted.as) {
        case Shown::Table:
            return appendFrame(out, type, http::bytes(tableJson(kind, {objectOf(kind, entry)}, {.resourceVersion = std::to_string(entry->revision()), .continueToken = {}, .remaining = {}}, now, withColumns)));
        case Shown::PartialObjectMetadata: return appendFrame(out, type, http::bytes(partialMetadataJson(*entry->object())));
        case Shown::Object: return appendFrame(out, type, wholeJson(kind, entry));
    }
}

void appendBookmark(http::Buffers& out, const api::Kind& kind, store::Revision revision, bool initialEventsEnd, const Wanted& wanted) {
    auto object = kind.make();
    object->metadata.resourceVersion = std::to_string(revision);
    if (initialEventsEnd) object->metadata.annotations["k8s.io/initial-events-end"] = "true";
    if (wanted.as == Shown::PartialObjectMetadata) return appendFrame(out, WatchType::Bookmark, http::bytes(partialMetadataJson(*object)));
    if (wanted.as == Shown::Table) {
        const std::string text = tableJson(kind, {api::ObjectPtr(std::move(object))}, {.resourceVersion = std::to_string(revision), .continueToken = {}, .remaining = {}}, {}, false);
        return appendFrame(out, WatchType::Bookmark, http::bytes(text));
    }
    appendFrame(out, WatchType::Bookmark, http::bytes(api::encodeJson(*object)));
}

void appendWatchError(http::Buffers& out, const Error& error, const Wanted& wanted) {
    (void)wanted;
    std::string text = statusJson(error);
    text.pop_back();  // the line feed
    appendFrame(out, WatchType::Error, http::bytes(std::move(text)));
}

Response document(int code, const json::value& value, const Wanted& wanted) {
    (void)wanted;
    return jsonResponse(code, json::serialize(value) + "\n");
}

}  // namespace qd::apiserver
