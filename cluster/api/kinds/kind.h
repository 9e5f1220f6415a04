// One resource kind: everything the API server must know about it, in one value.
//
// A kind is declared in one file, cluster/api/kinds/<group>/<kind>.cpp, as a function that returns its Kind; kinds.cpp
// lists them. Routes, discovery, storage keys, RBAC names, tables and admission all read this value. The functions are
// pure: they see the object and nothing else, never the store, the clock or the network. What needs those (allocating a
// cluster IP, counting a quota) is admission or a handler of the API server.
//
// Source of the split: k8s.io/apiserver registry/rest (CreateStrategy, UpdateStrategy) and
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/api/descriptor.h"
#include "cluster/api/field/path.h"
#include "cluster/api/object.h"
#include "cluster/base/time.h"

namespace qd::api {

// A column of `kubectl get`; `priority` above zero shows with -o wide only.
struct Column {
    std::string name;
    std::string type = "string";  // string, integer, number, boolean, date
    std::string format = {};      // "name" for the name column, else an OpenAPI format
    std::string description = {};
    int priority = 0;
};

// What a cell can hold: Table cells are JSON strings, integers or booleans (or null).
using Cell = std::variant<std::monostate, std::string, std::int64_t, bool, double>;

// A subresource as discovery shows it. `kind` and its group and version name what it takes and gives.
struct Subresource {
    std::string name;     // "status", "scale", "log"
    std::string group = {};
    std::string version = {};
    std::string kind;     // e.g. "Scale"
    std::vector<std::string> verbs = {};
};

// How an update through one endpoint (the main resource, /status, ...) is treated.
struct UpdateRules {
    // Puts back what this endpoint must not change and counts metadata.generation.
    std::function<void(Object& now, const Object& old)> prepare;
    std::function<field::Errors(const Object& now, const Object& old)> validate;
    // Warnings for the client (the Warning header); may be empty.
    std::function<std::vector<std::string>(const Object& now, const Object* old)> warnings = {};
    // Field paths (e.g. "status") that this endpoint takes from the stored object: they are never owned by its appliers.
    std::vector<std::string> resetFields = {};
};

struct Kind {
    std::string group;    // "" for core
    std::string version;  // "v1"
    std::string kind;     // "Deployment"
    std::string plural;   // "deployments"
    std::string singular; // "deployment"
    std::vector<std::string> shortNames = {};
    std::vector<std::string> categories = {};
    bool namespaced = true;
    const Struct* structure = nullptr;
    std::function<std::unique_ptr<Object>()> make;

    // The kind whose stored form this one shares, when the same objects are served under two group versions
    // (autoscaling/v1 and v2, v1 and events.k8s.io/v1 Event). Null for almost all.
    const Kind* storedAs = nullptr;
    std::function<std::unique_ptr<Object>(const Object& stored)> fromStored = {};
    std::function<std::unique_ptr<Object>(const Object& served)> toStored = {};

    // Runs after each decoding, on objects from clients and from the store alike: must be idempotent.
    std::function<void(Object&)> defaults = {};

    // Create: drop what clients may not set (status), set generation.
    std::function<void(Object&)> prepareForCreate = {};
    std::function<field::Errors(const Object&)> validate = {};
    std::function<std::vector<std::string>(const Object& now, const Object* old)> warnings = {};
    // What is wrong with a name, in upstream's words; null means: a DNS subdomain.
    std::function<std::vector<std::string>(const std::string& name, bool isPrefix)> nameErrors = {};

    UpdateRules update;
    std::map<std::string, UpdateRules> subresourceUpdates = {};  // "status" and the like; absent = no such subresource

    bool allowCreateOnUpdate = false;        // PUT to an absent name creates
    bool allowUnconditionalUpdate = true;    // PUT without a resourceVersion
    std::vector<Subresource> subresources = {};
    // What discovery lists and routing allows; reviews have create alone.
    std::vector<std::string> verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
    std::string defaultPropagation = "Background";  // when a DELETE names none; "Orphan" for legacy kinds

    // Deletion. With a grace period (Pods): how many seconds the object is given, or nullopt when it goes at once.
    std::function<std::optional<std::int64_t>(const Object&, std::optional<std::int64_t> asked)> gracePeriodSeconds = {};
    // Whether an object without finalizers may be removed; a Namespace may not while spec.finalizers has entries.
    std::function<bool(const Object&)> mayBeRemoved = {};
    // Marks an object that is being deleted but stays for now (a Namespace becomes Terminating).
    std::function<void(Object&)> onLeaving = {};
    bool returnsDeletedObject = false;  // DELETE answers with the object instead of a Status

    // Field selectors beyond metadata.name and metadata.namespace.
    std::function<std::map<std::string, std::string>(const Object&)> selectableFields = {};
    std::vector<std::string> selectableFieldNames = {};

    std::vector<Column> columns = {};  // empty: Name and Age
    std::function<std::vector<Cell>(const Object&, base::WallTime now)> cells = {};

    // The group that validation errors name: that of the stored form.
    const std::string& errorGroup() const { return storedAs ? storedAs->group : group; }
    std::string groupVersion() const { return group.empty() ? version : group + "/" + version; }
    // "deployments.apps", "pods": as messages and RBAC name the resource.
    std::string groupResource() const { return group.empty() ? plural : plural + "." + group; }
};

// The built-in kinds, in discovery's order. Built once; lives as long as the program.
const std::vector<const Kind*>& builtinKinds();
const Kind* builtinKind(std::string_view group, std::string_view version, std::string_view kind);
const Kind* findResource(std::string_view group, std::string_view version, std::string_view plural);

}  // namespace qd::api
