// Holds a namespace to its ResourceQuotas. What a write would use is charged to `status.used` before the write happens, by
// compare-and-swap against the newest state, so that writes at the same time never use more than `status.hard` together. A write
// that fails afterwards has been charged too much: the resourcequota controller measures anew.
// Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/.
//
// Runs last, because nothing is to be charged for a write that another plugin refuses. Thread-safe. Requests of one namespace are
// evaluated one after another, so that none is charged to one quota and then refused by another that changed meanwhile.
#pragma once

#include <array>
#include <mutex>

#include "cluster/apiserver/admission/admission.h"
#include "cluster/base/time.h"
#include "cluster/store/store.h"

namespace qd::apiserver {

class ResourceQuotaAdmission final : public AdmissionPlugin {
public:
    // Both outlive it.
    ResourceQuotaAdmission(store::Store& store, const base::Clock& clock) : m_store(store), m_clock(clock) {}
    const char* name() const override { return "ResourceQuota"; }
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;

private:
    std::mutex& turnOf(const std::string& ns) const { return m_turns[std::hash<std::string>()(ns) % m_turns.size()]; }

    store::Store& m_store;
    const base::Clock& m_clock;
    mutable std::array<std::mutex, 16> m_turns;  // namespaces share them
};

}  // namespace qd::apiserver
