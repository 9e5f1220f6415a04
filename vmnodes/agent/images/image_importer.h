// Brings images out of an archive into the container runtime, without a registry.
#pragma once

#include <string>
#include <vector>

#include "cluster/base/result.h"

namespace qd::agent::images {

class ImageImporter {
public:
    virtual ~ImageImporter() = default;
    // Reads an archive as `docker save` or `podman save` writes it, or an OCI image layout as tar; gzip and zstd may be
    // around it. Answers the images' full names (docker.io/library/web:1). Blocks until they can be run. BadRequest:
    // the archive holds nothing that can be used.
    virtual Result<std::vector<std::string>> import(const std::string& archive) = 0;
};

}  // namespace qd::agent::images
