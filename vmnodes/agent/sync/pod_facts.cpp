#include "vmnodes/agent/sync/pod_facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::agent::sync {

bool isSidecar(const corev1::Container& container) {
    return container.restartPolicy.has_value() && *container.restartPolicy == corev1::ContainerRestartPolicyAlways;
}

std::vector<ContainerRef> containersOf(const corev1::Pod& pod) {
    std::vector<ContainerRef> refs;
    for (const corev1::Container& container : pod.spec.initContainers)
        refs.push_back({&container, isSidecar(container) ? ContainerKind::Sidecar : ContainerKind::Init});
    for (const corev1::Container& container : pod.spec.containers) refs.push_back({&container, ContainerKind::Regular});
    return refs;
}

const corev1::Container* findContainer(const corev1::Pod& pod, std::string_view name) {
    for (const ContainerRef& ref : containersOf(pod))
        if (ref.container->name == name) return ref.container;
    return nullptr;
}

corev1::Container ephemeralAsContainer(const corev1::EphemeralContainer& from) {
    corev1::Container to;
    to.name = from.name;
    to.image = from.image;
    to.command = from.command;
    to.args = from.args;
    to.workingDir = from.workingDir;
    to.envFrom = from.envFrom;
    to.env = from.env;
    to.volumeMounts = from.volumeMounts;
    to.terminationMessagePath = from.terminationMessagePath;
    to.terminationMessagePolicy = from.terminationMessagePolicy;
    to.imagePullPolicy = from.imagePullPolicy;
    to.securityContext = from.securityContext;
    to.stdin = from.stdin;
    to.stdinOnce = from.stdinOnce;
    to.tty = from.tty;
    return to;
}

bool isTerminalPhase(std::string_view phase) {
    return phase == corev1::PodSucceeded || phase == corev1::PodFailed;
}

std::string podLabel(const corev1::Pod& pod) {
    return fmt::format("{}_{}({})", pod.metadata.name, pod.metadata.namespace_, pod.metadata.uid);
}

std::string containerHash(const corev1::Container& container) {
    // FNV-1a over name and image, each with its end.
    std::uint32_t hash = 2'166'136'261U;
    for (const std::string& part : {container.name, container.image}) {
        for (std::size_t i = 0; i <= part.size(); ++i) {
            hash ^= static_cast<unsigned char>(part.c_str()[i]);
            hash *= 16'777'619U;
        }
    }
    return fmt::format("{:x}", hash);
}

bool restartsAfter(const corev1::Pod& pod, const corev1::Container& container, int exitCode) {
    for (const corev1::ContainerRestartRule& rule : container.restartPolicyRules) {
        if (!rule.exitCodes) continue;
        const auto& values = rule.exitCodes->values;
        const bool listed = std::ranges::find(values, exitCode) != values.end();
        if (listed == (rule.exitCodes->operator_ == corev1::ContainerRestartRuleOnExitCodesOpIn))
            return rule.action == corev1::ContainerRestartRuleActionRestart;
    }
    const std::string& policy = container.restartPolicy ? *container.restartPolicy : pod.spec.restartPolicy;
    if (policy == corev1::RestartPolicyNever) return false;
    if (policy == corev1::RestartPolicyOnFailure) return exitCode != 0;
    return true;
}

std::int64_t gracePeriod(const corev1::Pod& pod) {
    if (pod.metadata.deletionGracePeriodSeconds) return *pod.metadata.deletionGracePeriodSeconds;
    return pod.spec.terminationGracePeriodSeconds.value_or(corev1::DefaultTerminationGracePeriodSeconds);
}

std::string podFolder(const std::string& root, std::string_view uid) {
    return fmt::format("{}/pods/{}", root, uid);
}

std::string podLogFolder(const std::string& root, const corev1::Pod& pod) {
    return fmt::format("{}/{}_{}_{}", root, pod.metadata.namespace_, pod.metadata.name, pod.metadata.uid);
}

}  // namespace qd::agent::sync
