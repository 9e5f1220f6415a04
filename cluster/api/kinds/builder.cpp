#include "cluster/api/kinds/builder.h"

#include <stdexcept>

#include "cluster/api/assign.h"
#include "cluster/api/compare.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/registry.h"

namespace qd::api {
namespace {

constexpr std::string_view kStatus = "status";

struct Member {
    const Field* field = nullptr;
    std::size_t offset = 0;
};

Member memberOf(const Object& object, std::string_view jsonName) {
    Member member;
    member.field = object.descriptor().find(jsonName, &member.offset);
    return member;
}

const void* at(const Object& object, std::size_t offset) { return reinterpret_cast<const char*>(&object) + offset; }
void* at(Object& object, std::size_t offset) { return reinterpret_cast<char*>(&object) + offset; }

// The members that make up the desired state: all but metadata and status.
bool desiredStateDiffers(const Object& a, const Object& b) {
    for (const Field& member : a.descriptor().fields) {
        if (member.inlined || member.name == "metadata" || member.name == kStatus) continue;
        if (!equal(member.type(), at(a, member.offset), at(b, member.offset))) return true;
    }
    return false;
}

const field::Path kMetadata("metadata");

field::Errors metadataUpdateErrors(const Object& now, const Object& old) { return validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata); }

field::Errors updateErrorsOfAllKinds(const Object& now, const Object& old, bool namespaced) {
    field::Errors errors = validateAnyMeta(now.metadata, namespaced, nameAsPathSegmentErrors, kMetadata);
    field::append(errors, validateAnyMetaUpdate(now.metadata, old.metadata, kMetadata));
    return errors;
}

std::function<field::Errors(const Object&, const Object&)> aroundUpdate(bool namespaced, std::function<field::Errors(const Object&, const Object&)> own) {
    return [namespaced, own = std::move(own)](const Object& now, const Object& old) {
        field::Errors errors = updateErrorsOfAllKinds(now, old, namespaced);
        field::append(errors, own(now, old));
        return errors;
    };
}

}  // namespace

void validateCreate(Kind& kind, std::function<field::Errors(const Object& now)> own) {
    kind.validate = [namespaced = kind.namespaced, own = std::move(own)](const Object& object) {
        field::Errors errors = own(object);
        if (errors.empty()) errors = validateAnyMeta(object.metadata, namespaced, nameAsPathSegmentErrors, kMetadata);
        return errors;
    };
}

void validateUpdate(Kind& kind, std::function<field::Errors(const Object& now, const Object& old)> own) {
    kind.update.validate = aroundUpdate(kind.namespaced, std::move(own));
}

void validateSubresource(Kind& kind, const std::string& subresource, std::function<field::Errors(const Object& now, const Object& old)> own) {
    kind.subresourceUpdates[subresource].validate = aroundUpdate(kind.namespaced, std::move(own));
}

bool hasField(const Object& object, std::string_view jsonName) { return memberOf(object, jsonName).field != nullptr; }

void copyField(Object& to, const Object& from, std::string_view jsonName) {
    const Member member = memberOf(to, jsonName);
    if (member.field) assign(member.field->type(), at(to, member.offset), at(from, member.offset));
}

void resetField(Object& object, std::string_view jsonName) {
    const Member member = memberOf(object, jsonName);
    if (member.field) reset(member.field->type(), at(object, member.offset));
}

bool fieldEquals(const Object& a, const Object& b, std::string_view jsonName) {
    const Member member = memberOf(a, jsonName);
    return !member.field || equal(member.field->type(), at(a, member.offset), at(b, member.offset));
}

Kind plainKind(std::string_view group, std::string_view version, std::string_view kindName) {
    const KindName* names = findKind(group, version, kindName);
    if (!names) throw std::logic_error("no such generated kind: " + std::string(kindName));
    Kind kind;
    kind.group = group;
    kind.version = version;
    kind.kind = kindName;
    kind.plural = names->resource;
    kind.singular = names->singular;
    kind.namespaced = names->namespaced;
    kind.make = names->make;
    kind.structure = names->structure;

    const bool hasStatus = names->structure->find(kStatus) != nullptr;
    if (hasStatus) {
        kind.prepareForCreate = [](Object& object) { resetField(object, kStatus); };
        kind.update.prepare = [](Object& now, const Object& old) { copyField(now, old, kStatus); };
        kind.update.resetFields = {"status"};
    }
    const bool namespaced = kind.namespaced;
    validateCreate(kind, [namespaced](const Object& object) { return validateObjectMeta(object.metadata, namespaced, nullptr, field::Path("metadata")); });
    validateUpdate(kind, metadataUpdateErrors);
    return kind;
}

void addStatus(Kind& kind) {
    kind.subresources.push_back({.name = "status", .kind = kind.kind, .verbs = {"get", "patch", "update"}});
    UpdateRules rules;
    rules.prepare = [](Object& now, const Object& old) {
        // Metadata is not kept: upstream lets most kinds' metadata be changed through /status.
        for (const Field& member : now.descriptor().fields) {
            if (member.inlined || member.name == "metadata" || member.name == kStatus) continue;
            assign(member.type(), at(now, member.offset), at(old, member.offset));
        }
    };
    rules.resetFields = {"spec"};
    kind.subresourceUpdates["status"] = std::move(rules);
    validateSubresource(kind, "status", metadataUpdateErrors);
}

void addScale(Kind& kind) {
    kind.subresources.push_back({.name = "scale", .group = "autoscaling", .version = "v1", .kind = "Scale", .verbs = {"get", "patch", "update"}});
}

void countGenerations(Kind& kind) {
    kind.prepareForCreate = [before = kind.prepareForCreate](Object& object) {
        if (before) before(object);
        object.metadata.generation = 1;
    };
    kind.update.prepare = [before = kind.update.prepare](Object& now, const Object& old) {
        if (before) before(now, old);
        now.metadata.generation = old.metadata.generation + (desiredStateDiffers(now, old) ? 1 : 0);
    };
}

}  // namespace qd::api
