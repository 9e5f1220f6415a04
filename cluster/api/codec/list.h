// Lists of objects and watch events, made of objects that are encoded already: each object is encoded once a format,
// and its bytes go into every list and watch.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/codec/json.h"
#include "cluster/api/object.h"

namespace qd::api {

// An object's JSON as it stands in a list of its kind: without its kind and apiVersion, which the list names: what
// follows the opening brace.
std::string_view jsonListItemTail(std::string_view objectJson);

// The items are whole objects as encodeJson writes them, of a built-in kind.
std::string encodeJsonList(std::string_view apiVersion, std::string_view listKind, const metav1::ListMeta& metadata,
                           std::span<const std::string_view> items);
// The same of custom resources, whose items keep their names and whose members are sorted.
std::string encodeCustomJsonList(std::string_view apiVersion, std::string_view listKind,
                                 const metav1::ListMeta& metadata, std::span<const std::string_view> items);
// In the envelope; the items are envelopes as encodeProtobuf writes them.
std::string encodeProtobufList(std::string_view apiVersion, std::string_view listKind, const metav1::ListMeta& metadata,
                               std::span<const std::string_view> items);

struct ObjectList {
    TypeMeta typeMeta;  // "v1", "PodList"
    metav1::ListMeta metadata = {};
    std::vector<std::unique_ptr<Object>> items = {};
};
// JSON or protobuf. Items that do not name their kind are of the list's, without "List".
Result<ObjectList> decodeList(std::string_view bytes);

// A line of a JSON watch, with its line feed; the object is JSON.
std::string encodeJsonWatchEvent(std::string_view type, std::string_view object);
// A frame of a protobuf watch, with its length before it; the object is an envelope.
std::string encodeProtobufWatchEvent(std::string_view type, std::string_view object);

struct WatchEventParts {
    std::string type;
    std::string object;  // JSON or an envelope
};
// One line, or one frame without its length.
Result<WatchEventParts> decodeWatchEvent(std::string_view bytes, bool isProtobuf);

}  // namespace qd::api
