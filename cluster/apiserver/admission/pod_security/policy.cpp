#include "cluster/apiserver/admission/pod_security/policy.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace qd::apiserver::pod_security {
namespace {

namespace field = api::field;

constexpr const char* kNames[] = {"privileged", "baseline", "restricted"};
const std::string kPrefix = "pod-security.kubernetes.io/";

const std::string* valueOf(const api::Map<std::string>& labels, std::string_view name) {
    const auto found = labels.find(kPrefix + std::string(name));
    return found == labels.end() ? nullptr : &found->second;
}

field::FieldError wrong(std::string_view name, const std::string& value, std::string_view why) {
    return field::invalid(field::Path("metadata.labels").key(kPrefix + std::string(name)), value, why);
}

// Nothing when there is no such label; Restricted, and an error, for an unknown level.
struct GivenLevel {
    std::optional<Level> level;
    bool valid = true;
};

GivenLevel levelIn(const api::Map<std::string>& labels, std::string_view name, field::Errors& errors) {
    const std::string* value = valueOf(labels, name);
    if (!value) return {};
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
        if (*value == kNames[i]) return {static_cast<Level>(i), true};
    }
    errors.push_back(wrong(name, *value, "must be one of privileged, baseline, restricted"));
    return {Level::Restricted, false};
}

std::optional<int> minorIn(const api::Map<std::string>& labels, std::string_view name, field::Errors& errors) {
    const std::string* value = valueOf(labels, name);
    if (!value) return std::nullopt;
    if (*value == "latest") return LevelVersion::kLatest;
    constexpr std::string_view kMajor = "v1.";
    int minor = 0;
    const bool begins = value->starts_with(kMajor) && value->size() > kMajor.size();
    const char* end = value->data() + value->size();
    if (begins && ((*value)[kMajor.size()] != '0' || value->size() == kMajor.size() + 1)) {
        const auto [at, error] = std::from_chars(value->data() + kMajor.size(), end, minor);
        if (error == std::errc{} && at == end && minor >= 0) return minor;
    }
    errors.push_back(wrong(name, *value, "must be \"latest\" or \"v1.x\""));
    return LevelVersion::kLatest;
}

}  // namespace

std::string LevelVersion::toString() const {
    const char* name = kNames[static_cast<std::size_t>(level)];
    return minor == kLatest ? fmt::format("{}:latest", name) : fmt::format("{}:v1.{}", name, minor);
}

Policy policyOf(const api::Map<std::string>& labels) {
    Policy policy;
    const GivenLevel enforce = levelIn(labels, "enforce", policy.errors);
    if (enforce.level) policy.enforce.level = *enforce.level;
    if (const auto minor = minorIn(labels, "enforce-version", policy.errors)) policy.enforce.minor = *minor;
    (void)levelIn(labels, "audit", policy.errors);  // there is no audit log; the labels are still checked
    (void)minorIn(labels, "audit-version", policy.errors);
    const GivenLevel warn = levelIn(labels, "warn", policy.errors);
    if (warn.level) policy.warn.level = warn.valid ? *warn.level : Level::Privileged;
    const auto warnMinor = minorIn(labels, "warn-version", policy.errors);
    if (warnMinor) policy.warn.minor = *warnMinor;
    // Who enforces more than is warned of is warned of that too.
    if (!warn.level && enforce.level && enforce.valid && policy.enforce.level > policy.warn.level) {
        policy.warn.level = policy.enforce.level;
        if (!warnMinor) policy.warn.minor = policy.enforce.minor;
    }
    return policy;
}

}  // namespace qd::apiserver::pod_security
