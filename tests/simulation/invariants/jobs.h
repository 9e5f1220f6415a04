// The promises of all Jobs of a namespace:
//
//     a Job is never given a Pod beyond its parallelism, nor beyond what its completions still need
//     no Pod is counted twice: a Job never counts more Pods as succeeded or failed than there were
//     no Pod's result is lost: one that has ended loses its tracking finalizer only once it is counted, as succeeded
//     or, when it was being deleted before the Job heard of that, as failed; none that is known to have succeeded is
//     counted as failed what is counted stays counted, and a Job that has finished stays so a Job is complete exactly
//     when its completions are reached; an index is completed once of a Job that has finished nothing is held by a
//     finalizer for ever
#pragma once

#include <map>
#include <set>

#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class JobsInvariant final : public Invariant {
public:
    explicit JobsInvariant(std::string ns) : m_ns(std::move(ns)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> restless() const override;

private:
    struct JobState {
        std::string name;
        batchv1::JobSpec spec;
        batchv1::JobStatus status;
        base::SteadyTime changed{};                         // when it was asked for something else
        std::set<std::string> active;                       // uids of its Pods
        std::map<std::string, base::SteadyTime> succeeded;  // uids of Pods that ever ended so, and when
        std::set<std::string> failed;                       // or that went before they had ended
        std::set<std::string> held;                         // uids of Pods with the finalizer
        std::set<std::string> released;                     // of those that succeeded, without it
        bool gone = false;
    };
    std::optional<std::string> seeJob(const Commit& commit, const batchv1::Job& job);
    std::optional<std::string> seePod(const Commit& commit, const corev1::Pod& pod, JobState& job);
    static std::optional<std::string> judgeCounts(const JobState& job);
    // Of the Pods that are counted as failed from now on.
    static std::optional<std::string> judgeFailed(const JobState& job, const batchv1::JobStatus& before,
                                                  base::SteadyTime when);
    static std::optional<std::string> judgeEnd(const JobState& job, const batchv1::JobStatus& before);

    std::string m_ns;
    std::map<std::string, JobState> m_jobs;  // by uid
};

}  // namespace qd::simulation
