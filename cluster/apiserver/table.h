// Objects as the rows that kubectl prints. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/kinds/kind.h"

namespace qd::apiserver {

struct ListMeta;

// A Table in JSON. withColumns: the first event of a watch has the column definitions, later ones have not.
std::string tableJson(const api::Kind& kind, const std::vector<api::ObjectPtr>& objects, const ListMeta& meta, base::WallTime now, bool withColumns);

// {"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":...}
std::string partialMetadataJson(const api::Object& object);
std::string partialMetadataProtobuf(const api::Object& object);  // in its envelope

}  // namespace qd::apiserver
