#include "vmnodes/host/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace qd::host {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : m_number(number) {}
    ~Descriptor() {
        if (m_number >= 0) ::close(m_number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return m_number; }
    void reset() {
        ::close(m_number);
        m_number = -1;
    }

private:
    int m_number;
};

Result<pid_t> spawn(const std::vector<std::string>& command, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT) return fail(Reason::NotFound, fmt::format("{} is not installed", command.front()));
    if (error != 0)
        return fail(Reason::InternalError, fmt::format("starting {}: {}", command.front(), std::strerror(error)));
    return child;
}

}  // namespace

Result<ChildOutcome> runChild(const std::vector<std::string>& command, base::Duration deadline,
                              const base::Clock& clock, std::stop_token stop,
                              const std::function<bool(const std::string&)>& enough) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return fail(Reason::InternalError, fmt::format("making a pipe: {}", std::strerror(errno)));
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    const Descriptor stopped(::eventfd(0, EFD_CLOEXEC));
    const std::stop_callback wake(stop, [&stopped] { ::eventfd_write(stopped.get(), 1); });

    const auto child = spawn(command, writing.get());
    if (!child) return fail(child.error());
    writing.reset();

    ChildOutcome outcome;
    const auto end = clock.steady() + deadline;
    for (bool open = true; open && !outcome.satisfied && !stop.stop_requested();) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady()).count();
        if (left <= 0) break;
        pollfd waits[] = {{reading.get(), POLLIN, 0}, {stopped.get(), POLLIN, 0}};
        if (::poll(waits, 2, static_cast<int>(left)) < 0 && errno != EINTR) break;
        if (waits[0].revents == 0) continue;
        char buffer[4096];
        const ssize_t count = ::read(reading.get(), buffer, sizeof(buffer));
        open = count > 0;
        if (open) outcome.output.append(buffer, static_cast<std::size_t>(count));
        outcome.satisfied = enough && enough(outcome.output);
        outcome.ended = !open;
    }
    // A child that has closed its output is about to end; one that has not is ended. Its number is ours until it is
    // reaped.
    if (!outcome.ended) ::kill(*child, SIGKILL);
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
    }
    outcome.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}

}  // namespace qd::host
