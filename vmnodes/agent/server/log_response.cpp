#include "vmnodes/agent/server/log_response.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qd::agent::server {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kLook = 200ms;

const corev1::ContainerStatus* statusOf(const corev1::PodStatus& status, const std::string& name) {
    for (const auto* list :
         {&status.initContainerStatuses, &status.containerStatuses, &status.ephemeralContainerStatuses})
        if (const auto found = std::ranges::find(*list, name, &corev1::ContainerStatus::name); found != list->end())
            return &*found;
    return nullptr;
}

bool hasContainer(const corev1::Pod& pod, const std::string& name) {
    return sync::findContainer(pod, name) != nullptr ||
           std::ranges::any_of(pod.spec.ephemeralContainers,
                               [&](const corev1::EphemeralContainer& one) { return one.name == name; });
}

class LogBody final : public apiserver::BodySource {
public:
    LogBody(logs::LogReader reader, base::Executor& executor) : m_reader(std::move(reader)), m_executor(executor) {}

    void start(std::function<void()> wake) override { m_wake = std::move(wake); }

    State next(http::Buffers& out) override {
        std::string text;
        const logs::LogReader::State state = m_reader.next(text);
        if (!text.empty()) out.push_back(http::bytes(std::move(text)));
        switch (state) {
            case logs::LogReader::State::More:
                return State::More;
            case logs::LogReader::State::End:
                return State::End;
            default:
                break;
        }
        m_timer = m_executor.postAfter(kLook, [wake = m_wake] { wake(); });
        return State::Waiting;
    }

private:
    logs::LogReader m_reader;
    base::Executor& m_executor;
    std::function<void()> m_wake;
    base::Timer m_timer;
};

}  // namespace

Result<cri::ContainerStatus> loggedInstance(const corev1::Pod& pod, const corev1::PodStatus& status,
                                            const sync::Observed& observed, const std::string& container,
                                            bool previous) {
    if (!hasContainer(pod, container))
        return fail(Reason::NotFound,
                    fmt::format("container \"{}\" not found in pod \"{}\"", container, pod.metadata.name));
    std::vector<const cri::ContainerStatus*> instances;  // the newest first
    for (const cri::ContainerStatus& one : observed.containers)
        if (sync::containerName(one) == container && one.state != cri::ContainerState::Created)
            instances.push_back(&one);
    if (previous) {
        const corev1::ContainerStatus* reported = statusOf(status, container);
        const bool waits = reported != nullptr && reported->state.waiting;
        // A container that waits to be restarted has its last instance as the previous one.
        const std::size_t index = waits ? 0 : 1;
        if (instances.size() > index) return *instances[index];
        return fail(Reason::BadRequest, fmt::format("previous terminated container \"{}\" in pod \"{}\" not found",
                                                    container, pod.metadata.name));
    }
    if (!instances.empty()) return *instances.front();
    const corev1::ContainerStatus* reported = statusOf(status, container);
    std::string reason =
        reported != nullptr && reported->state.waiting ? reported->state.waiting->reason : "ContainerCreating";
    if (reason == "ErrImagePull") reason = "image can't be pulled";
    if (reason == "ImagePullBackOff") reason = "trying and failing to pull image";
    return fail(Reason::BadRequest, fmt::format("container \"{}\" in pod \"{}\" is waiting to start: {}", container,
                                                pod.metadata.name, reason));
}

Result<logs::LogOptions> logOptions(const http::Query& query, base::WallTime now) {
    logs::LogOptions options;
    const auto flag = [&](const char* name) { return query.get(name) == "true" || query.get(name) == "1"; };
    options.follow = flag("follow");
    options.timestamps = flag("timestamps");
    options.stream = std::string(query.get("stream"));
    for (const char* name : {"tailLines", "limitBytes", "sinceSeconds"}) {
        const std::string_view text = query.get(name);
        if (text.empty()) continue;
        std::int64_t value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (problem != std::errc() || end != text.data() + text.size() || value < 0)
            return fail(Reason::BadRequest, fmt::format("{}: {} is no number", name, text));
        if (std::string_view(name) == "tailLines") options.tailLines = value;
        if (std::string_view(name) == "limitBytes") options.limitBytes = value;
        if (std::string_view(name) == "sinceSeconds") options.since = now - std::chrono::seconds(value);
    }
    if (const std::string_view text = query.get("sinceTime"); !text.empty()) {
        const auto time = logs::parseTime(text);
        if (!time) return fail(Reason::BadRequest, fmt::format("sinceTime: {} is no time", text));
        options.since = *time;
    }
    return options;
}

std::unique_ptr<apiserver::BodySource> logBody(logs::LogReader reader, base::Executor& executor) {
    return std::make_unique<LogBody>(std::move(reader), executor);
}

}  // namespace qd::agent::server
