// A Job that has finished is deleted once it has been kept for its ttlSecondsAfterFinished, by the clock on the wall,
// and no Job is deleted for that reason before.
#pragma once

#include "cluster/api/types/batch_v1.h"
#include "tests/simulation/invariants/invariant.h"

namespace qd::simulation {

class RetentionInvariant final : public Invariant {
public:
    std::optional<std::string> see(const Commit& commit) override;
};

}  // namespace qd::simulation
