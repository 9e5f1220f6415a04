#include "node.h"

#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <ranges>

#include "archive.h"
#include "clock.h"
#include "console.h"
#include "disks.h"
#include "modules.h"
#include "network.h"
#include "system.h"

namespace qd::image {
namespace {

constexpr const char* kRun = "/run/quarterdeck";
constexpr const char* kAgentFolder = "/usr/libexec/quarterdeck";
constexpr const char* kContainerdSocket = "/run/containerd/containerd.sock";
constexpr double kClockPeriod = 10;
constexpr double kReadyPeriod = 0.05;  // how often containerd's socket is tried until it answers

std::vector<std::string> linesOf(const std::string& path) {
    std::vector<std::string> lines;
    const auto text = readFile(path);
    if (!text) {
        warn(text.error());
        return lines;
    }
    for (const auto range : *text | std::views::split('\n')) {
        std::string line(range.begin(), range.end());
        if (!line.empty() && !line.starts_with('#')) lines.push_back(std::move(line));
    }
    return lines;
}

bool answers(const char* path) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string virtioPort(const std::string& name) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/class/virtio-ports", ignored)) {
        if (readWord(entry.path().string() + "/name") == name) return "/dev/" + entry.path().filename().string();
    }
    return {};
}

}  // namespace

int Node::run() {
    if (auto up = bringUp(); !up) failNode(up.error());
    while (!m_stopBy) {
        tendServices();
        watchContainerd();
        if (uptime() >= m_nextClockCheck) {
            followRtc();
            m_nextClockCheck = uptime() + kClockPeriod;
        }
        double until = m_nextClockCheck;
        for (const auto& each : m_services) until = std::min(until, each->due().value_or(until));
        if (!m_containerdAnswers) until = std::min(until, uptime() + kReadyPeriod);
        waitForSomething(until);
    }
    return *m_stopBy;
}

Outcome<> Node::bringUp() {
    sigset_t handled;
    sigemptyset(&handled);
    for (const int number : {SIGCHLD, SIGINT, SIGTERM, SIGPWR, SIGUSR2}) sigaddset(&handled, number);
    ::sigprocmask(SIG_BLOCK, &handled, nullptr);
    m_signals = Descriptor(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    ::reboot(RB_DISABLE_CAD);  // Ctrl-Alt-Del becomes SIGINT

    if (auto mounted = mountMemoryFileSystems(); !mounted) return mounted;
    m_settings = readSettings();
    sayStage("root");

    const auto data = findDisk("qd-data", 5);
    if (!data) return failed(data.error());
    if (auto mounted = mountDataDisk(*data, "/var"); !mounted) return mounted;
    if (auto made = prepareDataFolders(); !made) return made;
    sayStage("data");

    // containerd takes longest: it starts first, and the rest is done meanwhile.
    if (auto prepared = prepareControlGroups(); !prepared) return prepared;
    m_services.push_back(std::make_unique<Service>(
        "containerd",
        Command{{"/usr/bin/containerd"}, controlGroup("containerd"), -999, "", "/var/log/containerd.log"}));
    tendServices();

    loadModules(linesOf("/etc/quarterdeck/modules.network"));
    if (auto configured = configureNetwork(m_settings); !configured) return configured;
    sayStage("network");
    loadModules(linesOf("/etc/quarterdeck/modules"));
    applySysctls("/etc/quarterdeck/sysctl.conf");
    openPowerButtons();
    unpackConfiguration();
    if (auto started = startAgent(); !started) return started;
    startDebugShell();
    return {};
}

void Node::unpackConfiguration() {
    const std::string folder = std::string(kRun) + "/config";
    if (auto made = makeFolders(kRun, 0700); !made) return warn(made.error());
    if (auto written = writeFile(std::string(kRun) + "/node.json", toJson(m_settings)); !written) warn(written.error());
    if (auto made = makeFolders(folder, 0700); !made) return warn(made.error());
    const auto disk = findDisk("qd-config", 0);
    if (!disk) return;
    const auto archive = readFile(*disk);
    if (!archive) failNode("configuration disk: " + archive.error());
    if (auto unpacked = unpackArchive(*archive, folder); !unpacked) failNode("configuration disk: " + unpacked.error());
}

Outcome<> Node::startAgent() {
    const auto disk = findDisk("qd-agent", 0);
    if (!disk) return {};
    if (::mount(disk->c_str(), kAgentFolder, "erofs", MS_RDONLY, "") != 0) return failedCall("mount the agent's disk");
    const std::string folder(kAgentFolder);
    std::vector<std::string> words = {folder + "/bin/qdeck-agent"};
    if (::access((folder + "/lib/ld.so").c_str(), X_OK) == 0) {
        words = {folder + "/lib/ld.so", "--argv0", "qdeck-agent", "--library-path", folder + "/lib", words.front()};
    }
    for (const auto* word : {"--node-file", "/run/quarterdeck/node.json", "--config-dir", "/run/quarterdeck/config"}) {
        words.emplace_back(word);
    }
    m_services.push_back(std::make_unique<Service>("agent", Command{words, controlGroup("agent"), -999}));
    tendServices();
    sayStage("agent");
    return {};
}

void Node::startDebugShell() {
    if (setting(m_settings, "debug") != "shell") return;
    const std::string port = virtioPort("org.quarterdeck.debug.0");
    if (port.empty()) return warn("qd.debug=shell needs the virtio-serial port org.quarterdeck.debug.0");
    // A port that nobody is connected to reads as ended: the next shell waits for the next person.
    std::vector<std::string> words = {"/usr/bin/sh", "-c", "while :; do /usr/bin/sh; sleep 0.3; done"};
    m_services.push_back(std::make_unique<Service>("debug shell", Command{std::move(words), "", 0, port}));
}

void Node::startJob() {
    const std::string job = setting(m_settings, "job");
    if (job.empty()) return;
    const auto child = start(Command{{job}});
    if (!child) failNode(child.error());
    m_job = *child;
}

void Node::openPowerButtons() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/input", ignored)) {
        if (!entry.path().filename().string().starts_with("event")) continue;
        Descriptor button(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (button) m_buttons.push_back(std::move(button));
    }
}

void Node::waitForSomething(double until) {
    std::vector<pollfd> watched = {{m_signals.get(), POLLIN, 0}};
    for (const auto& button : m_buttons) watched.push_back({button.get(), POLLIN, 0});
    const double left = std::clamp(until - uptime(), 0.0, kClockPeriod);
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::ceil(left * 1000))) <= 0) return;
    if (watched.front().revents != 0) readSignals();
    for (const auto& each : watched | std::views::drop(1)) {
        if (each.revents != 0) readPowerButton(each.fd);
    }
}

void Node::readSignals() {
    signalfd_siginfo info{};
    while (::read(m_signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        switch (info.ssi_signo) {
            case SIGCHLD:
                reap();
                break;
            case SIGPWR:
            case SIGUSR2:
                m_stopBy = RB_POWER_OFF;
                break;
            default:
                m_stopBy = RB_AUTOBOOT;
                break;
        }
    }
}

void Node::readPowerButton(int fd) {
    input_event event{};
    while (::read(fd, &event, sizeof event) == static_cast<ssize_t>(sizeof event)) {
        if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) m_stopBy = RB_POWER_OFF;
    }
}

void Node::reap() {
    int status = 0;
    for (pid_t child = ::waitpid(-1, &status, WNOHANG); child > 0; child = ::waitpid(-1, &status, WNOHANG)) {
        for (const auto& each : m_services) {
            if (each->ended(child, status, uptime())) break;
        }
        if (child != m_job) continue;
        m_job = -1;
        sayStage("job ended " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : 128));
        m_stopBy = RB_POWER_OFF;
    }
}

void Node::tendServices() {
    for (const auto& each : m_services) each->tend(uptime());
}

void Node::watchContainerd() {
    if (m_containerdAnswers || !answers(kContainerdSocket)) return;
    m_containerdAnswers = true;
    sayStage("containerd");
    startJob();
}

Service* Node::service(const std::string& name) {
    for (const auto& each : m_services) {
        if (each->name() == name) return each.get();
    }
    return nullptr;
}

void Node::waitUntil(double deadline, const std::function<bool()>& finished) {
    while (!finished() && uptime() < deadline) waitForSomething(std::min(deadline, uptime() + 0.1));
}

void Node::stop() {
    sayStage("stopping");
    for (const auto& each : m_services) each->stopTending();
    if (Service* agent = service("agent")) {
        double grace = 30;
        const std::string wanted = setting(m_settings, "shutdown");
        std::from_chars(wanted.data(), wanted.data() + wanted.size(), grace);
        agent->signal(SIGPWR);
        waitUntil(uptime() + grace, [agent] { return !agent->running(); });
    }
    const auto allEnded = [] {  // no child is left; orphans become PID 1's children
        siginfo_t info{};
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
    };
    ::kill(-1, SIGTERM);
    waitUntil(uptime() + 5, allEnded);
    ::kill(-1, SIGKILL);
    waitUntil(uptime() + 3, allEnded);
    unmountAll();
    ::sync();
    sayStage("stopped");
}

}  // namespace qd::image
