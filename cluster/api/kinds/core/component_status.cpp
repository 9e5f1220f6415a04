#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

// The API server makes them up when they are asked for.
Kind componentStatusKind() {
    Kind kind = plainKind("", "v1", "ComponentStatus");
    kind.shortNames = {"cs"};
    kind.verbs = {"get", "list"};
    kind.columns = {nameColumn(), textColumn("Status", "Status of the component conditions"), textColumn("Message", "Message of the component conditions"),
                    textColumn("Error", "Error of the component conditions")};
    kind.cells = [](const Object& object, base::WallTime) -> std::vector<Cell> {
        const auto& status = as<corev1::ComponentStatus>(object);
        const auto healthy = std::ranges::find(status.conditions, "Healthy", &corev1::ComponentCondition::type);
        if (healthy == status.conditions.end()) return {status.metadata.name, "Unknown", "", ""};
        return {status.metadata.name, healthy->status == "True" ? "Healthy" : "Unhealthy", healthy->message, healthy->error};
    };
    return kind;
}

}  // namespace qd::api
