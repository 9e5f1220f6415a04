// What verbs say when they refuse, in upstream's words.
#include <fmt/format.h>

#include <utility>

#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {
namespace {

base::ErrorDetails detailsOf(const Target& target) {
    return {target.name, target.kind->group, target.kind->plural, "", 0};
}

// Where upstream keeps the objects of a kind: by the resource alone, but for those that are served by another scheme than the
// built-in one and a few that once had other names.
std::string registryPath(const api::Kind& kind) {
    constexpr std::pair<std::string_view, std::string_view> kOld[] = {{"replicationcontrollers", "controllers"},
                                                                      {"endpoints", "services/endpoints"},
                                                                      {"nodes", "minions"},
                                                                      {"services", "services/specs"},
                                                                      {"ingresses.networking.k8s.io", "ingress"}};
    for (const auto& [resource, path] : kOld) {
        if (kind.groupResource() == resource) return std::string(path);
    }
    const bool ownScheme = kind.group == "apiextensions.k8s.io" || kind.group == "apiregistration.k8s.io" ||
                           !api::builtinKind(kind.group, kind.version, kind.kind);
    return ownScheme ? kind.group + "/" + kind.plural : kind.plural;
}

}  // namespace

store::Key storeKey(const Target& target) {
    const api::Kind& kind = target.kind->storedAs ? *target.kind->storedAs : *target.kind;
    return {kind.groupResource(), target.namespace_, target.name};
}

api::ObjectPtr served(const api::Kind& kind, const api::ObjectPtr& object) {
    if (!kind.fromStored || !object) return object;
    return kind.fromStored(*object);
}

std::unique_ptr<api::Object> stored(const api::Kind& kind, std::unique_ptr<api::Object> object) {
    if (!kind.toStored) return object;
    return kind.toStored(*object);
}

Error notFound(const Target& target) {
    Error error{Reason::NotFound, target.quoted() + " not found"};
    error.details = detailsOf(target);
    return error;
}

Error alreadyExists(const Target& target) {
    Error error{Reason::AlreadyExists, target.quoted() + " already exists"};
    error.details = detailsOf(target);
    return error;
}

Error conflict(const Target& target, std::string_view why) {
    Error error{Reason::Conflict, fmt::format("Operation cannot be fulfilled on {}: {}", target.quoted(), why)};
    error.details = detailsOf(target);
    return error;
}

Error objectModified(const Target& target) {
    return conflict(target, "the object has been modified; please apply your changes to the latest version and try again");
}

Error uidDiffers(const Target& target, const std::string& wanted, const std::string& actual) {
    const std::string ns = target.namespace_.empty() ? "" : target.namespace_ + "/";
    return conflict(target, fmt::format("StorageError: invalid object, Code: 4, Key: /registry/{}/{}{}, ResourceVersion: 0, AdditionalErrorMsg: "
                                        "Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                        registryPath(*target.kind), ns, target.name, wanted, actual));
}

}  // namespace qd::apiserver
