// Deletes Jobs that have ended when the time that they are to be kept is over.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/.
#pragma once

#include "cluster/api/types/batch_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

// Until when an ended Job is kept; nothing when it is kept for good, is being deleted or has not ended.
std::optional<base::WallTime> keptUntil(const batchv1::Job& job);

class TtlAfterFinishedController final : public Controller {
public:
    explicit TtlAfterFinishedController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    client::Informer& m_jobs;
};

}  // namespace qd::controllers
