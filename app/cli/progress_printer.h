// Steps on standard error: on a terminal a line with a bar that moves, elsewhere a line a step.
#pragma once

#include <cstdio>
#include <string>

#include "app/cluster/step.h"

namespace qd::cli {

class ProgressPrinter {
public:
    explicit ProgressPrinter(std::FILE* out = stderr);
    ~ProgressPrinter();
    void show(const cluster::StepReport& step);
    cluster::StepHandler handler() {
        return [this](const cluster::StepReport& step) { show(step); };
    }

private:
    void showOnTerminal(const cluster::StepReport& step);

    std::FILE* m_out;
    bool m_isTerminal;
    int m_columns = 80;
    bool m_lineIsOpen = false;
    std::string m_lastBegun;
};

// "1 m 02 s", "3.4 s"
std::string durationText(base::Duration duration);

}  // namespace qd::cli
