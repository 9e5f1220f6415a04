// The paths of an OpenAPI document: which verbs each resource answers to, with which parameters.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cluster/api/openapi/resources.h"
#include "cluster/api/openapi/schema_writer.h"

namespace qd::api::openapi {

// Writes all paths of a group version into `paths`, and the schemas they use into the writer.
void writePaths(const GroupVersionResources& resources, Dialect dialect, SchemaWriter& schemas,
                boost::json::object& paths);

}  // namespace qd::api::openapi
