// Answers VolumeAttachments of the hollow driver, as a CSI driver's attacher does: a volume is on a node a while after
// its attachment was asked for, and off a while after the attachment was deleted. A volume that one node may have is
// never given to a second one, whoever asks. It belongs to the storage, not to a node: it answers for nodes that are
// lost too.
//
// Everything happens on one strand; writes block there for a commit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/client/informer.h"

namespace qd::hollow {

struct VolumeTiming {
    base::Duration attach = std::chrono::milliseconds(100);
    base::Duration detach = std::chrono::milliseconds(100);
};

class Attacher {
public:
    // Asks the factory for its informers: make it before the factory starts.
    Attacher(client::Client& client, client::InformerFactory& informers, base::Executor& executor, VolumeTiming timing);
    ~Attacher();

    // Puts the driver and its storage classes there where they are missing, and begins to answer.
    void start();
    void stop();  // nothing is begun after this returns; waits for what runs, unless under simulation

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::hollow
