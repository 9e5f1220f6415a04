#include "cluster/apiserver/representation.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/list.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/table.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

// Formats under which an entry keeps its bytes; two served versions of one stored kind must not share one. Of JSON it keeps
// what stands behind kind and apiVersion, which is all that a list writes of an object.
std::uint32_t formatOf(const api::Kind& kind, Encoding encoding) {
    return (kind.storedAs ? 100U : 0U) + static_cast<std::uint32_t>(encoding);
}

std::string encodeWhole(const api::Object& object, Encoding encoding) {
    return encoding == Encoding::Protobuf ? api::encodeProtobuf(object) : api::encodeJson(object);
}

http::Bytes keptBytes(const api::Kind& kind, const store::EntryPtr& entry, Encoding encoding) {
    const Encoding kept = encoding == Encoding::Protobuf ? Encoding::Protobuf : Encoding::Json;
    return entry->encoded(formatOf(kind, kept), [&](const api::Object& object) {
        std::string whole = kind.fromStored ? encodeWhole(*kind.fromStored(object), kept) : encodeWhole(object, kept);
        return kept == Encoding::Protobuf ? whole : std::string(api::jsonListItemTail(whole));
    });
}

// What stands before an object's kept JSON.
std::string jsonHead(const api::Kind& kind) { return fmt::format(R"({{"kind":"{}","apiVersion":"{}",)", kind.kind, kind.groupVersion()); }

metav1::ListMeta listMetaOf(const ListMeta& meta) {
    metav1::ListMeta out;
    out.resourceVersion = meta.resourceVersion;
    out.continue_ = meta.continueToken;
    out.remainingItemCount = meta.remaining;
    return out;
}

// A JSON text in the encoding that is wanted.
std::string asWanted(std::string json, const Wanted& wanted) {
    if (wanted.encoding == Encoding::Yaml) {
        if (const auto tree = api::parseJson(json)) return api::toYaml(*tree);
    } else {
        json += '\n';
    }
    return json;
}

api::ObjectPtr objectOf(const api::Kind& kind, const store::EntryPtr& entry) {
    if (!kind.fromStored) return entry->object();
    return api::ObjectPtr(kind.fromStored(*entry->object()));
}

std::string_view withoutGroup(std::string_view apiVersion) {
    return apiVersion.substr(apiVersion.find('/') + 1);
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

// What begins like an object as it is, anything else in hexadecimal.
std::string shortened(std::string_view body) {
    if (body.empty()) return "<empty>";
    constexpr std::size_t kShown = 1024;
    const std::string_view shown = body.substr(0, kShown);
    const std::string_view more = shown.size() < body.size() ? " ..." : "";
    if (shown.front() == '{') return fmt::format("{}{}", shown, more);
    std::string digits;
    for (const char byte : shown) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return digits.append(more);
}

}  // namespace

namespace {

// What a body says it is, and how to read the rest of it.
struct Opened {
    api::TypeMeta type;
    std::string json;               // JSON, also made from YAML
    std::string_view message = {};  // protobuf
    bool isProtobuf = false;
};

Error unrecognized(const api::Kind& kind, std::string_view why, std::string_view body) {
    return {Reason::BadRequest, fmt::format("the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {} ({})", kind.kind, why, shortened(body))};
}

Result<Opened> openBody(const api::Kind& kind, std::string_view body, Encoding encoding) {
    Opened opened;
    if (api::isProtobufEnvelope(body)) {
        auto envelope = api::openProtobuf(body);
        if (!envelope) return fail(std::move(envelope.error()));
        opened.type = envelope->typeMeta;
        opened.message = envelope->message;
        opened.isProtobuf = true;
        return opened;
    }
    opened.json = std::string(body);
    if (encoding == Encoding::Yaml) {
        auto documents = api::parseYaml(body);
        if (!documents) return fail(std::move(documents.error()));
        opened.json = documents->empty() ? "" : api::serializeJson(documents->front().tree);
    }
    auto type = api::typeMetaOfJson(opened.json);
    if (!type) {
        std::string_view why = type.error().message;
        constexpr std::string_view kPrefix = "couldn't get version/kind; json parse error: ";
        if (why.starts_with(kPrefix)) why.remove_prefix(kPrefix.size());
        return fail(unrecognized(kind, why, body));
    }
    opened.type = std::move(*type);
    return opened;
}

Result<void> checkType(const api::Kind& kind, const api::TypeMeta& type) {
    const bool otherKind = !type.kind.empty() && type.kind != kind.kind;
    const bool otherVersion = !type.apiVersion.empty() && type.apiVersion != kind.groupVersion();
    if (!otherKind && !otherVersion) return {};
    const std::string given = type.kind.empty() ? kind.kind : type.kind;
    const std::string version = type.apiVersion.empty() ? kind.groupVersion() : type.apiVersion;
    return fail(Reason::BadRequest,
                cannotBeHandled(given, withoutGroup(version), kind, fmt::format("no kind \"{}\" is registered for version \"{}\" in scheme \"deps/pkg/api/legacyscheme/scheme.go:30\"", given, version)));
}

}  // namespace

Result<Decoded> decodeBody(const api::Kind& kind, std::string_view body, Encoding encoding, std::string_view fieldValidation) {
    const auto opened = openBody(kind, body, encoding);
    if (!opened) return fail(opened.error());
    if (auto right = checkType(kind, opened->type); !right) return fail(std::move(right.error()));
    Decoded decoded;
    decoded.object = kind.make();
    std::vector<std::string> strict;
    if (opened->isProtobuf) {
        if (auto read = api::decodeProtobufMessage(opened->message, decoded.object->descriptor(), decoded.object.get()); !read) return fail(std::move(read.error()));
    } else if (auto read = api::decodeJson(opened->json, decoded.object->descriptor(), decoded.object.get(), fieldValidation == "Ignore" ? nullptr : &strict); !read) {
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
    if (auto read = api::fromTree(tree, decoded.object->descriptor(), decoded.object.get(), fieldValidation == "Ignore" ? nullptr : &strict); !read) {
        return fail(std::move(read.error()));
    }
    if (!strict.empty() && fieldValidation == "Strict") {
        return fail(Reason::BadRequest, fmt::format("strict decoding error: {}", fmt::join(strict, ", ")));
    }
    decoded.warnings = std::move(strict);
    if (kind.defaults) kind.defaults(*decoded.object);
    return decoded;
}

json::value treeOf(const api::Object& object) { return api::toTree(object); }

http::Buffers encodeObject(const api::Kind& kind, const api::ObjectPtr& object, const Wanted& wanted, base::WallTime now) {
    switch (wanted.as) {
        case Shown::Table: {
            const ListMeta meta{.resourceVersion = object->metadata.resourceVersion, .continueToken = {}, .remaining = {}};
            return {http::bytes(asWanted(tableJson(kind, {object}, meta, now, true), wanted))};
        }
        case Shown::PartialObjectMetadata:
            if (wanted.encoding == Encoding::Protobuf) return {http::bytes(partialMetadataProtobuf(*object))};
            return {http::bytes(asWanted(partialMetadataJson(*object), wanted))};
        case Shown::Object: break;
    }
    if (wanted.encoding == Encoding::Protobuf) return {http::bytes(api::encodeProtobuf(*object))};
    return {http::bytes(asWanted(api::encodeJson(*object), wanted))};
}

http::Buffers encodeEntry(const api::Kind& kind, const store::EntryPtr& entry, const Wanted& wanted, base::WallTime now) {
    if (wanted.as != Shown::Object || wanted.encoding == Encoding::Yaml) return encodeObject(kind, objectOf(kind, entry), wanted, now);
    static const http::Bytes kLineFeed = http::bytes("\n");
    if (wanted.encoding == Encoding::Protobuf) return {keptBytes(kind, entry, wanted.encoding)};
    return {http::bytes(jsonHead(kind)), keptBytes(kind, entry, wanted.encoding), kLineFeed};
}

namespace {

// The objects' kept bytes as they are, with what stands between them: nothing is copied together, however long the list.
http::Buffers jsonList(const api::Kind& kind, const std::vector<store::EntryPtr>& entries, const metav1::ListMeta& meta) {
    static const http::Bytes kFirst = http::bytes("{");
    static const http::Bytes kNext = http::bytes(",{");
    http::Buffers list;
    list.reserve(entries.size() * 2 + 2);
    list.push_back(http::bytes(fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":{},"items":[)", kind.kind, kind.groupVersion(), api::encodeJson(meta))));
    for (const auto& entry : entries) {
        list.push_back(list.size() == 1 ? kFirst : kNext);
        list.push_back(keptBytes(kind, entry, Encoding::Json));
    }
    list.push_back(http::bytes("]}\n"));
    return list;
}

// Objects that are JSON trees write themselves, with their members by name: nothing of them is kept apart.
std::string customList(const api::Kind& kind, const std::vector<store::EntryPtr>& entries, const metav1::ListMeta& meta) {
    std::vector<std::string> texts;
    texts.reserve(entries.size());
    for (const auto& entry : entries) texts.push_back(api::encodeJson(*entry->object()));
    return api::encodeCustomJsonList(kind.groupVersion(), kind.kind + "List", meta, std::vector<std::string_view>(texts.begin(), texts.end()));
}

}  // namespace

http::Buffers encodeList(const api::Kind& kind, const std::vector<store::EntryPtr>& entries, const ListMeta& meta,
                         const Wanted& wanted, base::WallTime now) {
    if (wanted.as == Shown::Table) {
        std::vector<api::ObjectPtr> objects;
        objects.reserve(entries.size());
        for (const auto& entry : entries) objects.push_back(objectOf(kind, entry));
        return {http::bytes(asWanted(tableJson(kind, objects, meta, now, true), wanted))};
    }
    const metav1::ListMeta listMeta = listMetaOf(meta);
    if (wanted.as == Shown::PartialObjectMetadata && wanted.encoding == Encoding::Protobuf) {
        std::vector<std::string> items;
        for (const auto& entry : entries) items.push_back(partialMetadataProtobuf(*entry->object()));
        return {http::bytes(api::encodeProtobufList("meta.k8s.io/v1", "PartialObjectMetadataList", listMeta, std::vector<std::string_view>(items.begin(), items.end())))};
    }
    if (wanted.as == Shown::PartialObjectMetadata) {
        std::string out = R"({"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":)" + api::encodeJson(listMeta) + R"(,"items":[)";
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i > 0) out += ',';
            out += partialMetadataJson(*entries[i]->object());
        }
        return {http::bytes(asWanted(out + "]}", wanted))};
    }
    if (wanted.encoding == Encoding::Protobuf) {
        std::vector<http::Bytes> kept;
        std::vector<std::string_view> items;
        for (const auto& entry : entries) items.emplace_back(*kept.emplace_back(keptBytes(kind, entry, wanted.encoding)));
        return {http::bytes(api::encodeProtobufList(kind.groupVersion(), kind.kind + "List", listMeta, items))};
    }
    if (!entries.empty() && entries.front()->object()->asCustom()) return {http::bytes(asWanted(customList(kind, entries, listMeta), wanted))};
    http::Buffers list = jsonList(kind, entries, listMeta);
    if (wanted.encoding != Encoding::Yaml) return list;
    std::string text;
    for (const auto& part : list) text += *part;
    return {http::bytes(asWanted(std::move(text), wanted))};
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

// The head is what of the object stands before the bytes.
void appendFrame(http::Buffers& out, WatchType type, http::Bytes object, std::string_view head = {}) {
    static const http::Bytes kEnd = http::bytes("}\n");
    out.push_back(http::bytes(fmt::format(R"({{"type":"{}","object":{})", watchTypeName(type), head)));
    out.push_back(std::move(object));
    out.push_back(kEnd);
}

void appendPartialMetadata(http::Buffers& out, WatchType type, const api::Object& object, const Wanted& wanted) {
    if (wanted.encoding != Encoding::Protobuf) return appendFrame(out, type, http::bytes(partialMetadataJson(object)));
    out.push_back(http::bytes(api::encodeProtobufWatchEvent(watchTypeName(type), partialMetadataProtobuf(object))));
}

}  // namespace

void appendWatchEvent(http::Buffers& out, WatchType type, const api::Kind& kind, const store::EntryPtr& entry,
                      const Wanted& wanted, base::WallTime now, bool withColumns) {
    switch (wanted.as) {
        case Shown::Table: {
            const ListMeta meta{.resourceVersion = std::to_string(entry->revision()), .continueToken = {}, .remaining = {}};
            return appendFrame(out, type, http::bytes(tableJson(kind, {objectOf(kind, entry)}, meta, now, withColumns)));
        }
        case Shown::PartialObjectMetadata: return appendPartialMetadata(out, type, *entry->object(), wanted);
        case Shown::Object: break;
    }
    const http::Bytes kept = keptBytes(kind, entry, wanted.encoding);
    if (wanted.encoding != Encoding::Protobuf) return appendFrame(out, type, kept, jsonHead(kind));
    out.push_back(http::bytes(api::encodeProtobufWatchEvent(watchTypeName(type), *kept)));
}

void appendWatchObject(http::Buffers& out, WatchType type, const api::Kind& kind, const api::ObjectPtr& object,
                       const Wanted& wanted, base::WallTime now) {
    switch (wanted.as) {
        case Shown::Table: {
            const ListMeta meta{.resourceVersion = object->metadata.resourceVersion, .continueToken = {}, .remaining = {}};
            return appendFrame(out, type, http::bytes(tableJson(kind, {object}, meta, now, false)));
        }
        case Shown::PartialObjectMetadata: return appendPartialMetadata(out, type, *object, wanted);
        case Shown::Object: break;
    }
    if (wanted.encoding != Encoding::Protobuf) return appendFrame(out, type, http::bytes(api::encodeJson(*object)));
    out.push_back(http::bytes(api::encodeProtobufWatchEvent(watchTypeName(type), api::encodeProtobuf(*object))));
}

void appendBookmark(http::Buffers& out, const api::Kind& kind, store::Revision revision, bool initialEventsEnd, const Wanted& wanted) {
    auto object = kind.make();
    object->metadata.resourceVersion = std::to_string(revision);
    if (initialEventsEnd) object->metadata.annotations["k8s.io/initial-events-end"] = "true";
    if (wanted.as == Shown::PartialObjectMetadata) return appendPartialMetadata(out, WatchType::Bookmark, *object, wanted);
    if (wanted.as == Shown::Table) {
        const ListMeta meta{.resourceVersion = std::to_string(revision), .continueToken = {}, .remaining = {}};
        return appendFrame(out, WatchType::Bookmark, http::bytes(tableJson(kind, {api::ObjectPtr(std::move(object))}, meta, {}, false)));
    }
    if (wanted.encoding != Encoding::Protobuf) return appendFrame(out, WatchType::Bookmark, http::bytes(api::encodeJson(*object)));
    out.push_back(http::bytes(api::encodeProtobufWatchEvent("BOOKMARK", api::encodeProtobuf(*object))));
}

void appendWatchError(http::Buffers& out, const Error& error, const Wanted& wanted) {
    std::string text = statusJson(error);
    text.pop_back();  // the line feed
    if (wanted.encoding != Encoding::Protobuf) return appendFrame(out, WatchType::Error, http::bytes(std::move(text)));
    const auto status = api::decodeJson<metav1::Status>(text);
    out.push_back(http::bytes(api::encodeProtobufWatchEvent("ERROR", status ? api::encodeProtobuf(*status) : "")));
}

Response document(int code, const json::value& value, const Wanted& wanted) {
    (void)wanted;
    return jsonResponse(code, json::serialize(value) + "\n");
}

}  // namespace qd::apiserver
