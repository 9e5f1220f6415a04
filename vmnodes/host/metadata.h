// Names and marks by which Quarterdeck knows its own in libvirt.
//
// A cluster's objects are named qd-<cluster>-…; networks and domains also carry its uuid in a <quarterdeck:cluster>
// element, and only the two together make an object ours to remove. Volumes cannot carry metadata: they count as the
// cluster's by their exact name pattern, in Quarterdeck's own storage pool, and only as long as no foreign object
// claims the cluster's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/base/result.h"
#include "vmnodes/host/address_plan.h"
#include "vmnodes/host/xml.h"

namespace qd::host {

std::string networkName(const std::string& cluster);
std::string nodeName(int index);  // "node-1"
std::string domainName(const std::string& cluster, int index);
std::string volumeName(const std::string& cluster, int index, std::string_view what);  // "qd-dev-node-1-data.qcow2"
// "qd-image-<hash>.<what>", shared by clusters.
std::string imageVolumeName(const std::string& hash, std::string_view what);
// At most 15 characters, as the kernel wants.
std::string bridgeName(const std::string& uuid);
// A locally administered address that the cluster's uuid and the index decide.
std::string macAddress(const std::string& uuid, int index);

// Whether that volume belongs to that cluster's nodes or Pods ("…-pvc-<uuid>").
bool isVolumeOf(const std::string& cluster, const std::string& volume);
// The hash in the name of a shared image volume.
std::optional<std::string> imageHashOf(const std::string& volume);

struct Mark {
    std::string uuid;
    std::string cluster;
    int nodes = 0;                    // networks: how many nodes the cluster has
    int index = 0;                    // domains: which node
    std::string cidrs;                // networks: "nodes pods services", separated by spaces
    std::vector<std::string> images;  // hashes of the shared images that are used
};

Xml metadataElement(const Mark& mark);
// root: "/domain" or "/network". nullopt: not Quarterdeck's.
std::optional<Mark> readMark(const XmlDocument& document, const std::string& root);

std::string formatPlan(const AddressPlan& plan);
Result<AddressPlan> parsePlan(const std::string& cidrs);

}  // namespace qd::host
