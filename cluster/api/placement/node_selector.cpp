#include "cluster/api/placement/node_selector.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace qd::api {
namespace {

std::optional<std::int64_t> number(const std::string& text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

bool holds(const corev1::NodeSelectorRequirement& requirement, const std::string* value) {
    const auto& values = requirement.values;
    const auto listed = [&] { return value && std::find(values.begin(), values.end(), *value) != values.end(); };
    const std::string& op = requirement.operator_;
    if (op == "In") return listed();
    if (op == "NotIn") return !listed();
    if (op == "Exists") return value != nullptr;
    if (op == "DoesNotExist") return value == nullptr;
    if (op != "Gt" && op != "Lt") return false;
    if (!value || values.size() != 1) return false;
    const auto mine = number(*value);
    const auto bound = number(values.front());
    return mine && bound && (op == "Gt" ? *mine > *bound : *mine < *bound);
}

}  // namespace

bool matches(const corev1::NodeSelectorTerm& term, const corev1::Node& node) {
    if (term.matchExpressions.empty() && term.matchFields.empty()) return false;
    const bool labels = std::all_of(term.matchExpressions.begin(), term.matchExpressions.end(), [&](const auto& each) {
        const auto found = node.metadata.labels.find(each.key);
        return holds(each, found == node.metadata.labels.end() ? nullptr : &found->second);
    });
    return labels && std::all_of(term.matchFields.begin(), term.matchFields.end(), [&](const auto& each) {
               return each.key == "metadata.name" && (each.operator_ == "In" || each.operator_ == "NotIn") && holds(each, &node.metadata.name);
           });
}

bool matches(const corev1::NodeSelector& selector, const corev1::Node& node) {
    return std::any_of(selector.nodeSelectorTerms.begin(), selector.nodeSelectorTerms.end(), [&](const auto& term) { return matches(term, node); });
}

bool hasRequiredAffinity(const corev1::Pod& pod) {
    if (!pod.spec.nodeSelector.empty()) return true;
    return pod.spec.affinity && pod.spec.affinity->nodeAffinity && pod.spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
}

bool matchesRequiredAffinity(const corev1::Pod& pod, const corev1::Node& node) {
    for (const auto& [key, value] : pod.spec.nodeSelector) {
        const auto found = node.metadata.labels.find(key);
        if (found == node.metadata.labels.end() || found->second != value) return false;
    }
    if (!pod.spec.affinity || !pod.spec.affinity->nodeAffinity) return true;
    const auto& required = pod.spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
    return !required || matches(*required, node);
}

}  // namespace qd::api
