// The storage pool in which all of Quarterdeck's images and disks lie.
//
// Files are uploaded through libvirt's streams, so QEMU need not be able to read the user's home, and the same works on
// a remote host. An image is uploaded once per hash: its volumes count only when the volume "….complete" stands beside
// them, which is made last, so an upload that was cut short is seen and done again.
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/host/connection.h"
#include "vmnodes/host/machine_xml.h"

namespace qd::host {

class Storage {
public:
    // (bytes done, bytes in all)
    using Progress = std::function<void(std::uint64_t, std::uint64_t)>;

    // Looks the pool up, starting it if need be. NotFound when there is none.
    static Result<Storage> find(Connection& connection, const std::string& name);
    // The same, making it when there is none.
    static Result<Storage> ensure(Connection& connection, const std::string& name, const std::string& path);
    // Where the pool lies when nothing else is said.
    static std::string defaultPath(const Connection& connection);

    Result<std::set<std::string>> volumes() const;
    Result<bool> has(const std::string& volume) const;
    Result<std::string> path(const std::string& volume) const;
    Result<void> create(const VolumeDescription& volume);
    // Creates a raw volume with these bytes, padded with zeros to whole sectors.
    Result<void> createWith(const std::string& volume, std::string_view content);
    // Removing what is not there succeeds.
    Result<void> remove(const std::string& volume);
    Result<std::string> read(const std::string& volume);

    // Uploads the files (name suffix, path) of an image unless it is there complete.
    Result<void> ensureImage(const std::string& hash, const std::vector<std::pair<std::string, std::string>>& files,
                             const Progress& progress, std::stop_token stop);
    // Removes the volumes of every image whose hash is not among these.
    Result<void> removeImagesBut(const std::set<std::string>& hashes);
    // Removes the pool and its folder when no volume is left in it.
    Result<void> removeIfEmpty();

private:
    Storage(virConnectPtr connection, PoolHandle pool, std::string name)
        : m_connection(connection), m_pool(std::move(pool)), m_name(std::move(name)) {}
    Result<VolumeHandle> lookUp(const std::string& volume) const;
    Result<void> refresh() const;
    Result<void> uploadFile(const std::string& volume, const std::string& file, std::uint64_t size,
                            const std::function<void(std::uint64_t)>& sent, std::stop_token stop);

    virConnectPtr m_connection;
    PoolHandle m_pool;
    std::string m_name;
};

// The failure of a function that was asked to stop.
Error cancelled(std::string_view what);

}  // namespace qd::host
