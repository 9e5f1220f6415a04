// Why a Pod is where it is, or nowhere: what the scheduler made of it when it was tried last. A kind of Quarterdeck's
// own, which the scheduler's memory answers for: read-only, never stored.
//
//     schedulerName, attempts, time
//     node, nominatedNode       where it was placed; where room is being made
//     message                   as in the Pod's condition
//     nodes:                    those that were looked at, the best first
//     - {name, score, scores: [{plugin, score, weight}]}
//     - {name, plugin, reasons}                            of those that turned it away
#include "cluster/api/custom_object.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/insight/kinds.h"

namespace qd::api {
namespace {

std::string textOf(const boost::json::object& content, std::string_view name) {
    const auto* value = content.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string(*text) : "";
}

std::int64_t numberOf(const boost::json::object& content, std::string_view name) {
    const auto* value = content.if_contains(name);
    const auto* number = value ? value->if_int64() : nullptr;
    return number ? *number : 0;
}

}  // namespace

Kind podPlacementKind() {
    Kind kind;
    kind.group = "insight.quarterdeck.dev";
    kind.version = "v1";
    kind.kind = "PodPlacement";
    kind.plural = "podplacements";
    kind.singular = "podplacement";
    kind.verbs = {"get", "list"};
    kind.make = []() -> std::unique_ptr<Object> {
        return std::make_unique<CustomObject>("insight.quarterdeck.dev/v1", "PodPlacement");
    };
    kind.columns = {nameColumn(),
                    textColumn("Node", "Where the Pod was placed"),
                    textColumn("Nominated Node", "Where room is being made for it"),
                    {.name = "Attempts", .type = "integer", .description = "How often it was tried"},
                    textColumn("Message", "Why it was not placed")};
    kind.cells = [](const Object& object, base::WallTime) -> std::vector<Cell> {
        const auto& content = static_cast<const CustomObject&>(object).content;
        return {object.metadata.name, orNone(textOf(content, "node")), orNone(textOf(content, "nominatedNode")),
                numberOf(content, "attempts"), textOf(content, "message")};
    };
    return kind;
}

}  // namespace qd::api
