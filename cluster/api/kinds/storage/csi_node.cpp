// Source: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/csi-node-v1/.
#include <fmt/format.h>

#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/volume_sources.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/kinds/storage/kinds.h"
#include "cluster/api/types/storage_v1.h"

namespace qd::api {
namespace {

using storagev1::CSINode;
using storagev1::CSINodeDriver;

const field::Path kDrivers("spec.drivers");
constexpr std::size_t kLongestNodeId = 256;

field::Errors driverErrors(const CSINodeDriver& driver, std::set<std::string>& names, const field::Path& path) {
    field::Errors errors = csiDriverNameErrors(driver.name, path.child("name"));
    const field::Path nodeId = path.child("nodeID");
    if (driver.nodeID.empty()) errors.push_back(field::required(nodeId));
    if (driver.nodeID.size() > kLongestNodeId)
        errors.push_back(
            field::invalid(nodeId, driver.nodeID, fmt::format("must be {} characters or less", kLongestNodeId)));
    if (driver.allocatable && driver.allocatable->count) {
        field::append(errors, validateNonNegative(*driver.allocatable->count, path.child("allocatable", "count")));
    }
    if (!names.insert(driver.name).second) errors.push_back(field::duplicate(path.child("name"), driver.name));
    std::set<std::string> keys;
    for (const auto& key : driver.topologyKeys) {
        if (key.empty()) errors.push_back(field::required(path));
        if (!keys.insert(key).second) errors.push_back(field::duplicate(path, key));
        field::append(errors, qualifiedErrors(path, key));
    }
    return errors;
}

field::Errors nodeErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, field::Path("metadata"));
    const auto& drivers = as<CSINode>(object).spec.drivers;
    std::set<std::string> names;
    for (std::size_t i = 0; i < drivers.size(); ++i)
        field::append(errors, driverErrors(drivers[i], names, kDrivers.index(i)));
    return errors;
}

// A driver comes and goes as a whole; only how many volumes it can hold may change meanwhile.
field::Errors changeErrors(const Object& now, const Object& old) {
    field::Errors errors = nodeErrors(now);
    for (CSINodeDriver before : as<CSINode>(old).spec.drivers) {
        for (CSINodeDriver after : as<CSINode>(now).spec.drivers) {
            if (before.name != after.name) continue;
            before.allocatable.reset();
            after.allocatable.reset();
            if (!(before == after)) errors.push_back(immutable(kDrivers, shown(after)));
        }
    }
    return errors;
}

}  // namespace

Kind csiNodeKind() {
    Kind kind = plainKind("storage.k8s.io", "v1", "CSINode");
    kind.allowUnconditionalUpdate = false;
    kind.returnsDeletedObject = true;
    validateCreate(kind, nodeErrors);
    validateUpdate(kind, changeErrors);
    Column count = textColumn("Drivers", "Drivers indicates the number of CSI drivers registered on the node");
    count.type = "integer";
    kind.columns = {nameColumn(), count, ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, static_cast<std::int64_t>(as<CSINode>(object).spec.drivers.size()),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
