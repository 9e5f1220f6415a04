// A store's contents for admission plugins under test: what stands in a map.
#pragma once

#include <map>

#include "cluster/apiserver/admission/admission.h"

namespace qd::apiserver {

class KnownObjects final : public Reader {
public:
    template <typename T>
    void add(const std::string& groupResource, T object) {
        const std::string ns = object.metadata.namespace_;
        const std::string name = object.metadata.name;
        m_objects[groupResource][{ns, name}] = std::make_shared<const T>(std::move(object));
    }

    api::ObjectPtr get(const std::string& groupResource, const std::string& ns,
                       const std::string& name) const override {
        const auto resource = m_objects.find(groupResource);
        if (resource == m_objects.end()) return nullptr;
        const auto found = resource->second.find({ns, name});
        return found == resource->second.end() ? nullptr : found->second;
    }

    std::vector<api::ObjectPtr> list(const std::string& groupResource, const std::string& ns) const override {
        std::vector<api::ObjectPtr> all;
        const auto resource = m_objects.find(groupResource);
        if (resource == m_objects.end()) return all;
        for (const auto& [key, object] : resource->second) {
            if (ns.empty() || key.first == ns) all.push_back(object);
        }
        return all;
    }

private:
    std::map<std::string, std::map<std::pair<std::string, std::string>, api::ObjectPtr>> m_objects;
};

}  // namespace qd::apiserver
