// The volumes of Pods on this node: set up before containers start, kept up to date while they run, taken down
// afterwards. Folders are kubelet's: <root>/pods/<uid>/volumes/kubernetes.io~<kind>/<name>.
//
// Calls for one Pod must come one after another; different Pods may be served at the same time.
#pragma once

#include <map>
#include <string>

#include "vmnodes/agent/cluster_access.h"
#include "vmnodes/agent/cri/types.h"
#include "cluster/api/downward/downward_api.h"
#include "vmnodes/agent/volumes/mounter.h"

namespace qd::agent::volumes {

struct SetUp {
    std::map<std::string, std::string> hostPaths;  // by volume name
    base::WallTime refreshAt{};                    // 1970 = only when something changes
};

class Volumes {
public:
    Volumes(std::string root, Mounter& mounter, ClusterAccess& cluster);

    // Makes every volume of the Pod, or brings its content up to date. The message of an error is what kubelet's
    // FailedMount event says after "MountVolume.SetUp failed for volume \"x\" : ".
    Result<SetUp> setUp(const corev1::Pod& pod, const api::downward::DownwardFacts& facts, base::WallTime now);

    // The mounts of one container; subPaths are bound to folders of their own. `environment` expands subPathExpr.
    Result<std::vector<cri::Mount>> containerMounts(const corev1::Pod& pod, const corev1::Container& container,
                                                    const SetUp& setUp,
                                                    const std::map<std::string, std::string>& environment);

    // Unmounts and deletes everything of the Pod. All its containers must have ended. Idempotent.
    Result<void> tearDown(const std::string& podUid);
    // Uids of the Pods that have folders here.
    std::vector<std::string> podsOnDisk() const;

private:
    Result<std::string> emptyDir(const corev1::Pod& pod, const corev1::Volume& volume);
    Result<std::string> hostPath(const corev1::HostPathVolumeSource& source);

    std::string m_root;
    Mounter& m_mounter;
    ClusterAccess& m_cluster;
};

}  // namespace qd::agent::volumes
