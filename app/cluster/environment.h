// Where the parts lie that a cluster is made of: the user's folders, the node image and the agent's disk.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "app/cluster/step.h"
#include "vmnodes/host/cluster_layout.h"
#include "vmnodes/host/node_image.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {

struct Environment {
    host::Directories directories;
    std::string imageBuilder;  // the program that builds the node image, or finds it built (docs/node-image.md)
    std::string imageFolder;   // a finished image; when it is given nothing is built
    std::string agentDisk;     // made by vmnodes/image/pack-agent
    host::NodePoolOptions pool;
    std::filesystem::path userKubeconfig;  // what kubectl reads; an entry of a deleted cluster is removed from it
    std::string debug;                     // qd.debug of the nodes, for tests

    // Beside the running program, in its source tree or where it is installed. QD_NODE_IMAGE and QD_AGENT_DISK go
    // before what is found.
    static Environment ofThisProgram();
};

// The image that nodes boot from, with the agent's disk: built first if need be, which takes some minutes and reports the
// step "image" as it goes. NotFound says what is missing and what to do.
Result<host::NodeImage> provideNodeImage(const Environment& environment, const base::Clock& clock, Steps& steps,
                                         std::stop_token stop);

}  // namespace qd::cluster
