#include "tests/support/private_libvirt.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace qd::test {
namespace {

namespace fs = std::filesystem;

constexpr int kStartDeadlineMs = 30'000;
constexpr int kStopDeadlineMs = 5'000;
constexpr const char* kPrefix = "qd-libvirt-";
constexpr const char* kSocket = "/run/libvirt/libvirt-sock";

base::Failure failed(const std::string& action) {
    return fail(Reason::InternalError, fmt::format("{}: {}", action, std::strerror(errno)));
}

// The directory that lies under the private directories; locked as long as its owner lives.
class Scratch {
public:
    static Result<std::unique_ptr<Scratch>> make() {
        removeStale();
        std::string path = fs::temp_directory_path() / fmt::format("{}XXXXXX", kPrefix);
        if (::mkdtemp(path.data()) == nullptr)
            return failed("making a directory in " + fs::temp_directory_path().string());
        const int lock = ::open((path + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0) return failed("locking " + path);
        return std::unique_ptr<Scratch>(new Scratch(path, lock));
    }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
        ::close(m_lock);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    fs::path path() const { return m_path; }

private:
    Scratch(fs::path path, int lock) : m_path(std::move(path)), m_lock(lock) {}

    // What a killed run left: directories of ours that nobody has locked.
    static void removeStale() {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
            if (!entry.path().filename().string().starts_with(kPrefix)) continue;
            const int lock = ::open((entry.path() / "lock").c_str(), O_RDWR | O_CLOEXEC);
            if (lock < 0) continue;
            if (::flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
            ::close(lock);
        }
    }

    fs::path m_path;
    int m_lock;
};

Result<void> mountOver(const fs::path& source, const fs::path& target) {
    if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        return failed(fmt::format("mounting {} over {}", source.string(), target.string()));
    }
    return {};
}

Result<void> mountFresh(const char* type, const char* target) {
    if (::mount(type, target, type, MS_NOSUID | MS_NODEV, nullptr) != 0)
        return failed(fmt::format("mounting {} on {}", type, target));
    return {};
}

// Makes a directory that the host lacks, in this mount namespace only: its parent becomes a fresh one in which
// everything that was there is mounted again. (One made on the host could not be removed while another private libvirt
// uses it.)
Result<void> ensureMountPoint(const fs::path& target, const fs::path& scratch) {
    if (fs::exists(target)) return {};
    const fs::path parent = target.parent_path();
    const fs::path aside = scratch / "aside" / parent.relative_path();
    fs::create_directories(aside);
    if (::mount(parent.c_str(), aside.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
        return failed("setting aside " + parent.string());
    if (auto fresh = mountFresh("tmpfs", parent.c_str()); !fresh) return fresh;
    for (const auto& entry : fs::directory_iterator(aside)) {
        const fs::path place = parent / entry.path().filename();
        if (entry.is_symlink()) {
            fs::copy_symlink(entry.path(), place);
            continue;
        }
        if (entry.is_directory()) {
            fs::create_directory(place);
        } else {
            std::ofstream(place).flush();
        }
        if (::mount(entry.path().c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
            return failed("mounting " + place.string());
    }
    fs::create_directory(target);
    // Nothing under the scratch folder may lead to the host's files: it is removed at the end.
    if (::umount2(aside.c_str(), MNT_DETACH) != 0) return failed("unmounting " + aside.string());
    return {};
}

constexpr std::array kPrivateDirectories = {"/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt",
                                            "/var/log/libvirt"};

Result<void> writeConfiguration(const fs::path& directory) {
    std::ofstream(directory / "libvirtd.conf") << "auth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\nlog_level = 3\n";
    std::ofstream(directory / "qemu.conf")
        << "security_driver = \"none\"\nuser = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\n"
           "namespaces = []\ncgroup_controllers = []\nstdio_handler = \"file\"\n";
    std::ofstream last(directory / "libvirt.conf");
    last << "# private\n";
    if (!last.flush()) return fail(Reason::InternalError, "writing libvirt's configuration to " + directory.string());
    return {};
}

// libvirtd refuses to start without the account that its build names, whatever qemu.conf says; Debian makes that
// account with libvirt-daemon-system, which a build machine need not have.
Result<void> ensureAccounts(const fs::path& scratch) {
    const auto extend = [&](const char* file, const char* line) -> Result<void> {
        const fs::path copy = scratch / fs::path(file).filename();
        std::error_code error;
        fs::copy_file(file, copy, error);
        std::ofstream(copy, std::ios::app) << line << '\n';
        return mountOver(copy, file);
    };
    if (::getpwnam("libvirt-qemu") == nullptr) {
        if (auto done = extend("/etc/passwd", "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin"); !done)
            return done;
    }
    if (::getgrnam("libvirt-qemu") == nullptr) {
        if (auto done = extend("/etc/group", "libvirt-qemu:x:64055:"); !done) return done;
    }
    return {};
}

// Run as the first process of the new namespaces.
Result<void> furnish(const fs::path& scratch) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) != 0) return failed("making namespaces");
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("making the mounts private");
    for (const char* target : kPrivateDirectories) {
        const fs::path source = scratch / fs::path(target).relative_path();
        fs::create_directories(source);
        if (auto there = ensureMountPoint(target, scratch); !there) return there;
        if (fs::path(target) == "/etc/libvirt") {
            if (auto written = writeConfiguration(source); !written) return written;
        }
        if (auto mounted = mountOver(source, target); !mounted) return mounted;
    }
    if (auto accounts = ensureAccounts(scratch); !accounts) return accounts;
    if (fs::exists("/dev/kvm")) {
        std::ofstream(scratch / "no-kvm").flush();
        if (auto hidden = mountOver(scratch / "no-kvm", "/dev/kvm"); !hidden) return hidden;
        // Not writable even for root: a /dev/kvm that can be opened makes libvirtd ask QEMU anew for each domain.
        if (::mount(nullptr, "/dev/kvm", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
            return failed("hiding /dev/kvm");
    }
    // The host's sockets and locks stay out of sight; /proc and /sys have to show the new namespaces.
    if (auto run = mountFresh("tmpfs", "/run"); !run) return run;
    fs::create_directories("/run/lock");
    if (auto proc = mountFresh("proc", "/proc"); !proc) return proc;
    if (auto sys = mountFresh("sysfs", "/sys"); !sys) return sys;

    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq loopback{};
    std::strncpy(loopback.ifr_name, "lo", IFNAMSIZ - 1);
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool up = ::ioctl(socket, SIOCSIFFLAGS, &loopback) == 0;
    ::close(socket);
    if (!up) return failed("setting the loopback interface up");
    return {};
}

pid_t spawn(const std::vector<std::string>& command, const char* logFile) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (logFile != nullptr) {
        const int log = ::open(logFile, O_CREAT | O_WRONLY | O_APPEND, 0600);
        ::dup2(log, STDOUT_FILENO);
        ::dup2(log, STDERR_FILENO);
        ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    }
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    std::fprintf(stderr, "cannot run %s: %s\n", arguments[0], std::strerror(errno));
    ::_exit(127);
}

bool answers(const char* path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    ::close(socket);
    return connected;
}

std::string tail(const fs::path& file) {
    std::ifstream in(file);
    std::string text(std::istreambuf_iterator<char>(in), {});
    return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

Result<pid_t> startDaemon(const fs::path& scratch) {
    const fs::path log = scratch / "libvirtd.log";
    const pid_t daemon =
        spawn({"libvirtd", "--config", "/etc/libvirt/libvirtd.conf", "--pid-file", "/run/libvirtd.pid"}, log.c_str());
    if (daemon < 0) return failed("starting libvirtd");
    for (int waited = 0; waited < kStartDeadlineMs; waited += 20) {
        if (answers(kSocket)) return daemon;
        if (::waitpid(daemon, nullptr, WNOHANG) == daemon) {
            return fail(Reason::ServiceUnavailable,
                        "libvirtd ended while starting (is libvirt-daemon installed?): " + tail(log));
        }
        ::poll(nullptr, 0, 20);
    }
    return fail(Reason::Timeout, "libvirtd did not answer within 30 s: " + tail(log));
}

// Reaps until that child has ended; what other processes left behind ends with the namespace.
int waitFor(pid_t child) {
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(-1, &status, 0);
        if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (ended < 0 && errno != EINTR) return 1;
    }
}

void stopDaemon(pid_t daemon) {
    ::kill(daemon, SIGTERM);
    for (int waited = 0; waited < kStopDeadlineMs; waited += 20) {
        if (::waitpid(daemon, nullptr, WNOHANG) == daemon) return;
        ::poll(nullptr, 0, 20);
    }
}

// The body of the first process inside. Never returns.
[[noreturn]] void live(const fs::path& scratch, const std::vector<std::string>& command, bool hold, pid_t launcher) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto fatal = [](const Error& error) {
        std::fprintf(stderr, "in_private_libvirt: %s\n", error.message.c_str());
        ::_exit(1);
    };
    if (auto ready = furnish(scratch); !ready) fatal(ready.error());
    const auto daemon = startDaemon(scratch);
    if (!daemon) fatal(daemon.error());
    int code = 0;
    if (hold) {
        std::printf("qemu+unix:///system?socket=/proc/%d/root%s\n", launcher, kSocket);
        std::fflush(stdout);
        char byte = 0;
        while (::read(STDIN_FILENO, &byte, 1) > 0) {
        }
    } else {
        ::setenv("QD_LIBVIRT_URI", fmt::format("qemu+unix:///system?socket={}", kSocket).c_str(), 1);
        code = waitFor(spawn(command, nullptr));
    }
    if (const char* keep = std::getenv("QD_KEEP_LIBVIRT_LOG"); keep != nullptr) {
        std::error_code ignored;
        fs::copy_file(scratch / "libvirtd.log", keep, fs::copy_options::overwrite_existing, ignored);
    }
    stopDaemon(*daemon);
    ::_exit(code);
}

volatile sig_atomic_t inside = 0;

extern "C" void endInside(int) {
    if (inside > 0) ::kill(static_cast<pid_t>(inside), SIGKILL);
}

}  // namespace

Result<int> runInPrivateLibvirt(const std::vector<std::string>& command, bool hold) {
    if (::geteuid() != 0) {
        return fail(Reason::Forbidden,
                    "a private libvirt needs root: run this test as root, or leave it out with ctest -LE system");
    }
    auto scratch = Scratch::make();
    if (!scratch) return fail(scratch.error());

    // The child's number outside the new process namespace is learnt through a pipe: it has to print it.
    int numbers[2];
    if (::pipe2(numbers, O_CLOEXEC) != 0) return failed("making a pipe");
    if (::unshare(CLONE_NEWPID) != 0) return failed("making a process namespace");
    const pid_t first = ::fork();
    if (first < 0) return failed("starting the namespace's first process");
    if (first == 0) {
        pid_t outer = 0;
        if (::read(numbers[0], &outer, sizeof(outer)) != sizeof(outer)) ::_exit(1);
        live((*scratch)->path(), command, hold, outer);
    }
    inside = first;
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::signal(signal, endInside);
    if (::write(numbers[1], &first, sizeof(first)) != sizeof(first)) return failed("talking to the first process");
    int status = 0;
    while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {
    }
    ::close(numbers[0]);
    ::close(numbers[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::unique_ptr<PrivateLibvirt>> PrivateLibvirt::start(const std::string& launcher) {
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) return failed("making pipes");
    const pid_t child = ::fork();
    if (child < 0) return failed("starting " + launcher);
    if (child == 0) {
        ::dup2(input[0], STDIN_FILENO);
        ::dup2(output[1], STDOUT_FILENO);
        ::execl(launcher.c_str(), launcher.c_str(), "--hold", nullptr);
        ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    auto libvirt = std::unique_ptr<PrivateLibvirt>(new PrivateLibvirt(child, input[1], {}));
    for (char byte = 0; ::read(output[0], &byte, 1) == 1 && byte != '\n';) libvirt->m_uri.push_back(byte);
    ::close(output[0]);
    if (libvirt->m_uri.empty())
        return fail(Reason::ServiceUnavailable, launcher + " --hold did not start; its standard error says why");
    return libvirt;
}

PrivateLibvirt::~PrivateLibvirt() {
    ::close(m_input);
    while (::waitpid(m_launcher, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace qd::test
