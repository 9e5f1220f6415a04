#include "tests/system/libvirt_things.h"

#include <libvirt/libvirt.h>

#include <memory>

namespace qd::test {

QStringList libvirtThings() {
    const std::unique_ptr<virConnect, int (*)(virConnectPtr)> connection(
        virConnectOpen(qgetenv("QD_LIBVIRT_URI").constData()), virConnectClose);
    if (!connection) return {"no connection"};
    QStringList names;
    virDomainPtr* domains = nullptr;
    for (int i = 0, count = virConnectListAllDomains(connection.get(), &domains, 0); i < count; ++i) {
        names << "domain " + QString(virDomainGetName(domains[i]));
        virDomainFree(domains[i]);
    }
    virNetworkPtr* networks = nullptr;
    for (int i = 0, count = virConnectListAllNetworks(connection.get(), &networks, 0); i < count; ++i) {
        names << "network " + QString(virNetworkGetName(networks[i]));
        virNetworkFree(networks[i]);
    }
    virStoragePoolPtr* pools = nullptr;
    for (int i = 0, count = virConnectListAllStoragePools(connection.get(), &pools, 0); i < count; ++i) {
        const QString pool = virStoragePoolGetName(pools[i]);
        names << "pool " + pool;
        virStorageVolPtr* volumes = nullptr;
        for (int j = 0, all = virStoragePoolListAllVolumes(pools[i], &volumes, 0); j < all; ++j) {
            names << "volume " + pool + "/" + virStorageVolGetName(volumes[j]);
            virStorageVolFree(volumes[j]);
        }
        free(volumes);
        virStoragePoolFree(pools[i]);
    }
    for (void* list : {static_cast<void*>(domains), static_cast<void*>(networks), static_cast<void*>(pools)})
        free(list);
    return names;
}

}  // namespace qd::test
