#include "cluster/apiserver/admission/pod_security/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qd::apiserver::pod_security {
namespace {

template <typename Container>
ContainerView viewOfContainer(const Container& container) {
    ContainerView view{
        &container.name, container.securityContext ? &*container.securityContext : nullptr, &container.ports, {}, {}};
    for (const auto* probe : {&container.livenessProbe, &container.readinessProbe, &container.startupProbe}) {
        if (*probe) view.probes.push_back(&**probe);
    }
    if (container.lifecycle && container.lifecycle->postStart)
        view.handlers.push_back(&*container.lifecycle->postStart);
    if (container.lifecycle && container.lifecycle->preStop) view.handlers.push_back(&*container.lifecycle->preStop);
    return view;
}

template <typename All>
std::string quotedAll(const All& names) {
    std::vector<std::string> each;
    for (const auto& name : names) each.push_back("\"" + name + "\"");
    return fmt::format("{}", fmt::join(each, ", "));
}

}  // namespace

PodView viewOf(const metav1::ObjectMeta& meta, const corev1::PodSpec& spec) {
    PodView view{.meta = meta, .spec = spec, .containers = {}};
    for (const auto& container : spec.initContainers) view.containers.push_back(viewOfContainer(container));
    for (const auto& container : spec.containers) view.containers.push_back(viewOfContainer(container));
    for (const auto& container : spec.ephemeralContainers) view.containers.push_back(viewOfContainer(container));
    if (spec.securityContext) view.security = &*spec.securityContext;
    view.hasUsersOfItsOwn = spec.hostUsers && !*spec.hostUsers;
    view.isWindows = spec.os && spec.os->name == "windows";
    return view;
}

std::string quoted(const Names& names) {
    return quotedAll(names);
}
std::string quoted(const std::set<std::string>& names) {
    return quotedAll(names);
}

std::string plural(const char* one, const char* many, std::size_t count) {
    return count == 1 ? one : many;
}

std::string containersNamed(const Names& names) {
    return plural("container", "containers", names.size()) + " " + quoted(names);
}

std::string setters(bool pod, const Names& containers) {
    std::string text = pod ? "pod" : "";
    if (containers.empty()) return text;
    return text + (pod ? " and " : "") + containersNamed(containers);
}

std::string violations(const PodView& pod, const LevelVersion& policy) {
    if (policy.level == Level::Privileged) return {};
    std::vector<Found> found;
    appendBaseline(found, pod, policy.minor, policy.level == Level::Restricted);
    if (policy.level == Level::Restricted) appendRestricted(found, pod, policy.minor);
    std::erase(found, Found());
    return fmt::format("{}", fmt::join(found, ", "));
}

}  // namespace qd::apiserver::pod_security
