#include "vmnodes/agent/volumes/volumes.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "vmnodes/agent/volumes/atomic_writer.h"
#include "cluster/api/downward/expansion.h"

namespace qd::agent::volumes {
namespace {

namespace fs = std::filesystem;

std::string volumeFolder(const std::string& root, const corev1::Pod& pod, const char* kind, const std::string& name) {
    return fmt::format("{}/pods/{}/volumes/kubernetes.io~{}/{}", root, pod.metadata.uid, kind, name);
}

std::optional<std::int64_t> groupOf(const corev1::Pod& pod) {
    return pod.spec.securityContext ? pod.spec.securityContext->fsGroup : std::nullopt;
}

// Gives a folder and what it holds to the Pod's group: readable, writable, inherited by new files.
void giveToGroup(const fs::path& folder, std::int64_t group) {
    const auto give = [&](const fs::path& path, bool directory) {
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) return;
        (void)::lchown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(group));
        ::chmod(path.c_str(), status.st_mode | 0660 | (directory ? 02110U : 0U));
    };
    give(folder, true);
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        give(it->path(), it->is_directory(error) && !it->is_symlink(error));
}

const char* payloadKind(const corev1::Volume& volume) {
    if (volume.configMap) return "configmap";
    if (volume.secret) return "secret";
    if (volume.downwardAPI) return "downward-api";
    return "projected";
}

bool existsAs(const std::string& path, mode_t kind) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (kind == 0 || (status.st_mode & S_IFMT) == kind);
}

}  // namespace

Volumes::Volumes(std::string root, Mounter& mounter, ClusterAccess& cluster)
    : m_root(std::move(root)), m_mounter(mounter), m_cluster(cluster) {}

Result<std::string> Volumes::emptyDir(const corev1::Pod& pod, const corev1::Volume& volume) {
    const std::string folder = volumeFolder(m_root, pod, "empty-dir", volume.name);
    std::error_code error;
    const bool fresh = fs::create_directories(folder, error);
    if (error) return fail(Reason::InternalError, "cannot make " + folder + ": " + error.message());
    if (volume.emptyDir && volume.emptyDir->medium == corev1::StorageMediumMemory) {
        const std::int64_t limit = volume.emptyDir->sizeLimit ? volume.emptyDir->sizeLimit->value() : 0;
        if (auto mounted = m_mounter.mountMemory(folder, static_cast<std::uint64_t>(std::max<std::int64_t>(limit, 0)));
            !mounted)
            return fail(mounted.error());
    }
    if (fresh) {
        ::chmod(folder.c_str(), 0777);
        if (const auto group = groupOf(pod)) giveToGroup(folder, *group);
    }
    return folder;
}

Result<std::string> Volumes::hostPath(const corev1::HostPathVolumeSource& source) {
    const std::string type = source.type.value_or("");
    const std::string& path = source.path;
    std::error_code error;
    if (type == corev1::HostPathDirectoryOrCreate) {
        fs::create_directories(path, error);
    } else if (type == corev1::HostPathFileOrCreate && !existsAs(path, 0)) {
        const std::ofstream file(path, std::ios::app);
        ::chmod(path.c_str(), 0644);
    }
    const auto wrong = [&](const char* what) {
        return fail(Reason::BadRequest, fmt::format("hostPath type check failed: {} is not a {}", path, what));
    };
    if ((type == corev1::HostPathDirectory || type == corev1::HostPathDirectoryOrCreate) && !existsAs(path, S_IFDIR))
        return wrong("directory");
    if ((type == corev1::HostPathFile || type == corev1::HostPathFileOrCreate) && !existsAs(path, S_IFREG))
        return wrong("file");
    if (type == corev1::HostPathSocket && !existsAs(path, S_IFSOCK)) return wrong("socket file");
    if (type == corev1::HostPathCharDev && !existsAs(path, S_IFCHR)) return wrong("character device");
    if (type == corev1::HostPathBlockDev && !existsAs(path, S_IFBLK)) return wrong("block device");
    return path;
}

Result<SetUp> Volumes::setUp(const corev1::Pod& pod, const api::downward::DownwardFacts& facts, base::WallTime now) {
    SetUp result;
    for (const corev1::Volume& volume : pod.spec.volumes) {
        const auto within = [&](const Error& error) {
            return fail(error.reason,
                        fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", volume.name, error.message));
        };
        Result<std::string> path = std::string();
        if (volume.hostPath) {
            path = hostPath(*volume.hostPath);
        } else if (volume.emptyDir) {
            path = emptyDir(pod, volume);
        } else if (isPayloadVolume(volume)) {
            auto payload = payloadOf(pod, volume, facts, m_cluster, now);
            if (!payload) return within(payload.error());
            const std::string folder = volumeFolder(m_root, pod, payloadKind(volume), volume.name);
            std::error_code error;
            fs::create_directories(folder, error);
            if (!volume.configMap && !volume.downwardAPI)  // secrets never reach a disk
                if (auto mounted = m_mounter.mountMemory(folder, 0); !mounted) return within(mounted.error());
            if (auto written = writeAtomically(folder, payload->files, groupOf(pod)); !written)
                return within(written.error());
            ::chmod(folder.c_str(), 0777);
            if (payload->refreshAt != base::WallTime{} &&
                (result.refreshAt == base::WallTime{} || payload->refreshAt < result.refreshAt))
                result.refreshAt = payload->refreshAt;
            path = folder;
        } else {
            return within({Reason::BadRequest, "this node supports no volumes of that kind"});
        }
        if (!path) return within(path.error());
        result.hostPaths[volume.name] = *path;
    }
    return result;
}

Result<std::vector<cri::Mount>> Volumes::containerMounts(const corev1::Pod& pod, const corev1::Container& container,
                                                         const SetUp& setUp,
                                                         const std::map<std::string, std::string>& environment) {
    std::vector<cri::Mount> mounts;
    for (std::size_t i = 0; i < container.volumeMounts.size(); ++i) {
        const corev1::VolumeMount& wish = container.volumeMounts[i];
        const auto volume = setUp.hostPaths.find(wish.name);
        if (volume == setUp.hostPaths.end())
            return fail(Reason::BadRequest, fmt::format("cannot find volume \"{}\" to mount into container \"{}\"",
                                                        wish.name, container.name));
        cri::Mount mount;
        mount.containerPath = wish.mountPath.starts_with('/') ? wish.mountPath : "/" + wish.mountPath;
        mount.hostPath = volume->second;
        const auto spec = std::ranges::find(pod.spec.volumes, wish.name, &corev1::Volume::name);
        // Computed content is never writable: the next update would lose what was written.
        mount.readOnly = wish.readOnly || (spec != pod.spec.volumes.end() && isPayloadVolume(*spec));
        const std::string propagation = wish.mountPropagation.value_or("None");
        if (propagation == corev1::MountPropagationHostToContainer)
            mount.propagation = cri::MountPropagation::HostToContainer;
        if (propagation == corev1::MountPropagationBidirectional)
            mount.propagation = cri::MountPropagation::Bidirectional;
        std::string sub = wish.subPath;
        if (!wish.subPathExpr.empty()) {
            auto expanded = api::downward::expandStrictly(wish.subPathExpr, environment);
            if (!expanded) return fail(expanded.error());
            sub = *expanded;
        }
        if (!sub.empty()) {
            const std::string target = fmt::format("{}/pods/{}/volume-subpaths/{}/{}/{}", m_root, pod.metadata.uid,
                                                   wish.name, container.name, i);
            // A container that restarts gets the path as it is now.
            if (auto unmounted = m_mounter.unmount(target); !unmounted) return fail(unmounted.error());
            if (auto bound = m_mounter.bindBelow(volume->second, sub, target); !bound)
                return fail(bound.error().within(
                    fmt::format("failed to prepare subPath for volumeMount \"{}\" of container \"{}\"", wish.name,
                                container.name)));
            mount.hostPath = target;
        }
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

Result<void> Volumes::tearDown(const std::string& podUid) {
    const fs::path folder = fs::path(m_root) / "pods" / podUid;
    std::error_code error;
    // Whatever may be a mount point, the deepest first: subPaths, then volumes.
    for (const char* part : {"volume-subpaths", "volumes"}) {
        std::vector<fs::path> candidates;
        fs::recursive_directory_iterator it(folder / part, error), end;
        for (; !error && it != end; it.increment(error)) {
            if (it.depth() <= 2) candidates.push_back(it->path());
            if (it.depth() >= 2 || it->is_symlink(error)) it.disable_recursion_pending();
        }
        for (auto path = candidates.rbegin(); path != candidates.rend(); ++path)
            if (auto unmounted = m_mounter.unmount(path->string()); !unmounted) return unmounted;
    }
    fs::remove_all(folder, error);
    if (error) return fail(Reason::InternalError, "cannot delete " + folder.string() + ": " + error.message());
    return {};
}

std::vector<std::string> Volumes::podsOnDisk() const {
    std::vector<std::string> uids;
    std::error_code error;
    for (fs::directory_iterator it(m_root + "/pods", error), end; !error && it != end; it.increment(error))
        uids.push_back(it->path().filename());
    return uids;
}

}  // namespace qd::agent::volumes
