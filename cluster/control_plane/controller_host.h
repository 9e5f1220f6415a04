// Runs the chosen controllers over one set of informers.
#pragma once

#include <memory>
#include <vector>

#include "cluster/apiserver/api_server.h"
#include "cluster/client/informer.h"
#include "cluster/controllers/controllers.h"

namespace qd::control_plane {

class ControllerHost {
public:
    // deliver: where informers and watches run; work: where syncs run, which wait for the disk. They may be the same one.
    ControllerHost(apiserver::ApiServer& server, base::Executor& deliver, base::Executor& work, base::Random& random,
                   const controllers::Options& options, const std::vector<std::string>& chosen);
    ~ControllerHost();

    void start();
    void stop();
    // Shared with whoever else watches the cluster in this process; more may be asked of it before start().
    client::InformerFactory& informers() { return m_informers; }
    // Whether every informer has its first copy.
    bool synced() const;
    const std::vector<std::unique_ptr<controllers::Runner>>& runners() const { return m_runners; }

private:
    std::unique_ptr<client::Client> m_reader;
    client::InformerFactory m_informers;
    std::vector<std::unique_ptr<controllers::Runner>> m_runners;
};

}  // namespace qd::control_plane
