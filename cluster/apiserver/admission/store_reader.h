// Reads the newest state for admission and authorisation, writes on their way to disk included.
#pragma once

#include "cluster/apiserver/admission/admission.h"
#include "cluster/store/store.h"

namespace qd::apiserver {

class StoreReader final : public Reader {
public:
    explicit StoreReader(store::Store& store) : m_store(store) {}
    api::ObjectPtr get(const std::string& groupResource, const std::string& ns, const std::string& name) const override;
    std::vector<api::ObjectPtr> list(const std::string& groupResource, const std::string& ns) const override;

private:
    store::Store& m_store;
};

}  // namespace qd::apiserver
