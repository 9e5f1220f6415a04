// The promises of all CronJobs of a namespace:
//
//     no schedule time is started twice, whatever the clock does
//     Forbid: a Job is started only when no other one runs
//     Replace: no two run for long
#pragma once

#include <map>
#include <set>

#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class SchedulesInvariant final : public Invariant {
public:
    explicit SchedulesInvariant(std::string ns) : m_ns(std::move(ns)) {}

    std::optional<std::string> see(const Commit& commit) override;
    std::optional<std::string> check(base::SteadyTime now) override;

private:
    struct Cron {
        std::string policy;
        std::set<std::string> started;                    // schedule times
        std::map<std::string, base::SteadyTime> running;  // its Jobs, since when they are there
        std::optional<base::SteadyTime> twoSince = {};
    };
    std::string m_ns;
    std::map<std::string, Cron> m_crons;  // by name
};

}  // namespace qd::simulation
