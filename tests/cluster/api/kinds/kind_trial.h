// Drives a kind's functions in the order of the API server, without one.
#pragma once

#include <QtTest>
#include <memory>
#include <set>
#include <string>

#include "cluster/api/codec/json.h"
#include "cluster/api/kinds/kind.h"

namespace qd::api::test {

struct Tried {
    std::unique_ptr<Object> object;
    std::string faults;  // "field: body" a line

    std::string json() const { return encodeJson(*object); }
};

inline std::string told(const field::Errors& errors) {
    std::string text;
    for (const auto& error : errors) text += (text.empty() ? "" : "\n") + error.message();
    return text;
}

inline std::unique_ptr<Object> decoded(const Kind& kind, const std::string& json) {
    auto object = kind.make();
    const auto done = decodeJson(json, *kind.structure, object.get());
    if (!done) qFatal("%s", done.error().message.c_str());
    if (kind.defaults) kind.defaults(*object);
    return object;
}

inline Tried create(const Kind& kind, const std::string& json) {
    Tried tried{decoded(kind, json), ""};
    if (kind.namespaced && tried.object->metadata.namespace_.empty()) tried.object->metadata.namespace_ = "default";
    if (kind.prepareForCreate) kind.prepareForCreate(*tried.object);
    if (kind.validate) tried.faults = told(kind.validate(*tried.object));
    return tried;
}

inline Tried update(const Kind& kind, const std::string& before, const std::string& after,
                    const std::string& subresource = "") {
    auto old = std::move(create(kind, before).object);
    old->metadata.resourceVersion = "1";
    Tried tried{decoded(kind, after), ""};
    const UpdateRules& rules = subresource.empty() ? kind.update : kind.subresourceUpdates.at(subresource);
    if (kind.namespaced) tried.object->metadata.namespace_ = "default";
    tried.object->metadata.resourceVersion = "1";
    tried.object->metadata.generation = old->metadata.generation;
    if (rules.prepare) rules.prepare(*tried.object, *old);
    tried.faults = told(rules.validate(*tried.object, *old));
    return tried;
}

// A change of an object as it is stored, made by `edit`.
template <typename T, typename Edit>
Tried change(const Kind& kind, const T& stored, Edit edit, const std::string& subresource = "") {
    Tried tried{stored.clone(), ""};
    edit(static_cast<T&>(*tried.object));
    if (kind.defaults) kind.defaults(*tried.object);
    const UpdateRules& rules = subresource.empty() ? kind.update : kind.subresourceUpdates.at(subresource);
    if (rules.prepare) rules.prepare(*tried.object, stored);
    tried.faults = told(rules.validate(*tried.object, stored));
    return tried;
}

template <typename T>
T stored(const Kind& kind, const std::string& json) {
    auto made = create(kind, json);
    if (!made.faults.empty()) qFatal("%s", made.faults.c_str());
    made.object->metadata.resourceVersion = "1";
    return static_cast<const T&>(*made.object);
}

}  // namespace qd::api::test
