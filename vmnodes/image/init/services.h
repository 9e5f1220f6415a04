// The programs that PID 1 keeps running.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "outcome.h"

namespace qd::image {

// When a service that ended is started again: at once doubling from 0.2 s to 10 s, from the beginning after it ran for
// a minute.
class RestartDelay {
public:
    // Seconds to wait, after a run of so many seconds.
    double next(double ranFor);

private:
    double m_delay = 0;
};

struct Command {
    std::vector<std::string> words;  // the program by its path, then its arguments
    std::string controlGroup = {};   // empty: PID 1's own
    int oomScoreAdjust = 0;
    std::string terminal = {};  // a device to be its input, output and error; empty: the console
    std::string log = {};       // a file for its output and error instead
};

// Starts a program in a session of its own with default signals.
Outcome<pid_t> start(const Command& command);

// A service with a log: a long one is put aside (".1") at a start, and its end goes to the console when the service
// ends by itself.
class Service {
public:
    Service(std::string name, Command command) : m_name(std::move(name)), m_command(std::move(command)) {}

    // Starts it if it is not running and its time has come. A start that fails counts as a run that ended.
    void tend(double now);
    // To be called for every child that ended; true if it was this one.
    bool ended(pid_t child, int status, double now);
    void stopTending() { m_wanted = false; }
    void signal(int number) const;

    const std::string& name() const { return m_name; }
    bool running() const { return m_pid > 0; }
    // When tend() has something to do next; nothing while it runs.
    std::optional<double> due() const;

private:
    std::string m_name;
    Command m_command;
    RestartDelay m_delay;
    pid_t m_pid = -1;
    double m_startedAt = 0;
    double m_startAt = 0;
    bool m_wanted = true;
};

}  // namespace qd::image
