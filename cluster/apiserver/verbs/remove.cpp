#include <fmt/format.h>

#include <algorithm>

#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {
namespace {

constexpr int kTries = 100;
const std::string kOrphan = "orphan";
const std::string kForeground = "foregroundDeletion";

// Which finalizers a deletion leaves for the garbage collector to act on.
// Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion.
std::vector<std::string> finalizersFor(const api::Kind& kind, const metav1::ObjectMeta& meta, const DeleteOptions& options) {
    const auto has = [&](const std::string& name) {
        return std::find(meta.finalizers.begin(), meta.finalizers.end(), name) != meta.finalizers.end();
    };
    bool orphan = false;
    bool foreground = false;
    if (options.orphanDependents) {
        orphan = *options.orphanDependents;
    } else if (options.propagationPolicy) {
        orphan = *options.propagationPolicy == "Orphan";
        foreground = *options.propagationPolicy == "Foreground";
    } else if (has(kOrphan)) {
        orphan = true;
    } else if (has(kForeground)) {
        foreground = true;
    } else {
        orphan = kind.defaultPropagation == "Orphan";
    }
    std::vector<std::string> finalizers;
    for (const auto& name : meta.finalizers) {
        if (name != kOrphan && name != kForeground) finalizers.push_back(name);
    }
    if (orphan) finalizers.push_back(kOrphan);
    if (foreground) finalizers.push_back(kForeground);
    return finalizers;
}

void addSeconds(api::Time& time, std::int64_t seconds) { time = api::Time(time.wall() + std::chrono::seconds(seconds)); }

// Deletions name the kind where all other conflicts name the resource.
Error preconditionFailed(const Target& target, std::string_view why) {
    const std::string kind = target.kind->group.empty() ? target.kind->kind : target.kind->kind + "." + target.kind->group;
    Error error{Reason::Conflict, fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", kind, target.name, why)};
    error.details = base::ErrorDetails{target.name, target.kind->group, target.kind->kind, "", 0};
    return error;
}

enum class Grace { None, Begun, Pending };

// Grace periods may only be shortened once a deletion has begun.
Grace beginGrace(const api::Kind& kind, api::Object& object, const DeleteOptions& options, base::WallTime now) {
    if (!kind.gracePeriodSeconds) return Grace::None;
    metav1::ObjectMeta& meta = object.metadata;
    if (meta.deletionTimestamp) {
        if (!meta.deletionGracePeriodSeconds) return Grace::None;
        if (!options.gracePeriodSeconds || *options.gracePeriodSeconds >= *meta.deletionGracePeriodSeconds) return Grace::Pending;
        addSeconds(*meta.deletionTimestamp, *options.gracePeriodSeconds - *meta.deletionGracePeriodSeconds);
        meta.deletionGracePeriodSeconds = *options.gracePeriodSeconds;
        return Grace::Begun;
    }
    const auto seconds = kind.gracePeriodSeconds(object, options.gracePeriodSeconds);
    if (!seconds) return Grace::None;
    meta.deletionTimestamp = api::Time(now + std::chrono::seconds(*seconds));
    meta.deletionGracePeriodSeconds = *seconds;
    if (meta.generation > 0) ++meta.generation;
    return Grace::Begun;
}

void markAsLeaving(api::Object& object, base::WallTime now) {
    metav1::ObjectMeta& meta = object.metadata;
    if (!meta.deletionTimestamp) {
        meta.deletionTimestamp = api::Time(now);
        if (meta.generation > 0) ++meta.generation;
    }
    meta.deletionGracePeriodSeconds = 0;
}

}  // namespace

Result<Removed> Verbs::remove(const Caller& caller, const Target& target, const DeleteOptions& options) {
    std::vector<std::string> warnings;
    for (int i = 0; i < kTries; ++i) {
        const auto latest = m_context.store.latest(storeKey(target));
        if (!latest) return fail(latest.error());
        if (!latest->entry) return fail(notFound(target));
        const api::Object& current = *latest->entry->object();
        if (options.uid && *options.uid != current.metadata.uid) {
            return fail(preconditionFailed(target, fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                                                               *options.uid, current.metadata.uid)));
        }
        if (options.resourceVersion && *options.resourceVersion != current.metadata.resourceVersion) {
            return fail(preconditionFailed(target, fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({}). The object might have been modified",
                                                               *options.resourceVersion, current.metadata.resourceVersion)));
        }
        warnings.clear();
        AdmissionRequest admission{Operation::Delete, target.kind, target.subresource, target.namespace_, target.name,
                                   caller.user, options.dryRun, nullptr, &current, &warnings};
        if (auto done = mutate(admission); !done) return fail(std::move(done.error()));
        if (auto done = validate(admission); !done) return fail(std::move(done.error()));
        bool lost = false;
        auto removed = removeNow(caller, target, latest->entry, options, lost);
        if (lost) continue;
        if (removed) removed->warnings = std::move(warnings);
        return removed;
    }
    return fail(objectModified(target));
}

Result<Removed> Verbs::removeNow(const Caller& caller, const Target& target, const store::EntryPtr& entry,
                                 const DeleteOptions& options, bool& lost) {
    const api::Kind& kind = target.kind->storedAs ? *target.kind->storedAs : *target.kind;
    const base::WallTime clockNow = m_context.clock.now();
    std::unique_ptr<api::Object> now = entry->object()->clone();
    const Grace grace = beginGrace(kind, *now, options, clockNow);
    if (grace == Grace::Pending) return Removed{.object = served(*target.kind, entry->object()), .ticket = {}, .gone = false, .warnings = {}};

    std::vector<std::string> finalizers = finalizersFor(kind, now->metadata, options);
    now->metadata.finalizers = std::move(finalizers);
    const bool held = !now->metadata.finalizers.empty() || (kind.mayBeRemoved && !kind.mayBeRemoved(*now));
    if (grace == Grace::None && held) markAsLeaving(*now, clockNow);
    if (held && kind.onLeaving) kind.onLeaving(*now);
    const bool graceLeft = grace == Grace::Begun && now->metadata.deletionGracePeriodSeconds.value_or(0) > 0;
    const bool stays = held || graceLeft;

    store::Write write{.operation = stays ? store::Operation::Update : store::Operation::Delete,
                       .key = storeKey(target),
                       .object = nullptr,
                       .expectedRevision = entry->revision(),
                       .actor = caller.user.name,
                       .cause = caller.cause};
    if (options.dryRun) {
        return Removed{.object = served(*target.kind, api::ObjectPtr(std::move(now))), .ticket = {}, .gone = !stays, .warnings = {}};
    }
    if (stays) write.object = std::move(now);
    auto submitted = m_context.store.submit(std::move(write));
    if (!submitted) {
        lost = submitted.error().why == store::Rejected::Why::RevisionDiffers;
        if (submitted.error().why == store::Rejected::Why::Missing) return fail(notFound(target));
        return fail(std::move(submitted.error().error));
    }
    return Removed{.object = served(*target.kind, submitted->entry->object()), .ticket = submitted->ticket, .gone = !stays, .warnings = {}};
}

}  // namespace qd::apiserver
