#include "app/cluster/control_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

namespace qd::cluster {
namespace {

namespace json = boost::json;

constexpr const char* kName = "control";
constexpr std::size_t kMostBytes = 1 << 20;  // of a line
constexpr int kRequestDeadlineMs = 5'000;

base::Failure failed(std::string_view action) {
    return fail(Reason::InternalError, fmt::format("{}: {}", action, std::strerror(errno)));
}

// A socket's address has room for 107 characters and folders may be deeper: it is reached through the opened folder.
class Place {
public:
    explicit Place(const std::string& folder) : m_folder(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        m_address.sun_family = AF_UNIX;
        const std::string path = fmt::format("/proc/self/fd/{}/{}", m_folder, kName);
        std::strncpy(m_address.sun_path, path.c_str(), sizeof(m_address.sun_path) - 1);
    }
    ~Place() {
        if (m_folder >= 0) ::close(m_folder);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool isThere() const { return m_folder >= 0; }
    void clear() const { ::unlinkat(m_folder, kName, 0); }
    const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&m_address); }
    static constexpr socklen_t size() { return sizeof(sockaddr_un); }

private:
    int m_folder;
    sockaddr_un m_address{};
};

bool isSameUser(int connection) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

}  // namespace

bool JsonLines::write(const json::object& line) {
    const std::string text = json::serialize(line) + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t written = ::write(m_file, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Result<std::optional<json::object>> JsonLines::read() {
    std::size_t end = 0;
    while ((end = m_buffer.find('\n')) == m_buffer.npos) {
        char bytes[4096];
        const ssize_t count = ::read(m_file, bytes, sizeof(bytes));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::optional<json::object>();
        m_buffer.append(bytes, static_cast<std::size_t>(count));
        if (m_buffer.size() > kMostBytes) return fail(Reason::RequestEntityTooLarge, "a line of more than a mebibyte");
    }
    boost::system::error_code error;
    const json::value tree = json::parse(std::string_view(m_buffer).substr(0, end), error);
    m_buffer.erase(0, end + 1);
    if (error || !tree.is_object()) return fail(Reason::BadRequest, "a line that is no JSON object");
    return std::optional(tree.get_object());
}

Result<json::object> JsonLines::readOutcome(const StepHandler& report) {
    for (;;) {
        auto line = read();
        if (!line) return fail(std::move(line.error()));
        if (!*line) return fail(Reason::ServiceUnavailable, "the cluster's owner ended without an answer; its log says more");
        const json::object& object = **line;
        const json::value* step = object.if_contains("step");
        const json::value* error = object.if_contains("error");
        const json::value* result = object.if_contains("result");
        if (step != nullptr && step->is_object()) {
            const auto parsed = stepFromJson(step->get_object());
            if (parsed && report) report(*parsed);
        } else if (error != nullptr && error->is_object()) {
            return fail(errorFromJson(error->get_object()));
        } else if (result != nullptr && result->is_object()) {
            return result->get_object();
        }
    }
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& folder, ControlHandler handler) {
    const Place place(folder);
    if (!place.isThere()) return failed("opening " + folder);
    place.clear();
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return failed("making a socket");
    // The folder is its user's alone; so is the socket.
    if (::bind(listener, place.address(), Place::size()) != 0 || ::listen(listener, 16) != 0) {
        auto failure = failed("listening in " + folder);
        ::close(listener);
        return failure;
    }
    const int wake = ::eventfd(0, EFD_CLOEXEC);
    return std::unique_ptr<ControlServer>(new ControlServer(folder, listener, wake, std::move(handler)));
}

ControlServer::ControlServer(std::string folder, int listener, int wake, ControlHandler handler)
    : m_folder(std::move(folder)),
      m_listener(listener),
      m_wake(wake),
      m_handler(std::move(handler)),
      m_thread("control", [this](std::stop_token) { serve(); }) {}

ControlServer::~ControlServer() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(m_wake, &one, sizeof(one)));
    m_thread.join();
    if (const Place place(m_folder); place.isThere()) place.clear();
    ::close(m_listener);
    ::close(m_wake);
}

void ControlServer::serve() {
    for (;;) {
        pollfd files[] = {{m_listener, POLLIN, 0}, {m_wake, POLLIN, 0}};
        if (::poll(files, 2, -1) < 0 && errno != EINTR) return;
        if ((files[1].revents & POLLIN) != 0) return;
        if ((files[0].revents & POLLIN) == 0) continue;
        const int connection = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        if (isSameUser(connection)) answer(connection);
        ::close(connection);
    }
}

void ControlServer::answer(int connection) {
    // Who connects and says nothing must not keep others waiting.
    const timeval limit{kRequestDeadlineMs / 1000, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    JsonLines lines(connection);
    const auto request = lines.read();
    if (request && !*request) return;
    const auto outcome = request ? m_handler(**request, [&](const StepReport& step) {
        lines.write({{"step", toJson(step)}});
    }) : Result<json::object>(fail(request.error()));
    if (outcome) {
        lines.write({{"result", *outcome}});
    } else {
        lines.write({{"error", toJson(outcome.error())}});
    }
}

Result<json::object> askOwner(const std::string& folder, const json::object& request, const StepHandler& report) {
    const Place place(folder);
    const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) return failed("making a socket");
    if (!place.isThere() || ::connect(connection, place.address(), Place::size()) != 0) {
        const std::string why = std::strerror(errno);
        ::close(connection);
        return fail(Reason::ServiceUnavailable,
                    fmt::format("the cluster's owner does not answer ({}); it may be starting still", why));
    }
    JsonLines lines(connection);
    auto outcome = lines.write(request)
                       ? lines.readOutcome(report)
                       : Result<json::object>(fail(Reason::ServiceUnavailable, "the cluster's owner went away"));
    ::close(connection);
    return outcome;
}

}  // namespace qd::cluster
