// Removes Pods that nobody else will: those of nodes that are gone, those that were deleted before they had a node, those
// that are stuck on nodes out of service, and finished ones beyond a number.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

struct PodGcInput {
    std::vector<client::Ptr<corev1::Pod>> pods;
    std::map<std::string, client::Ptr<corev1::Node>> nodes;
    std::size_t finishedThreshold = 12500;
};

struct PodGcVictim {
    client::Ptr<corev1::Pod> pod;
    bool nodeIsGone = false;  // to be verified live, and only after the node has been missing for a while
};

// Pure. Each Pod at most once.
std::vector<PodGcVictim> planPodGc(const PodGcInput& input);

class PodGcController final : public Controller {
public:
    explicit PodGcController(Context& context);
    void ready() override;
    Result<Outcome> sync(const std::string& key) override;

private:
    // Whether the node has been missing long enough, and is missing for good.
    bool isGoneForGood(const std::string& node);
    Result<void> remove(const PodGcVictim& victim);

    Context& m_context;
    client::Informer& m_nodes;
    client::Informer& m_pods;
    std::map<std::string, base::SteadyTime> m_missing;  // node -> since when; used by the one worker alone
};

}  // namespace qd::controllers
