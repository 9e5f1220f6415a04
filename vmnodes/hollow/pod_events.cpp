#include "vmnodes/hollow/pod_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace qd::hollow {
namespace {

constexpr char kNormal[] = "Normal";
constexpr char kWarning[] = "Warning";

using Containers = std::vector<corev1::Container>;
using Statuses = std::vector<corev1::ContainerStatus>;

const corev1::ContainerStatus* find(const Statuses& statuses, const std::string& name) {
    const auto found = std::ranges::find(statuses, name, &corev1::ContainerStatus::name);
    return found == statuses.end() ? nullptr : &*found;
}

class Teller {
public:
    explicit Teller(const corev1::Pod& pod) : m_pod(pod) {}

    void tell(const Containers& containers, const char* list, const Statuses& before, const Statuses& now) {
        static const corev1::ContainerStatus kNone;
        for (const auto& container : containers) {
            const auto* is = find(now, container.name);
            if (!is) continue;
            m_list = list;
            m_container = container.name;
            const auto* was = find(before, container.name);
            tell(container, was ? *was : kNone, *is);
        }
    }
    std::vector<PodEvent> events;

private:
    void add(const char* type, const char* reason, std::string message) {
        events.push_back({fmt::format("{}{{{}}}", m_list, m_container), type, reason, std::move(message)});
    }

    void tell(const corev1::Container& container, const corev1::ContainerStatus& was, const corev1::ContainerStatus& is) {
        const bool isAnother = is.containerID != was.containerID;
        if (is.state.waiting && (!was.state.waiting || isAnother || was.state.waiting->message != is.state.waiting->message))
            tellWait(container, *is.state.waiting);
        const bool becameUnready = !isAnother && was.ready && !is.ready && is.state.running;
        if (becameUnready && container.readinessProbe)
            add(kWarning, "Unhealthy", "Readiness probe failed: the hollow node was told that it fails");
    }

    void tellWait(const corev1::Container& container, const corev1::ContainerStateWaiting& waiting) {
        const auto& meta = m_pod.metadata;
        if (waiting.reason == "CrashLoopBackOff") {
            add(kWarning, "BackOff",
                fmt::format("Back-off restarting failed container {} in pod {}_{}({})", container.name, meta.name,
                            meta.namespace_, meta.uid));
        } else if (waiting.reason == "ImagePullBackOff") {
            add(kNormal, "Pulling", fmt::format("Pulling image \"{}\"", container.image));
            add(kWarning, "Failed",
                fmt::format("Failed to pull image \"{}\": the image's name says that it is not there", container.image));
            add(kNormal, "BackOff", fmt::format("Back-off pulling image \"{}\"", container.image));
        }
    }

    const corev1::Pod& m_pod;
    std::string_view m_list, m_container;
};

}  // namespace

std::vector<PodEvent> eventsOf(const corev1::Pod& pod, const corev1::PodStatus& now) {
    Teller teller(pod);
    teller.tell(pod.spec.initContainers, "spec.initContainers", pod.status.initContainerStatuses, now.initContainerStatuses);
    teller.tell(pod.spec.containers, "spec.containers", pod.status.containerStatuses, now.containerStatuses);
    return std::move(teller.events);
}

}  // namespace qd::hollow
