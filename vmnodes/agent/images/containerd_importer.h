// The importer over containerd's transfer service (api/services/transfer/v1): containerd itself reads the archive,
// which is fed to it through its streaming service, unpacks the layers for this machine's architecture and names the
// images.
#pragma once

#include <memory>

#include "cluster/base/time.h"
#include "vmnodes/agent/images/image_importer.h"

namespace qd::agent::images {

struct ImporterSettings {
    std::string socket = "/run/containerd/containerd.sock";
    std::chrono::seconds timeout = std::chrono::minutes(30);  // for one archive
};

class ContainerdImporter final : public ImageImporter {
public:
    explicit ContainerdImporter(ImporterSettings settings);
    ~ContainerdImporter() override;
    Result<std::vector<std::string>> import(const std::string& archive) override;

private:
    struct Stubs;
    const ImporterSettings m_settings;
    std::unique_ptr<Stubs> m_stubs;
};

}  // namespace qd::agent::images
