#include "services.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "console.h"
#include "files.h"

namespace qd::image {
namespace {

constexpr double kFirstDelay = 0.2;
constexpr double kLongestDelay = 10;
constexpr double kLongRun = 60;
constexpr off_t kLongLog = 4 << 20;
constexpr std::size_t kLogEnd = 2000;

// In the child, between fork and exec.
[[noreturn]] void become(const Command& command) {
    ::setsid();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!command.terminal.empty()) {
        const int fd = ::open(command.terminal.c_str(), O_RDWR);
        if (fd < 0) ::_exit(126);
        for (int target = 0; target <= 2; ++target) ::dup2(fd, target);
    }
    if (!command.log.empty()) {
        const int fd = ::open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd < 0) ::_exit(122);
        for (int target = 1; target <= 2; ++target) ::dup2(fd, target);
    }
    if (!command.controlGroup.empty() && !writeFile(command.controlGroup + "/cgroup.procs", "0")) ::_exit(125);
    if (command.oomScoreAdjust != 0 && !writeFile("/proc/self/oom_score_adj", std::to_string(command.oomScoreAdjust)))
        ::_exit(124);
    const rlimit files{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::setenv("PATH", "/usr/sbin:/usr/bin", 1);
    ::setenv("HOME", "/root", 1);
    if (::chdir("/") != 0) ::_exit(123);

    std::vector<char*> words;
    for (const auto& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
}

void putAsideIfLong(const std::string& log) {
    struct stat info {};
    if (log.empty() || ::stat(log.c_str(), &info) != 0 || info.st_size < kLongLog) return;
    if (::rename(log.c_str(), (log + ".1").c_str()) != 0) warn("put aside " + log + ": " + std::strerror(errno));
}

void sayEndOf(const std::string& log) {
    if (log.empty()) return;
    const auto text = readFile(log);
    if (!text) return warn(text.error());
    const std::size_t line = text->find('\n', text->size() - std::min(text->size(), kLogEnd));
    if (!writeAll(STDERR_FILENO, text->size() <= kLogEnd ? *text : text->substr(line + 1), "console")) return;
}

std::string explain(int status) {
    if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
    return "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

double RestartDelay::next(double ranFor) {
    m_delay = ranFor >= kLongRun || m_delay == 0 ? kFirstDelay : std::min(m_delay * 2, kLongestDelay);
    return m_delay;
}

Outcome<pid_t> start(const Command& command) {
    const pid_t child = ::fork();
    if (child < 0) return failedCall("start " + command.words.front());
    if (child == 0) become(command);
    return child;
}

void Service::tend(double now) {
    if (!m_wanted || running() || now < m_startAt) return;
    m_startedAt = now;
    putAsideIfLong(m_command.log);
    const auto child = start(m_command);
    if (child) {
        m_pid = *child;
        return;
    }
    warn(child.error());
    m_startAt = now + m_delay.next(0);
}

bool Service::ended(pid_t child, int status, double now) {
    if (child != m_pid) return false;
    m_pid = -1;
    if (m_wanted) {
        m_startAt = now + m_delay.next(now - m_startedAt);
        warn(m_name + " " + explain(status) + "; starting it again");
        sayEndOf(m_command.log);
    }
    return true;
}

void Service::signal(int number) const {
    if (running()) ::kill(m_pid, number);
}

std::optional<double> Service::due() const {
    if (!m_wanted || running()) return std::nullopt;
    return m_startAt;
}

}  // namespace qd::image
