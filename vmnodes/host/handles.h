// Owners of libvirt's reference-counted objects. A handle is never null unless it was default-constructed or moved
// from.
#pragma once

#include <libvirt/libvirt.h>

#include <memory>

namespace qd::host {

template <typename T, int (*release)(T*)>
struct Release {
    void operator()(T* object) const { release(object); }
};

using ConnectHandle = std::unique_ptr<virConnect, Release<virConnect, virConnectClose>>;
using DomainHandle = std::unique_ptr<virDomain, Release<virDomain, virDomainFree>>;
using NetworkHandle = std::unique_ptr<virNetwork, Release<virNetwork, virNetworkFree>>;
using PoolHandle = std::unique_ptr<virStoragePool, Release<virStoragePool, virStoragePoolFree>>;
using VolumeHandle = std::unique_ptr<virStorageVol, Release<virStorageVol, virStorageVolFree>>;
using StreamHandle = std::unique_ptr<virStream, Release<virStream, virStreamFree>>;

}  // namespace qd::host
