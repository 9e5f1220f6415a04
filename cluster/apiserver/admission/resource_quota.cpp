#include "cluster/apiserver/admission/resource_quota.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "cluster/api/quota/evaluator.h"
#include "cluster/api/types/core_v1.h"

namespace qd::apiserver {
namespace {

using api::Quantities;
using corev1::ResourceQuota;
using QuotaPtr = std::shared_ptr<const ResourceQuota>;

// Races are lost against the controller and people who edit the quota.
constexpr int kTries = 10;
constexpr const char* kActor = "system:apiserver";

bool hasDeadline(const corev1::Pod& pod) {
    return pod.spec.activeDeadlineSeconds.value_or(-1) >= 0;
}

bool podIsMeasured(const AdmissionRequest& request) {
    if (request.subresource == "resize") return request.operation == Operation::Update;
    if (!request.subresource.empty()) return false;
    if (request.operation == Operation::Create) return true;
    // It may change over from one scope to another.
    const auto* now = itself<corev1::Pod>(request);
    const auto* old = request.old ? api::objectAs<corev1::Pod>(*request.old) : nullptr;
    return now && old && hasDeadline(*now) != hasDeadline(*old);
}

// Whether the request may use more of something than before.
bool isMeasured(const std::string& resource, const AdmissionRequest& request, base::WallTime now) {
    const bool isWrite = request.operation == Operation::Create || request.operation == Operation::Update;
    if (!isWrite || !request.object) return false;
    if (resource == "pods") return podIsMeasured(request);
    if (resource == "services") return request.subresource.empty();
    if (resource == "persistentvolumeclaims") {
        if (request.subresource.empty()) return true;
        const bool ofStatus = request.subresource == "status" && request.old;
        return ofStatus && api::claimEvaluator()->mayHaveShrunk(*request.old, *request.object, now);
    }
    return request.subresource.empty() && request.operation == Operation::Create;
}

// What a write means for one quota.
class Charge {
public:
    Charge(const AdmissionRequest& request, const api::QuotaEvaluator& evaluator, base::WallTime now)
        : m_request(request), m_evaluator(evaluator), m_usage(evaluator.usage(*request.object, now)) {
        if (request.operation == Operation::Update && request.old)
            m_before = evaluator.usage(*request.old, now);
    }

    Result<void> checkSign() const {
        std::vector<std::string> negative;
        for (const auto& [name, amount] : m_usage) {
            if (amount.sign() < 0) negative.push_back(name);
        }
        if (negative.empty()) return {};
        return fail(forbidden(m_request, fmt::format("quota usage is negative for resource(s): {}", fmt::join(negative, ","))));
    }

    // status.used with the write in it; nothing when the quota is not concerned.
    Result<std::optional<Quantities>> usedAfter(const ResourceQuota& quota) const {
        const auto hard = api::namesOf(quota.status.hard);
        const auto names = m_evaluator.matching(hard);
        if (names.empty() || !api::inScopes(m_evaluator, quota.spec, *m_request.object)) return std::optional<Quantities>{};
        if (const std::string missing = m_evaluator.missing(names, *m_request.object); !missing.empty())
            return refused(fmt::format("failed quota: {}: {}", quota.metadata.name, missing));
        const bool known = std::all_of(names.begin(), names.end(), [&](const auto& name) { return quota.status.used.contains(name); });
        if (!known) {
            return refused(fmt::format("status unknown for quota: {}, resources: {}", quota.metadata.name, fmt::join(names, ",")));
        }
        const bool wasWithin = m_before && api::inScopes(m_evaluator, quota.spec, *m_request.old);
        const Quantities more = api::masked(api::withoutZeros(wasWithin ? api::increase(m_usage, *m_before) : m_usage), hard);
        if (more.empty()) return std::optional<Quantities>{};
        Quantities used = api::sum(quota.status.used, more);
        if (auto fits = checkFits(quota, more, used); !fits) return fail(std::move(fits.error()));
        return std::optional(std::move(used));
    }

private:
    base::Failure refused(std::string_view why) const { return fail(forbidden(m_request, why)); }

    Result<void> checkFits(const ResourceQuota& quota, const Quantities& more, const Quantities& used) const {
        if (m_request.subresource == "status") return {};
        api::ResourceNameSet exceeded;
        for (const auto& [name, amount] : more) {
            if (used.at(name) > quota.status.hard.at(name)) exceeded.insert(name);
        }
        if (exceeded.empty()) return {};
        return refused(fmt::format("exceeded quota: {}, requested: {}, used: {}, limited: {}", quota.metadata.name,
                                   api::inWords(api::masked(more, exceeded)), api::inWords(api::masked(quota.status.used, exceeded)),
                                   api::inWords(api::masked(quota.status.hard, exceeded))));
    }

    const AdmissionRequest& m_request;
    const api::QuotaEvaluator& m_evaluator;
    Quantities m_usage;
    std::optional<Quantities> m_before;
};

std::vector<std::string> quotasIn(const std::string& ns, const Reader& reader) {
    std::vector<std::string> names;
    for (const auto& object : reader.list("resourcequotas", ns)) names.push_back(object->metadata.name);
    return names;
}

// Writes the quota unless it has changed meanwhile, which `lost` tells.
Result<void> write(store::Store& store, const ResourceQuota& quota, Quantities used, bool& lost) {
    auto now = std::make_unique<ResourceQuota>(quota);
    now->status.used = std::move(used);
    const std::string& version = quota.metadata.resourceVersion;
    store::Revision revision = 0;
    std::from_chars(version.data(), version.data() + version.size(), revision);
    auto submitted = store.submit({.operation = store::Operation::Update,
                                   .key = {"resourcequotas", quota.metadata.namespace_, quota.metadata.name},
                                   .object = std::move(now),
                                   .expectedRevision = revision,
                                   .actor = kActor});
    if (submitted) return {};
    lost = submitted.error().why == store::Rejected::Why::RevisionDiffers || submitted.error().why == store::Rejected::Why::Missing;
    return fail(std::move(submitted.error().error));
}

}  // namespace

// All quotas are looked at before the first is charged. A quota that changes meanwhile is looked at again alone: the others
// have been charged.
Result<void> ResourceQuotaAdmission::validate(const AdmissionRequest& request, const Reader& reader) const {
    const base::WallTime now = m_clock.now();
    if (request.namespace_.empty() || !isMeasured(request.kind->groupResource(), request, now)) return {};
    std::vector<std::string> open = quotasIn(request.namespace_, reader);
    if (open.empty()) return {};
    const std::lock_guard turn(turnOf(request.namespace_));
    const auto evaluator = api::quotaEvaluator(request.kind->groupResource());
    const Charge charge(request, *evaluator, now);
    if (auto fine = charge.checkSign(); !fine) return fine;

    Error last;
    for (int i = 0; i < kTries && !open.empty(); ++i) {
        std::vector<std::pair<QuotaPtr, Quantities>> charged;
        for (const auto& name : open) {
            const auto quota = api::objectAs<ResourceQuota>(reader.get("resourcequotas", request.namespace_, name));
            if (!quota) continue;  // it was deleted
            auto used = charge.usedAfter(*quota);
            if (!used) return fail(std::move(used.error()));
            if (*used) charged.emplace_back(quota, std::move(**used));
        }
        open.clear();
        if (request.dryRun) return {};
        for (auto& [quota, used] : charged) {
            bool lost = false;
            auto written = write(m_store, *quota, std::move(used), lost);
            if (written) continue;
            if (!lost) return written;
            last = std::move(written.error());
            open.push_back(quota->metadata.name);
        }
    }
    if (open.empty()) return {};
    return fail(std::move(last));
}

}  // namespace qd::apiserver
