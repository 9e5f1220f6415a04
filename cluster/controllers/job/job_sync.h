// One sync of one Job: what its Pods have come to, the next Pods or the end of the Job, and the bookkeeping that counts
// each Pod exactly once whatever happens in between.
//
// A Pod carries the finalizer kJobTracking until it is counted: first its uid is written into the status
// (uncountedTerminatedPods), then the finalizer is taken away, then the uid becomes a number. A crash between any two
// of these writes loses nothing and counts nothing twice. Source:
// https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers.
#pragma once

#include <map>
#include <set>

#include "cluster/controllers/job/job_rules.h"
#include "cluster/controllers/pods/pod_control.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

// The failures in a row that make new Pods wait; kept between syncs.
struct JobBackoff {
    int failures = 0;  // since the last success
    base::WallTime last{};
};
JobBackoff nextBackoff(JobBackoff before, const Pods& newSucceeded, const Pods& newFailed);

class JobSync {
public:
    struct Surroundings {
        Context& context;
        Expectations& expectations;
        client::Informer& jobs;
        client::Informer& pods;
        const std::string& key;
    };

    // backoff is taken over when the status that goes with it has been written.
    JobSync(Surroundings around, const batchv1::Job& job, Pods pods, JobBackoff& backoff);
    Result<Outcome> run();

private:
    using Condition = batchv1::JobCondition;

    void observe();
    Pods uncountedPods(const std::vector<std::string>& uncounted, bool succeeded) const;
    void begin();
    // Sets m_end when the Job is to end.
    void judge();
    void judgeFailures();
    void judgeIndexes();
    std::map<int, client::Ptr<corev1::Pod>> heldBack() const;
    Result<void> end();
    void settle(bool managed);
    void setSuspended();

    Result<void> manage();
    int wantedActive() const;
    Pods surplus(int wanted) const;
    Result<void> remove(const Pods& pods);
    Result<void> create(int count);
    std::vector<int> pendingIndexes(int count);

    Result<void> track();
    Pods countPods();
    void countPod(const corev1::Pod& pod, bool failed);
    bool mayBeCounted(const corev1::Pod& pod, bool failed) const;
    bool forgetUncounted(const std::set<std::string>& tracked);
    void announceEnd();
    void finish();
    Result<void> release(const Pods& pods, std::set<std::string>& tracked);
    Result<void> writeStatus();
    void tellFinish();

    Condition condition(const char* type, const std::string& reason, const std::string& message) const;
    const Condition* trueCondition(const char* type) const;
    void again(base::Duration delay);

    Surroundings m_around;
    batchv1::Job m_job;  // as it shall be
    batchv1::JobStatus m_written;
    Pods m_pods;
    JobBackoff& m_backoff;
    JobBackoff m_nextBackoff;
    PodControl m_podControl;
    base::WallTime m_now;

    Pods m_active;
    int m_ready = 0, m_terminating = 0, m_succeeded = 0, m_failed = 0;
    CompletionIndexes m_doneBefore, m_done, m_failedIndexes;
    std::map<int, client::Ptr<corev1::Pod>> m_heldBack;  // failed Pods that wait for their index's next one
    std::optional<Condition> m_end;                      // how the Job ends
    bool m_finished = false;
    base::Duration m_again{0};
};

}  // namespace qd::controllers
