#include "cluster/controllers/deployment/revision.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace qd::controllers {
namespace {

constexpr char kLastAppliedConfiguration[] = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::size_t kLongestHistory = 2000;  // characters; about a hundred revisions

std::string annotation(const api::Object& object, std::string_view key) {
    const auto found = object.metadata.annotations.find(key);
    return found == object.metadata.annotations.end() ? "" : found->second;
}

template <typename T>
std::optional<T> numberIn(const std::string& text) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::int32_t> sizeAnnotation(const appsv1::ReplicaSet& set, std::string_view key) {
    const auto size = numberIn<std::int32_t>(annotation(set, key));
    return size && *size >= 0 ? size : std::nullopt;
}

bool setAnnotation(api::Object& object, std::string_view key, const std::string& value) {
    auto& current = object.metadata.annotations[std::string(key)];
    if (current == value) return false;
    current = value;
    return true;
}

// What describes the Deployment or one ReplicaSet alone.
bool staysBehind(std::string_view key) {
    constexpr std::array<std::string_view, 6> kOwn = {kLastAppliedConfiguration,  kRevisionAnnotation,    kRevisionHistoryAnnotation,
                                                      kDesiredReplicasAnnotation, kMaxReplicasAnnotation, appsv1::DeprecatedRollbackTo};
    return std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end();
}

// "1,3" and 5 make "1,3,5"; the oldest go when the text would grow too long.
std::string historyWith(std::string history, const std::string& revision) {
    if (history.empty()) return revision;
    while (!history.empty() && history.size() + 1 + revision.size() > kLongestHistory) {
        const auto comma = history.find(',');
        history = comma == std::string::npos ? "" : history.substr(comma + 1);
    }
    return history.empty() ? revision : history + "," + revision;
}

}  // namespace

std::optional<std::int64_t> revisionAnnotationOf(const api::Object& object) {
    const std::string text = annotation(object, kRevisionAnnotation);
    if (text.empty()) return 0;
    return numberIn<std::int64_t>(text);
}

std::int64_t highestRevision(const ReplicaSets& sets) {
    std::int64_t highest = 0;
    for (const auto& set : sets) highest = std::max(highest, revisionAnnotationOf(*set).value_or(0));
    return highest;
}

std::optional<std::int32_t> desiredReplicasAnnotation(const appsv1::ReplicaSet& set) { return sizeAnnotation(set, kDesiredReplicasAnnotation); }
std::optional<std::int32_t> maxReplicasAnnotation(const appsv1::ReplicaSet& set) { return sizeAnnotation(set, kMaxReplicasAnnotation); }

bool setReplicasAnnotations(appsv1::ReplicaSet& set, std::int32_t desired, std::int32_t most) {
    const bool first = setAnnotation(set, kDesiredReplicasAnnotation, std::to_string(desired));
    const bool second = setAnnotation(set, kMaxReplicasAnnotation, std::to_string(most));
    return first || second;
}

bool setNewReplicaSetAnnotations(const appsv1::Deployment& deployment, appsv1::ReplicaSet& newest, std::int64_t revision) {
    bool changed = false;
    for (const auto& [key, value] : deployment.metadata.annotations) {
        if (!staysBehind(key) && setAnnotation(newest, key, value)) changed = true;
    }
    const auto earlier = revisionAnnotationOf(newest);
    if (!earlier) return changed;  // somebody's own text: not ours to count up
    if (*earlier >= revision) return changed;
    const std::string replaced = annotation(newest, kRevisionAnnotation);
    setAnnotation(newest, kRevisionAnnotation, std::to_string(revision));
    // It served before: this is a way back, and the revision that it had stays known.
    if (!replaced.empty()) setAnnotation(newest, kRevisionHistoryAnnotation, historyWith(annotation(newest, kRevisionHistoryAnnotation), replaced));
    return true;
}

}  // namespace qd::controllers
