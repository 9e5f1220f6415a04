// The files that a node boots from, made by vmnodes/image (docs/node-image.md).
#pragma once

#include <cstdint>
#include <string>

#include "cluster/base/result.h"

namespace qd::host {

// Paths are on the machine that runs Quarterdeck; the node pool uploads the files into libvirt's storage, once per
// hash.
struct NodeImage {
    std::string hash;  // of the recipe and everything in it
    std::string kernel;
    std::string initrd;        // empty: none
    std::string rootImage;     // raw, read-only, shared by all nodes; empty: none
    std::string dataTemplate;  // qcow2 that every node's data disk is an overlay of; empty: data disks start blank
    std::uint64_t dataVirtualSize = 0;  // bytes; a data disk is at least as large
    std::string commandLine;            // the kernel's
    std::string commandLineTcg;         // appended when there is no KVM
    std::string agentDisk;              // raw, read-only, shared: qdeck-agent and its libraries; empty: none
    std::string agentHash;              // of the agent disk's content
};

// Reads manifest.json in the image's folder. NotFound or Invalid names the folder and what to do.
Result<NodeImage> loadNodeImage(const std::string& folder);

// Adds an agent disk made by vmnodes/image/pack-agent; its hash is that of its bytes (SHA-256, shortened).
Result<void> addAgentDisk(NodeImage& image, const std::string& path);

}  // namespace qd::host
