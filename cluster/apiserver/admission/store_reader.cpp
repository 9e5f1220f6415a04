#include "cluster/apiserver/admission/store_reader.h"

namespace qd::apiserver {

api::ObjectPtr StoreReader::get(const std::string& groupResource, const std::string& ns, const std::string& name) const {
    const auto latest = m_store.latest({groupResource, ns, name});
    if (!latest || !latest->entry) return nullptr;
    return latest->entry->object();
}

std::vector<api::ObjectPtr> StoreReader::list(const std::string& groupResource, const std::string& ns) const {
    std::vector<api::ObjectPtr> objects;
    const auto snapshot = m_store.snapshot(groupResource);
    if (!snapshot) return objects;
    for (const auto& entry : snapshot->entries(ns)) objects.push_back(entry->object());
    return objects;
}

}  // namespace qd::apiserver
