#include "cluster/controllers/namespaces/namespace_conditions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace qd::controllers {
namespace {

struct Text {
    const char* type;
    const char* fineReason;
    const char* fineMessage;
};

constexpr std::array<Text, 5> kConditions = {{
    {corev1::NamespaceDeletionDiscoveryFailure, "ResourcesDiscovered", "All resources successfully discovered"},
    {corev1::NamespaceDeletionGVParsingFailure, "ParsedGroupVersions", "All legacy kube types successfully parsed"},
    {corev1::NamespaceDeletionContentFailure, "ContentDeleted", "All content successfully deleted, may be waiting on finalization"},
    {corev1::NamespaceContentRemaining, "ContentRemoved", "All content successfully removed"},
    {corev1::NamespaceFinalizersRemaining, "ContentHasNoFinalizers", "All content-preserving finalizers finished"},
}};

corev1::NamespaceCondition condition(const std::string& type, const char* status, const std::string& reason, std::string message) {
    corev1::NamespaceCondition made;
    made.type = type;
    made.status = status;
    made.reason = reason;
    made.message = std::move(message);
    return made;
}

std::string counted(const std::map<std::string, int>& counts, const char* format) {
    std::vector<std::string> parts;
    for (const auto& [name, count] : counts) parts.push_back(fmt::format(fmt::runtime(format), name, count));
    return fmt::format("{}", fmt::join(parts, ", "));
}

corev1::NamespaceCondition current(const Text& text, const NamespaceRemains& remains, bool beforeOthers) {
    const std::string type = text.type;
    if (type == corev1::NamespaceDeletionContentFailure && !remains.failures.empty()) {
        auto failures = remains.failures;
        std::sort(failures.begin(), failures.end());
        return condition(type, "True", "ContentDeletionFailed",
                         fmt::format("Failed to delete all resource types, {} remaining: {}", failures.size(), fmt::join(failures, ", ")));
    }
    if (type == corev1::NamespaceContentRemaining && !remains.objects.empty() && !beforeOthers) {
        return condition(type, "True", "SomeResourcesRemain", "Some resources are remaining: " + counted(remains.objects, "{} has {} resource instances"));
    }
    if (type == corev1::NamespaceFinalizersRemaining && !remains.finalizers.empty() && !beforeOthers) {
        return condition(type, "True", "SomeFinalizersRemain",
                         "Some content in the namespace has finalizers remaining: " + counted(remains.finalizers, "{} in {} resource instances"));
    }
    return condition(type, "False", text.fineReason, text.fineMessage);
}

}  // namespace

bool setNamespaceConditions(corev1::NamespaceStatus& status, const NamespaceRemains& remains, bool beforeOthers, base::WallTime now) {
    bool changed = false;
    for (const auto& text : kConditions) {
        auto wanted = current(text, remains, beforeOthers);
        wanted.lastTransitionTime = api::Time(now);
        const auto found = std::find_if(status.conditions.begin(), status.conditions.end(), [&](const auto& each) { return each.type == wanted.type; });
        if (found == status.conditions.end()) {
            status.conditions.push_back(std::move(wanted));
            changed = true;
            continue;
        }
        if (found->status == wanted.status) wanted.lastTransitionTime = found->lastTransitionTime;
        if (*found == wanted) continue;
        *found = std::move(wanted);
        changed = true;
    }
    return changed;
}

}  // namespace qd::controllers
