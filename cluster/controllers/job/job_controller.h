// Runs Pods until as many as a Job asks for have succeeded.
#pragma once

#include <map>
#include <mutex>

#include "cluster/api/types/batch_v1.h"
#include "cluster/controllers/job/job_sync.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class JobController final : public Controller {
public:
    explicit JobController(Context& context);
    // The key of a Job; or, after '~', that of a Pod whose Job will not count it any more.
    Result<Outcome> sync(const std::string& key) override;

private:
    void onJob(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void onPod(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeOwner(const api::Object& pod, std::uint64_t cause);
    client::Ptr<batchv1::Job> ownerOf(const api::Object& pod) const;
    Result<Outcome> syncJob(const std::string& key, const batchv1::Job& job);
    Result<Pods> claimPods(const std::string& key, const batchv1::Job& job);
    // Takes the finalizer from a Pod that nobody counts.
    Result<Outcome> syncStray(const std::string& podKey);

    Context& m_context;
    client::Informer& m_jobs;
    client::Informer& m_pods;
    Expectations m_expectations;
    std::mutex m_mutex;
    std::map<std::string, JobBackoff>
        m_backoffs;  // by key; guarded by m_mutex, an entry is used by its key's sync alone
};

}  // namespace qd::controllers
