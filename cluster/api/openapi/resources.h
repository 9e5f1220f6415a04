// What OpenAPI documents are made from: the resources that a server serves, group version by group version.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cluster/api/descriptor.h"

namespace qd::api::openapi {

struct KindId {
    std::string group;  // "" for core
    std::string version;
    std::string kind;
};

struct Subresource {
    std::string name;                // "status", "scale", "log", ...
    KindId kind;                     // what it takes and gives, e.g. autoscaling/v1 Scale
    const Struct* schema = nullptr;  // of that kind; null for what is no object (exec, portforward, proxy)
    const Struct* answer = nullptr;  // what it gives, if that is another kind; null = schema
    std::vector<std::string> verbs;  // get, patch, update, create, delete, connect
};

struct Resource {
    KindId kind;
    std::string plural;
    bool namespaced = false;
    std::vector<std::string> verbs;  // get, list, create, update, patch, delete, deletecollection, watch
    const Struct* schema = nullptr;  // built-in kinds
    // Custom resources: the published form of their openAPIV3Schema, without metadata's own fields; used when schema is
    // null.
    boost::json::object customSchema = {};
    std::string description = {};  // of a custom resource without a description in its schema
    std::vector<Subresource> subresources = {};
};

// One document of /openapi/v3.
struct GroupVersionResources {
    std::string group;
    std::string version;
    std::vector<Resource> resources;
};

}  // namespace qd::api::openapi
