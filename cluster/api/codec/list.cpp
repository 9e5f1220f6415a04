#include "cluster/api/codec/list.h"

#include "cluster/api/codec/json_reader.h"
#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/object_codec.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/protobuf_wire.h"
#include "cluster/api/registry.h"

namespace qd::api {

namespace {

std::size_t totalSize(std::span<const std::string_view> items) {
    std::size_t size = 512;
    for (const std::string_view item : items) size += item.size() + 8;
    return size;
}

std::string itemKind(std::string_view listKind) {
    return std::string(listKind.ends_with("List") ? listKind.substr(0, listKind.size() - 4) : listKind);
}

Result<std::unique_ptr<Object>> decodeItem(std::string_view json, const TypeMeta& list) {
    auto object = makeObject(list.apiVersion, itemKind(list.kind));
    if (!object) return decodeObject(json);
    if (auto decoded = decodeJson(json, object->descriptor(), object.get()); !decoded) return fail(decoded.error());
    return object;
}

Result<ObjectList> decodeJsonList(std::string_view json) {
    const auto typeMeta = typeMetaOfJson(json);
    if (!typeMeta) return fail(typeMeta.error());
    ObjectList list{.typeMeta = *typeMeta};
    JsonReader reader(json);
    if (reader.peek() != JsonReader::Kind::Object) return fail(Reason::BadRequest, "a list must be a JSON object");
    std::string key;
    reader.enter();
    while (reader.nextKey(key)) {
        const auto kind = reader.peek();
        if (key == "metadata" && kind == JsonReader::Kind::Object) {
            if (auto decoded = decodeJson(reader.skipValue(), metav1::ListMeta::kDescriptor, &list.metadata);
                !decoded) {
                return fail(decoded.error());
            }
        } else if (key == "items" && kind == JsonReader::Kind::Array) {
            reader.enter();
            while (reader.nextElement()) {
                auto item = decodeItem(reader.skipValue(), *typeMeta);
                if (!item) return fail(item.error());
                list.items.push_back(std::move(*item));
            }
        } else {
            reader.skipValue();
        }
    }
    return list;
}

Result<ObjectList> decodeProtobufList(std::string_view bytes) {
    const auto envelope = openProtobuf(bytes);
    if (!envelope) return fail(envelope.error());
    ObjectList list{.typeMeta = envelope->typeMeta};
    WireReader reader(envelope->message);
    WireReader::Value value;
    while (reader.next(value)) {
        if (value.number == 1) {
            if (auto decoded = decodeProtobufMessage(value.bytes, metav1::ListMeta::kDescriptor, &list.metadata);
                !decoded) {
                return fail(decoded.error());
            }
        } else if (value.number == 2) {
            auto item = makeObject(list.typeMeta.apiVersion, itemKind(list.typeMeta.kind));
            if (!item) return fail(Reason::BadRequest, "a list of an unknown kind: " + list.typeMeta.kind);
            if (auto decoded = decodeProtobufMessage(value.bytes, item->descriptor(), item.get()); !decoded)
                return fail(decoded.error());
            list.items.push_back(std::move(item));
        }
    }
    if (reader.failed()) return fail(Reason::BadRequest, "unexpected EOF");
    return list;
}

}  // namespace

std::string_view jsonListItemTail(std::string_view objectJson) {
    // {"kind":"Pod","apiVersion":"v1","metadata":... : names of kinds need no escapes.
    std::size_t position = objectJson.find('"', std::string_view("{\"kind\":\"").size());
    position = objectJson.find('"', position + std::string_view("\",\"apiVersion\":\"").size()) + 1;
    if (position < objectJson.size() && objectJson[position] == ',') ++position;
    return objectJson.substr(position);
}

std::string encodeJsonList(std::string_view apiVersion, std::string_view listKind, const metav1::ListMeta& metadata,
                           std::span<const std::string_view> items) {
    std::string out;
    out.reserve(totalSize(items));
    out += "{\"kind\":";
    appendJsonString(out, listKind);
    out += ",\"apiVersion\":";
    appendJsonString(out, apiVersion);
    out += ",\"metadata\":";
    out += encodeJson(metadata);
    out += ",\"items\":[";
    bool first = true;
    for (const std::string_view item : items) {
        out += std::exchange(first, false) ? "{" : ",{";
        out += jsonListItemTail(item);
    }
    out += "]}";
    return out;
}

std::string encodeCustomJsonList(std::string_view apiVersion, std::string_view listKind,
                                 const metav1::ListMeta& metadata, std::span<const std::string_view> items) {
    std::string out;
    out.reserve(totalSize(items));
    out += "{\"apiVersion\":";
    appendJsonString(out, apiVersion);
    out += ",\"items\":[";
    bool first = true;
    for (const std::string_view item : items) {
        if (!std::exchange(first, false)) out += ',';
        out += item;
    }
    out += "],\"kind\":";
    appendJsonString(out, listKind);
    out += ",\"metadata\":";
    appendJson(out, toTree(metadata), MemberOrder::ByName);
    out += '}';
    return out;
}

std::string encodeProtobufList(std::string_view apiVersion, std::string_view listKind, const metav1::ListMeta& metadata,
                               std::span<const std::string_view> items) {
    ReverseWriter message;
    for (std::size_t i = items.size(); i-- > 0;) {
        // What we encoded ourselves opens.
        message.field(2, openProtobuf(items[i]).value().message);
    }
    message.field(1, std::string_view(encodeProtobufMessage(metav1::ListMeta::kDescriptor, &metadata)));
    return wrapProtobuf(apiVersion, listKind, message.view());
}

Result<ObjectList> decodeList(std::string_view bytes) {
    return isProtobufEnvelope(bytes) ? decodeProtobufList(bytes) : decodeJsonList(bytes);
}

std::string encodeJsonWatchEvent(std::string_view type, std::string_view object) {
    std::string out;
    out.reserve(object.size() + 64);
    out += "{\"type\":";
    appendJsonString(out, type);
    out += ",\"object\":";
    out += object;
    out += "}\n";
    return out;
}

std::string encodeProtobufWatchEvent(std::string_view type, std::string_view object) {
    ReverseWriter out;
    const std::size_t before = out.size();
    out.field(1, object);  // of RawExtension
    out.lengthSince(2, before);
    out.field(1, type);
    const auto size = static_cast<std::uint32_t>(out.size());
    const char length[4] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                            static_cast<char>(size)};
    out.bytes(std::string_view(length, 4));
    return out.take();
}

Result<WatchEventParts> decodeWatchEvent(std::string_view bytes, bool isProtobuf) {
    metav1::WatchEvent event;
    const auto decoded = isProtobuf ? decodeProtobufMessage(bytes, metav1::WatchEvent::kDescriptor, &event)
                                    : decodeJson(bytes, metav1::WatchEvent::kDescriptor, &event);
    if (!decoded) return fail(decoded.error());
    return WatchEventParts{std::move(event.type), std::move(event.object.raw)};
}

}  // namespace qd::api
