// Brings container images from archives on this machine into a cluster's nodes, without a registry: the archives are sent to
// the nodes' agents (docs/node-agent.md), which hand them to containerd.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/cluster/cluster_status.h"
#include "app/cluster/step.h"

namespace qd::cluster {

struct ImageTarget {
    std::string node;
    std::string server;  // https://192.168.150.11:10250

    bool operator==(const ImageTarget&) const = default;
};

// Who may: the administrator of the cluster.
struct ImageLoadAccess {
    std::string authorityPem;
    std::string certificatePem;
    std::string keyPem;
};

// What became of one archive on one node.
struct LoadedArchive {
    std::string node;
    std::string archive;
    std::vector<std::string> images;  // full names: docker.io/library/web:1
    std::optional<Error> error;
};

// The administrator's, out of the kubeconfig in the cluster's folder.
Result<ImageLoadAccess> imageLoadAccess(const std::string& kubeconfigFile);

// The nodes of a running cluster, or those that are named. NotFound names one that there is not; ServiceUnavailable: the
// cluster does not run.
Result<std::vector<ImageTarget>> imageTargets(const ClusterView& view, const std::vector<std::string>& named);

// The archives as they are given, after a look at each. NotFound, with how to save an image, when there is no such file;
// Invalid when it is not a tar archive (gzip and zstd may be around it).
Result<void> checkArchives(const std::vector<std::string>& archives);

// Loads every archive into every node, the nodes beside each other. Synchronous; steps "<node>/<archive>" are reported on
// the caller's thread. Never stops at an error: each outcome is in the answer, archive by archive in the order of nodes.
std::vector<LoadedArchive> loadImages(const ImageLoadAccess& access, const std::vector<ImageTarget>& targets,
                                      const std::vector<std::string>& archives, const StepHandler& report,
                                      std::stop_token stop);

}  // namespace qd::cluster
