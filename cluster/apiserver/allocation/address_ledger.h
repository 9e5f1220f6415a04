// The IPAddress and ServiceCIDR objects, as the allocation of cluster IPs reads and writes them.
// Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#ip-address-objects.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/meta/ip.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/admission.h"
#include "cluster/base/time.h"
#include "cluster/store/store.h"

namespace qd::apiserver {

class AddressLedger {
public:
    explicit AddressLedger(const Reader& reader) : m_reader(reader) {}

    // The IPv4 ranges of the ServiceCIDRs that are ready, in order of their names; `otherwise` while there is no
    // ServiceCIDR at all.
    std::vector<api::IpNetwork> ranges(const api::IpNetwork& otherwise) const;
    // Whether an IPAddress stands for it that is not this Service's ("namespace/name"), nor of a Service that is gone.
    bool isTaken(const api::IpAddress& ip, const std::string& service) const;
    // Writes down that the Service has the address; false when somebody else has it. Does not wait for the disk: what
    // is submitted to the store afterwards is committed afterwards.
    bool write(store::Store& store, const corev1::Service& service, const api::IpAddress& ip, std::string uid,
               base::WallTime now) const;

private:
    const Reader& m_reader;
};

}  // namespace qd::apiserver
