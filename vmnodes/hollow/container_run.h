// One container on a hollow node: where it is between being made and having ended for good.
#pragma once

#include <optional>
#include <string>

#include "vmnodes/hollow/moment.h"
#include "vmnodes/hollow/run_plan.h"

namespace qd::hollow {

struct ContainerRun {
    enum class Step : std::uint8_t { Waiting, Running, BackingOff, Ended };
    struct Ending {
        Moment started;
        Moment finished;
        int exitCode = 0;
        int start = 0;  // which one, from 0
        // Other than what follows from the exit code.
        std::string reason = {};
        std::string message = {};
    };

    Step step = Step::Waiting;
    int start = 0;                      // which start this is, from 0: restartCount
    Moment started = {};                // of the present or last one
    std::optional<Ending> ending = {};  // of the last start that has ended
    Moment counted = {};                // when it last ended too early
    int earlyEnds = 0;                  // in a row, for the back-off
    bool startedUp = false;
    bool ready = false;
    bool imageMissing = false;  // it waits for what cannot be pulled
    // Asked for from outside: whatever the plan says.
    bool readinessFails = false;

    bool succeeded() const { return step == Step::Ended && ending && ending->exitCode == 0; }
    bool failed() const { return step == Step::Ended && !succeeded(); }
    // The pause that it is in, or would have had.
    base::Duration backoff(const Timing& timing) const;
    // Ends the present start, for good.
    void end(int exitCode, const Moment& when);
};

// What becomes of a container that has ended.
enum class Restart : std::uint8_t { Always, OnFailure, Never };

// Takes every step that is due, the first one not before `from`; `last` is when steps were last taken. Returns when the
// next one is, if there is one.
std::optional<base::SteadyTime> advance(ContainerRun& run, const ContainerPlan& plan, Restart restart,
                                        const Timing& timing, const Moment& from, const Moment& last,
                                        const Moment& now);

}  // namespace qd::hollow
