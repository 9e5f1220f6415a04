#include "cluster/apiserver/table.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/types/meta_v1_objects.h"
#include "cluster/apiserver/representation.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

const std::vector<api::Column>& defaultColumns() {
    static const std::vector<api::Column> columns = {
        {.name = "Name", .format = "name", .description = std::string(metav1::ObjectMeta::kDescriptor.find("name")->doc)},
        {.name = "Created At", .type = "date", .description = std::string(metav1::ObjectMeta::kDescriptor.find("creationTimestamp")->doc)},
    };
    return columns;
}

json::value cellValue(const api::Cell& cell) {
    return std::visit(
        [](const auto& value) -> json::value {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::monostate>) return nullptr;
            else return json::value(value);
        },
        cell);
}

json::array columnDefinitions(const std::vector<api::Column>& columns) {
    json::array definitions;
    for (const auto& column : columns) {
        definitions.push_back(json::object{{"name", column.name}, {"type", column.type}, {"format", column.format}, {"description", column.description}, {"priority", column.priority}});
    }
    return definitions;
}

json::array cellsOf(const api::Kind& kind, const api::Object& object, base::WallTime now) {
    json::array cells;
    if (kind.cells) {
        for (const auto& cell : kind.cells(object, now)) cells.push_back(cellValue(cell));
    } else {
        cells.emplace_back(object.metadata.name);
        cells.emplace_back(object.metadata.creationTimestamp.toString());
    }
    return cells;
}

}  // namespace

std::string partialMetadataJson(const api::Object& object) {
    return R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":)" + api::encodeJson(object.metadata) + "}";
}

std::string partialMetadataProtobuf(const api::Object& object) {
    metav1::PartialObjectMetadata partial;
    partial.metadata = object.metadata;
    return api::wrapProtobuf("meta.k8s.io/v1", "PartialObjectMetadata", api::encodeProtobufMessage(metav1::PartialObjectMetadata::kDescriptor, &partial));
}

std::string tableJson(const api::Kind& kind, const std::vector<api::ObjectPtr>& objects, const ListMeta& meta, base::WallTime now, bool withColumns) {
    json::object metadata;
    if (!meta.resourceVersion.empty()) metadata["resourceVersion"] = meta.resourceVersion;
    if (!meta.continueToken.empty()) metadata["continue"] = meta.continueToken;
    if (meta.remaining) metadata["remainingItemCount"] = *meta.remaining;
    std::string out = R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":)" + json::serialize(metadata) + R"(,"columnDefinitions":)";
    if (withColumns) {
        out += json::serialize(columnDefinitions(kind.columns.empty() ? defaultColumns() : kind.columns));
    } else {
        out += "null";
    }
    out += R"(,"rows":[)";
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (i > 0) out += ',';
        out += R"({"cells":)" + json::serialize(cellsOf(kind, *objects[i], now)) + R"(,"object":)" + partialMetadataJson(*objects[i]) + "}";
    }
    return out + "]}";
}

}  // namespace qd::apiserver
