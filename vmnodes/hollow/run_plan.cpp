#include "vmnodes/hollow/run_plan.h"

#include <algorithm>
#include <charconv>

#include "cluster/api/meta/time.h"
#include "vmnodes/hollow/command_line.h"
#include "vmnodes/hollow/image_name.h"

namespace qd::hollow {
namespace {

constexpr std::string_view kPrefix = "hollow.quarterdeck.dev/";
constexpr std::int64_t kDefaultGrace = 30;  // seconds
constexpr int kAskedToStop = 143;           // 128 + SIGTERM
constexpr base::Duration kLeftByHooks = std::chrono::seconds(2);

const std::string* annotation(const corev1::Pod& pod, std::string_view name) {
    if (pod.metadata.annotations.empty()) return nullptr;
    const auto found = pod.metadata.annotations.find(std::string(kPrefix) + std::string(name));
    return found == pod.metadata.annotations.end() ? nullptr : &found->second;
}

std::optional<base::Duration> duration(const corev1::Pod& pod, std::string_view name) {
    const std::string* text = annotation(pod, name);
    if (!text) return std::nullopt;
    const auto parsed = api::Duration::parse(*text);
    if (!parsed) return std::nullopt;
    return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(parsed->nanoseconds));
}

// A hook that cannot be followed takes no time; one that would go on for ever is cut off by the grace period.
base::Duration stopHookOf(const corev1::Pod& pod, const corev1::Container& container) {
    if (!container.lifecycle || !container.lifecycle->preStop) return {};
    const corev1::LifecycleHandler& hook = *container.lifecycle->preStop;
    if (hook.sleep) return std::chrono::seconds(hook.sleep->seconds);
    const auto run = hook.exec ? runOf(pod, container, hook.exec->command) : std::nullopt;
    return run ? run->length.value_or(base::Duration::max()) : base::Duration{};
}

// 0 stands for the default in a probe that was not defaulted.
std::int64_t orElse(std::int32_t value, std::int64_t otherwise) {
    return value > 0 ? value : otherwise;
}

ContainerPlan planOf(const corev1::Container& container) {
    ContainerPlan plan;
    plan.imageMissing = isMissing(container.image);
    plan.hasLiveness = container.livenessProbe.has_value();
    if (container.readinessProbe) plan.readyAfter = std::chrono::seconds(container.readinessProbe->initialDelaySeconds);
    if (const auto& probe = container.startupProbe) {
        plan.startedAfter = std::chrono::seconds(probe->initialDelaySeconds);
        plan.startupLimit = plan.startedAfter +
                            std::chrono::seconds(orElse(probe->failureThreshold, 3) * orElse(probe->periodSeconds, 10));
    }
    return plan;
}

}  // namespace

ContainerPlan::Run ContainerPlan::run(int start) const {
    if (runs.empty()) return {};
    return runs[std::min(static_cast<std::size_t>(std::max(0, start)), runs.size() - 1)];
}

base::Duration RunPlan::graceAfter(base::Duration hook) const {
    return hook > base::Duration(0) ? std::max(kLeftByHooks, grace - hook) : grace;
}

RunPlan planOf(const corev1::Pod& pod, const Timing& timing) {
    RunPlan plan;
    const bool ends = pod.spec.restartPolicy == "Never" || pod.spec.restartPolicy == "OnFailure";
    plan.startsAfter = timing.start;
    plan.stopsAfter = duration(pod, "stops-after").value_or(timing.stop);
    plan.grace = std::chrono::seconds(pod.metadata.deletionGracePeriodSeconds.value_or(
        pod.spec.terminationGracePeriodSeconds.value_or(kDefaultGrace)));
    plan.stopExitCode = ends ? kAskedToStop : 0;

    ContainerPlan::Run run{.length = duration(pod, "exits-after")};
    const std::string* code = annotation(pod, "exit-code");
    const bool told = run.length || code;
    if (!run.length && ends) run.length = timing.jobRuns;
    if (code) std::from_chars(code->data(), code->data() + code->size(), run.exitCode);
    const std::string* never = annotation(pod, "never-ready");
    for (const auto& container : pod.spec.containers) {
        auto& each = plan.containers.emplace_back(planOf(container));
        if (run.length) each.runs = {run};
        if (const auto runs = told ? std::nullopt : runsOf(pod, container)) each.runs = *runs;
        each.readinessFails = never && *never == "true";
        each.stopHook = stopHookOf(pod, container);
    }
    for (const auto& container : pod.spec.initContainers) {
        auto& each = plan.init.emplace_back(planOf(container));
        if (!isSidecar(container)) each.runs = {{.length = base::Duration(0)}};
        each.stopHook = stopHookOf(pod, container);
        if (const auto runs = runsOf(pod, container)) each.runs = *runs;
    }
    return plan;
}

}  // namespace qd::hollow
