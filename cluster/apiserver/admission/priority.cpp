#include <fmt/format.h>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/scheduling_v1.h"
#include "cluster/apiserver/admission/plugins.h"

namespace qd::apiserver {
namespace {

using schedulingv1::PriorityClass;

const std::string kClasses = "priorityclasses.scheduling.k8s.io";

class Priority final : public AdmissionPlugin {
public:
    const char* name() const override { return "Priority"; }
    Result<void> mutate(AdmissionRequest& request, const Reader& reader) const override;
    Result<void> validate(const AdmissionRequest& request, const Reader& reader) const override;
};

// Of several that two writers made at once, the lowest counts.
std::shared_ptr<const PriorityClass> defaultClass(const Reader& reader) {
    std::shared_ptr<const PriorityClass> lowest;
    for (const auto& object : reader.list(kClasses, "")) {
        const auto each = api::objectAs<PriorityClass>(object);
        if (each && each->globalDefault && (!lowest || each->value < lowest->value)) lowest = each;
    }
    return lowest;
}

// What an update leaves out stays; validation refuses every other change.
void keepPriority(corev1::PodSpec& now, const corev1::PodSpec& old) {
    if (!now.priority) now.priority = old.priority;
    if (!now.preemptionPolicy) now.preemptionPolicy = old.preemptionPolicy;
}

Result<void> resolve(const AdmissionRequest& request, corev1::PodSpec& spec, const Reader& reader) {
    std::shared_ptr<const PriorityClass> chosen;
    if (spec.priorityClassName.empty()) {
        chosen = defaultClass(reader);
        if (chosen) spec.priorityClassName = chosen->metadata.name;
    } else {
        chosen = api::objectAs<PriorityClass>(reader.get(kClasses, "", spec.priorityClassName));
        if (!chosen)
            return fail(
                forbidden(request, fmt::format("no PriorityClass with name {} was found", spec.priorityClassName)));
    }
    const std::int32_t value = chosen ? chosen->value : 0;
    const auto policy = chosen ? chosen->preemptionPolicy : std::optional<std::string>("PreemptLowerPriority");
    constexpr std::string_view kComputed = "must not be provided in pod spec; priority admission controller computed";
    constexpr std::string_view kFrom = "from the given PriorityClass name";
    if (spec.priority && *spec.priority != value) {
        return fail(forbidden(request, fmt::format("the integer value of priority ({}) {} {} {}", *spec.priority,
                                                   kComputed, value, kFrom)));
    }
    spec.priority = value;
    if (!policy) return {};
    if (spec.preemptionPolicy && *spec.preemptionPolicy != *policy) {
        return fail(forbidden(request, fmt::format("the string value of PreemptionPolicy ({}) {} {} {}",
                                                   *spec.preemptionPolicy, kComputed, *policy, kFrom)));
    }
    spec.preemptionPolicy = policy;
    return {};
}

Result<void> Priority::mutate(AdmissionRequest& request, const Reader& reader) const {
    auto* pod = itself<corev1::Pod>(request);
    if (!pod) return {};
    if (request.operation == Operation::Create) return resolve(request, pod->spec, reader);
    if (request.operation == Operation::Update && request.old)
        keepPriority(pod->spec, static_cast<const corev1::Pod*>(request.old)->spec);
    return {};
}

Result<void> Priority::validate(const AdmissionRequest& request, const Reader& reader) const {
    const auto* wanted = itself<PriorityClass>(request);
    if (!wanted || !wanted->globalDefault) return {};
    const auto present = defaultClass(reader);
    if (!present) return {};
    if (request.operation == Operation::Update && present->metadata.name == wanted->metadata.name) return {};
    return fail(
        forbidden(request, fmt::format("PriorityClass {} is already marked as default. Only one default can exist",
                                       present->metadata.name)));
}

}  // namespace

std::unique_ptr<AdmissionPlugin> priority() {
    return std::make_unique<Priority>();
}

}  // namespace qd::apiserver
