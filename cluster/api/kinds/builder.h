// Makes a Kind from what its descriptor says, with the rules that nearly all kinds share. A kind's own file starts from
// this and overrides what is special.
#pragma once

#include "cluster/api/kinds/kind.h"

namespace qd::api {

// Names, scope and factory from the generated tables; plural verbs; create and update rules over spec and status:
// a create drops status, an update keeps it, an update of /status keeps all but status (when the kind has one).
Kind plainKind(std::string_view group, std::string_view version, std::string_view kind);

// Adds the subresource "status" with its rules; for kinds whose struct has a status.
void addStatus(Kind& kind);
// Adds "scale" to what discovery lists; its handler is the API server's.
void addScale(Kind& kind);

// A kind's own validation, as upstream's strategies have it. The rules that hold for all kinds are put around it: on create
// after it (and only when it finds nothing), on update before it, so that a fault in metadata may be told twice, as there.
void validateCreate(Kind& kind, std::function<field::Errors(const Object& now)> own);
void validateUpdate(Kind& kind, std::function<field::Errors(const Object& now, const Object& old)> own);
void validateSubresource(Kind& kind, const std::string& subresource, std::function<field::Errors(const Object& now, const Object& old)> own);

// The object as the kind's struct; the kind's functions are only ever given objects of their kind.
template <typename T>
const T& as(const Object& object) {
    return static_cast<const T&>(object);
}
template <typename T>
T& as(Object& object) {
    return static_cast<T&>(object);
}

// Counts metadata.generation: 1 at creation, one more when anything but status and metadata changes.
void countGenerations(Kind& kind);

// The member called `jsonName` of a kind's struct, copied from one object to the other.
void copyField(Object& to, const Object& from, std::string_view jsonName);
void resetField(Object& object, std::string_view jsonName);
bool fieldEquals(const Object& a, const Object& b, std::string_view jsonName);
bool hasField(const Object& object, std::string_view jsonName);

}  // namespace qd::api
