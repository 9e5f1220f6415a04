#include "vmnodes/host/storage.h"

#include <fmt/format.h>
#include <libvirt/virterror.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "vmnodes/host/libvirt_error.h"
#include "vmnodes/host/metadata.h"
#include "vmnodes/host/node_pool.h"

namespace qd::host {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = 1 << 20;
constexpr std::size_t kSector = 512;
constexpr std::string_view kComplete = "complete";

bool lastErrorIs(int code) {
    const virErrorPtr last = virGetLastError();
    return last != nullptr && last->code == code;
}

// A stream that is aborted unless it was finished.
class Stream {
public:
    explicit Stream(virConnectPtr connection) : m_handle(virStreamNew(connection, 0)) {}
    ~Stream() {
        if (m_handle && !m_finished) virStreamAbort(m_handle.get());
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    virStreamPtr get() const { return m_handle.get(); }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const int sent = virStreamSend(m_handle.get(), bytes.data(), bytes.size());
            if (sent < 0) return failed();
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    bool finish() {
        m_finished = true;
        return virStreamFinish(m_handle.get()) == 0;
    }
    // libvirt has ended a stream that failed; aborting it again would only replace the error.
    bool failed() {
        m_finished = true;
        return false;
    }

private:
    StreamHandle m_handle;
    bool m_finished = false;
};

}  // namespace

Error cancelled(std::string_view what) {
    Error error{Reason::Unknown, fmt::format("{} was cancelled", what)};
    error.code = kCancelledCode;
    return error;
}

std::string Storage::defaultPath(const Connection& connection) {
    if (connection.isSystem()) return "/var/lib/libvirt/images/quarterdeck";
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0')
        return std::string(data) + "/quarterdeck/volumes";
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr ? home : "") + "/.local/share/quarterdeck/volumes";
}

Result<Storage> Storage::find(Connection& connection, const std::string& name) {
    PoolHandle pool(virStoragePoolLookupByName(connection.get(), name.c_str()));
    if (!pool) return fail(lastLibvirtError("looking for the storage pool " + name));
    if (virStoragePoolIsActive(pool.get()) != 1 &&
        virStoragePoolCreate(pool.get(), VIR_STORAGE_POOL_CREATE_WITH_BUILD) != 0 &&
        virStoragePoolIsActive(pool.get()) != 1) {
        return fail(lastLibvirtError("starting the storage pool " + name));
    }
    return Storage(connection.get(), std::move(pool), name);
}

Result<Storage> Storage::ensure(Connection& connection, const std::string& name, const std::string& path) {
    auto found = find(connection, name);
    if (found || found.error().reason != Reason::NotFound) return found;
    const auto xml = poolXml(name, path.empty() ? defaultPath(connection) : path).toString();
    if (!xml) return fail(xml.error());
    const PoolHandle defined(virStoragePoolDefineXML(connection.get(), xml->c_str(), 0));
    // Another process may have been faster: what counts is that it is there.
    if (!defined && !(found = find(connection, name))) return fail(lastLibvirtError("making the storage pool " + name));
    if (defined) virStoragePoolSetAutostart(defined.get(), 1);
    found = find(connection, name);
    if (!found && defined) virStoragePoolUndefine(defined.get());
    return found;
}

Result<void> Storage::refresh() const {
    if (virStoragePoolRefresh(m_pool.get(), 0) != 0)
        return fail(lastLibvirtError("reading the storage pool " + m_name));
    return {};
}

Result<std::set<std::string>> Storage::volumes() const {
    if (auto refreshed = refresh(); !refreshed) return fail(refreshed.error());
    virStorageVolPtr* list = nullptr;
    const int count = virStoragePoolListAllVolumes(m_pool.get(), &list, 0);
    if (count < 0) return fail(lastLibvirtError("listing the storage pool " + m_name));
    std::set<std::string> names;
    for (int i = 0; i < count; ++i) {
        const VolumeHandle volume(list[i]);
        names.insert(virStorageVolGetName(volume.get()));
    }
    std::free(list);
    return names;
}

Result<VolumeHandle> Storage::lookUp(const std::string& volume) const {
    VolumeHandle handle(virStorageVolLookupByName(m_pool.get(), volume.c_str()));
    if (!handle) return fail(lastLibvirtError("looking for the volume " + volume));
    return handle;
}

Result<bool> Storage::has(const std::string& volume) const {
    const auto handle = lookUp(volume);
    if (!handle && handle.error().reason != Reason::NotFound) return fail(handle.error());
    return handle.has_value();
}

Result<std::string> Storage::path(const std::string& volume) const {
    const auto handle = lookUp(volume);
    if (!handle) return fail(handle.error());
    const std::unique_ptr<char, void (*)(void*)> path(virStorageVolGetPath(handle->get()), std::free);
    if (!path) return fail(lastLibvirtError("asking where the volume " + volume + " lies"));
    return std::string(path.get());
}

Result<void> Storage::create(const VolumeDescription& volume) {
    const auto xml = volumeXml(volume).toString();
    if (!xml) return fail(xml.error());
    const VolumeHandle handle(virStorageVolCreateXML(m_pool.get(), xml->c_str(), 0));
    if (!handle) return fail(lastLibvirtError("making the volume " + volume.name));
    return {};
}

Result<void> Storage::remove(const std::string& volume) {
    const auto handle = lookUp(volume);
    if (!handle && handle.error().reason == Reason::NotFound) return {};
    if (!handle) return fail(handle.error());
    if (virStorageVolDelete(handle->get(), 0) != 0 && !lastErrorIs(VIR_ERR_NO_STORAGE_VOL)) {
        return fail(lastLibvirtError("removing the volume " + volume));
    }
    return {};
}

Result<void> Storage::createWith(const std::string& volume, std::string_view content) {
    std::string padded(content);
    padded.resize(std::max((content.size() + kSector - 1) / kSector, std::size_t{1}) * kSector, '\0');
    if (auto made = create({.name = volume, .format = "raw", .capacity = padded.size(), .backingPath = {}}); !made)
        return made;
    const auto handle = lookUp(volume);
    if (!handle) return fail(handle.error());
    Stream stream(m_connection);
    if (virStorageVolUpload(handle->get(), stream.get(), 0, padded.size(), 0) != 0 || !stream.send(padded) ||
        !stream.finish()) {
        return fail(lastLibvirtError("writing the volume " + volume));
    }
    return {};
}

Result<std::string> Storage::read(const std::string& volume) {
    if (auto refreshed = refresh(); !refreshed) return fail(refreshed.error());
    const auto handle = lookUp(volume);
    if (!handle) return fail(handle.error());
    Stream stream(m_connection);
    if (virStorageVolDownload(handle->get(), stream.get(), 0, 0, 0) != 0)
        return fail(lastLibvirtError("reading the volume " + volume));
    std::string content;
    std::string buffer(kChunk, '\0');
    for (;;) {
        const int count = virStreamRecv(stream.get(), buffer.data(), buffer.size());
        if (count < 0) {
            stream.failed();
            return fail(lastLibvirtError("reading the volume " + volume));
        }
        if (count == 0) break;
        content.append(buffer, 0, static_cast<std::size_t>(count));
    }
    stream.finish();
    return content;
}

Result<void> Storage::uploadFile(const std::string& volume, const std::string& file, std::uint64_t size,
                                 const std::function<void(std::uint64_t)>& sent, std::stop_token stop) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(Reason::NotFound, fmt::format("cannot read {}", file));
    if (auto made = create({.name = volume, .format = "raw", .capacity = size, .backingPath = {}}); !made) return made;
    const auto handle = lookUp(volume);
    if (!handle) return fail(handle.error());
    Stream stream(m_connection);
    const auto failed = [&] {
        return fail(lastLibvirtError(fmt::format("uploading {} to the volume {}", file, volume)));
    };
    if (virStorageVolUpload(handle->get(), stream.get(), 0, size, 0) != 0) return failed();
    std::string buffer(kChunk, '\0');
    std::uint64_t done = 0;
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
        if (stop.stop_requested()) return fail(cancelled("uploading " + file));
        const auto count = static_cast<std::size_t>(in.gcount());
        if (!stream.send(std::string_view(buffer).substr(0, count))) return failed();
        done += count;
        sent(count);
    }
    if (done != size) return fail(Reason::Conflict, fmt::format("{} changed while it was being uploaded", file));
    return stream.finish() ? Result<void>{} : failed();
}

Result<void> Storage::ensureImage(const std::string& hash,
                                  const std::vector<std::pair<std::string, std::string>>& files,
                                  const Progress& progress, std::stop_token stop) {
    const auto present = volumes();
    if (!present) return fail(present.error());
    if (present->contains(imageVolumeName(hash, kComplete))) return {};

    std::vector<std::uint64_t> sizes;
    std::uint64_t total = 0;
    for (const auto& [suffix, file] : files) {
        std::error_code error;
        sizes.push_back(fs::file_size(file, error));
        if (error) return fail(Reason::NotFound, fmt::format("the node image lacks {}: {}", file, error.message()));
        total += sizes.back();
    }
    std::uint64_t done = 0;
    const auto sent = [&](std::uint64_t count) {
        done += count;
        if (progress) progress(done, total);
    };
    for (std::size_t i = 0; i < files.size(); ++i) {
        const std::string volume = imageVolumeName(hash, files[i].first);
        // What stands there without "complete" was cut short; libvirt refuses to remove it while somebody is uploading
        // it.
        if (auto removed = remove(volume); !removed) {
            return fail(removed.error().within(
                "another Quarterdeck may be uploading the same image, try again when it is done"));
        }
        if (auto uploaded = uploadFile(volume, files[i].second, sizes[i], sent, stop); !uploaded) {
            std::ignore = remove(volume);
            return uploaded;
        }
    }
    return create({.name = imageVolumeName(hash, kComplete), .format = "raw", .capacity = 0, .backingPath = {}});
}

Result<void> Storage::removeImagesBut(const std::set<std::string>& hashes) {
    const auto present = volumes();
    if (!present) return fail(present.error());
    // "complete" goes first, so that a removal that is cut short leaves nothing that looks whole.
    std::vector<std::string> doomed;
    for (const std::string& volume : *present) {
        const auto hash = imageHashOf(volume);
        if (!hash || hashes.contains(*hash)) continue;
        doomed.insert(volume.ends_with(kComplete) ? doomed.begin() : doomed.end(), volume);
    }
    for (const std::string& volume : doomed) {
        if (auto removed = remove(volume); !removed) return removed;
    }
    return {};
}

Result<void> Storage::removeIfEmpty() {
    const auto present = volumes();
    if (!present) return fail(present.error());
    if (!present->empty()) return {};
    if (virStoragePoolDestroy(m_pool.get()) != 0) return fail(lastLibvirtError("stopping the storage pool " + m_name));
    // The folder stays when it holds something that is no volume: that is not ours to remove.
    virStoragePoolDelete(m_pool.get(), VIR_STORAGE_POOL_DELETE_NORMAL);
    if (virStoragePoolUndefine(m_pool.get()) != 0) return fail(lastLibvirtError("removing the storage pool " + m_name));
    return {};
}

}  // namespace qd::host
