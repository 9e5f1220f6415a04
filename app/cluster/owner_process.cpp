#include "app/cluster/owner_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/cluster/control_socket.h"
#include "app/cluster/readiness.h"
#include "cluster/base/log.h"

namespace qd::cluster {
namespace {

namespace json = boost::json;

constexpr int kReports = 3;  // the descriptor that the child finds its reports' pipe at

base::Failure failed(std::string_view action) {
    return fail(Reason::InternalError, fmt::format("{}: {}", action, std::strerror(errno)));
}

// In the grandchild, after fork: only async-signal-safe calls.
[[noreturn]] void become(char* const* arguments, int input, int log, int reports) {
    ::dup2(input, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    if (reports != kReports) ::dup2(reports, kReports);
    ::fcntl(kReports, F_SETFD, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv("/proc/self/exe", arguments);
    ::_exit(127);
}

sigset_t endSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

Ending endingOf(const json::object& request) {
    const json::value* mode = request.if_contains("mode");
    return mode != nullptr && mode->is_string() && mode->get_string() == "shutdown" ? Ending::ShutDown : Ending::Save;
}

// Owns one cluster until somebody says stop or delete, or a signal comes.
class Life {
public:
    explicit Life(std::unique_ptr<ClusterOwner> owner) : m_owner(std::move(owner)) {}

    // On the control socket's thread.
    Result<json::object> handle(const json::object& request, const StepHandler& report) {
        const json::value* word = request.if_contains("command");
        const std::string command = word != nullptr && word->is_string() ? std::string(word->get_string()) : "";
        if (m_over) return fail(Reason::ServiceUnavailable, "the cluster's owner is ending");
        if (command == "status") return toJson(m_owner->view());
        if (command == "stop") return over(m_owner->end(endingOf(request), report, {}));
        if (command == "delete") return over(m_owner->remove(report));
        return fail(Reason::BadRequest, fmt::format("the owner knows no command \"{}\"", command));
    }

    // Until it is over or a signal came. Whether a signal came.
    bool wait(std::stop_token signalled) {
        while (!m_over && !signalled.stop_requested()) m_signal.wait(std::chrono::hours(1), signalled);
        return !m_over;
    }
    ClusterOwner& owner() { return *m_owner; }

private:
    Result<json::object> over(Result<void> done) {
        if (!done) return fail(std::move(done.error()));
        m_over = true;
        m_signal.raise();
        return json::object{};
    }

    std::unique_ptr<ClusterOwner> m_owner;
    std::atomic<bool> m_over = false;
    Signal m_signal;
};

}  // namespace

Result<std::unique_ptr<OwnerProcess>> OwnerProcess::launch(const std::vector<std::string>& arguments, const std::string& input,
                                                           const std::string& logFile) {
    int reports[2];
    int text[2];
    int pids[2];
    if (::pipe2(reports, O_CLOEXEC) != 0 || ::pipe2(text, O_CLOEXEC) != 0 || ::pipe2(pids, O_CLOEXEC) != 0)
        return failed("making pipes");
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(logFile).parent_path(), ignored);
    const int log = ::open(logFile.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) return failed("opening " + logFile);
    std::vector<std::string> words = {"qdeck", "own", "--report-fd", std::to_string(kReports)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    // Twice, so that the owner is nobody's child and has no terminal that could take it along.
    const pid_t child = ::fork();
    if (child < 0) return failed("starting the owner");
    if (child == 0) {
        ::setsid();
        const pid_t owner = ::fork();
        if (owner == 0) become(argv.data(), text[0], log, reports[1]);
        static_cast<void>(::write(pids[1], &owner, sizeof(owner)));
        ::_exit(0);
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_t owner = -1;
    const bool known = ::read(pids[0], &owner, sizeof(owner)) == sizeof(owner) && owner > 0;
    // A spec is far smaller than what a pipe takes at once.
    const bool told = known && ::write(text[1], input.data(), input.size()) == static_cast<ssize_t>(input.size());
    for (const int file : {log, reports[1], text[0], text[1], pids[0], pids[1]}) ::close(file);
    if (!told) {
        ::close(reports[0]);
        return fail(Reason::InternalError, "the owner could not be started");
    }
    return std::unique_ptr<OwnerProcess>(new OwnerProcess(owner, reports[0]));
}

OwnerProcess::~OwnerProcess() { ::close(m_reports); }

Result<ClusterView> OwnerProcess::follow(const StepHandler& report) {
    JsonLines lines(m_reports);
    const auto outcome = lines.readOutcome(report);
    if (!outcome) return fail(outcome.error());
    return viewFromJson(*outcome);
}

void OwnerProcess::cancel() { ::kill(m_pid, SIGTERM); }

int runOwner(const Environment& environment, const OwnRequest& request) {
    ::signal(SIGPIPE, SIG_IGN);
    const sigset_t signals = endSignals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    const host::ClusterLayout layout(environment.directories, request.name);
    base::setUpLogging({.file = layout.logFile(), .level = spdlog::level::info, .toStderr = false});
    const auto log = base::logger("owner");
    log->flush_on(spdlog::level::info);  // `qdeck logs` reads along

    std::stop_source stop;
    std::atomic<bool> ended = false;
    base::Thread listener("signals", [&](std::stop_token) {
        int received = 0;
        while (!ended && ::sigwait(&signals, &received) == 0) stop.request_stop();
    });
    const auto finish = [&](int code) {
        ended = true;
        ::kill(::getpid(), SIGTERM);  // wakes the listener, which has it blocked
        listener.join();
        return code;
    };

    JsonLines reports(request.reportFile);
    const StepHandler report = [&](const StepReport& step) {
        if (step.state == StepState::Failed) log->error("{}: {}\n{}", step.title, step.detail, step.log);
        if (step.state == StepState::Done)
            log->info("{} ({:.1f} s) {}", step.title, std::chrono::duration<double>(step.elapsed).count(), step.detail);
        reports.write({{"step", toJson(step)}});
    };
    auto owner = Result<std::unique_ptr<ClusterOwner>>(nullptr);
    if (request.spec.empty()) {
        owner = ClusterOwner::start(environment, request.name, report, stop.get_token());
    } else if (auto spec = host::parseClusterSpec(request.spec); !spec) {
        owner = fail(spec.error());
    } else {
        owner = ClusterOwner::create(environment, *spec, report, stop.get_token());
    }
    if (!owner) {
        log->error("{}", owner.error().message);
        reports.write({{"error", toJson(owner.error())}});
        return finish(1);
    }
    Life life(std::move(*owner));
    auto control = ControlServer::start(layout.folder(), [&](const json::object& asked, const StepHandler& steps) { return life.handle(asked, steps); });
    if (!control) {
        log->error("{}", control.error().message);
        reports.write({{"error", toJson(control.error())}});
        return finish(1);
    }
    reports.write({{"result", toJson(life.owner().view())}});
    ::close(request.reportFile);
    if (life.wait(stop.get_token())) {
        log->info("asked to end: suspending the nodes");
        const auto saved = life.owner().end(Ending::Save, {}, {});
        if (!saved) log->error("suspending the nodes: {}", saved.error().message);
    }
    control->reset();
    return finish(0);
}

}  // namespace qd::cluster
