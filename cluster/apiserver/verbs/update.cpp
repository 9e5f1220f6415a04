#include <fmt/format.h>

#include <charconv>

#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {
namespace {

// A conditional write that loses against another one is tried again this often when it carries no precondition.
constexpr int kTries = 100;

const api::UpdateRules* rulesOf(const Target& target) {
    // Scaling writes the object itself.
    if (target.subresource.empty() || target.subresource == "scale") return &target.kind->update;
    const auto found = target.kind->subresourceUpdates.find(target.subresource);
    return found == target.kind->subresourceUpdates.end() ? nullptr : &found->second;
}

// Subresources that clients cannot update have no rules: what the server itself changes there (a binding) it answers for.
const api::UpdateRules kNoRules;

// What a client cannot change in metadata, whatever it sends.
void keepSystemFields(metav1::ObjectMeta& now, const metav1::ObjectMeta& old) {
    if (now.uid.empty()) now.uid = old.uid;
    now.creationTimestamp = old.creationTimestamp;
    now.selfLink.clear();
    if (old.deletionTimestamp) now.deletionTimestamp = old.deletionTimestamp;
    if (!old.deletionTimestamp) now.deletionTimestamp.reset();
    if (old.deletionGracePeriodSeconds && !now.deletionGracePeriodSeconds) {
        now.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
    }
    if (!old.deletionGracePeriodSeconds) now.deletionGracePeriodSeconds.reset();
    now.generation = old.generation;
}

// An object that was waiting for its finalizers alone goes with the update that removes the last one.
bool isFinished(const api::Kind& kind, const api::Object& now) {
    const metav1::ObjectMeta& meta = now.metadata;
    if (!meta.deletionTimestamp || !meta.finalizers.empty()) return false;
    if (kind.mayBeRemoved && !kind.mayBeRemoved(now)) return false;
    return meta.deletionGracePeriodSeconds.value_or(0) == 0;
}

}  // namespace

Result<Written> Verbs::update(const Caller& caller, const Target& target, std::unique_ptr<api::Object> object,
                              const UpdateOptions& options) {
    const std::shared_ptr<const api::Object> given = std::move(object);
    if (given->metadata.name != target.name) {
        return fail(Reason::BadRequest, fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                                    given->metadata.name, target.name));
    }
    if (target.kind->namespaced && !given->metadata.namespace_.empty() && given->metadata.namespace_ != target.namespace_) {
        return fail(Reason::BadRequest, "the namespace of the provided object does not match the namespace sent on the request");
    }
    const std::string& version = given->metadata.resourceVersion;
    const auto change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
        auto now = given->clone();
        now->metadata.namespace_ = target.namespace_;
        if (!given->metadata.uid.empty() && given->metadata.uid != current.metadata.uid) {
            return fail(uidDiffers(target, given->metadata.uid, current.metadata.uid));
        }
        if (version.empty() || version == "0") {
            if (!target.kind->allowUnconditionalUpdate) {
                return fail(api::field::toInvalid(
                    target.kind->group, target.kind->plural, target.name,
                    {api::field::invalid(api::field::Path("metadata.resourceVersion"), 0, "must be specified for an update")}));
            }
        } else if (version != current.metadata.resourceVersion) {
            return fail(objectModified(target));
        }
        return now;
    };
    ChangeOptions changeOptions{.dryRun = options.dryRun};
    changeOptions.track = [&](const api::Object& old, api::Object& now) { return trackUpdate(caller, target, old, now); };
    if (target.kind->allowCreateOnUpdate && target.subresource.empty()) {
        changeOptions.whenMissing = [&]() -> Result<std::unique_ptr<api::Object>> { return given->clone(); };
    }
    return this->change(caller, target, change, changeOptions);
}

Result<Written> Verbs::change(const Caller& caller, const Target& target, const Change& change,
                              const ChangeOptions& options) {
    for (int i = 0; i < kTries; ++i) {
        const auto latest = m_context.store.latest(storeKey(target));
        if (!latest) return fail(latest.error());
        if (!latest->entry) {
            if (!options.whenMissing) return fail(notFound(target));
            auto made = options.whenMissing();
            if (!made) return fail(std::move(made.error()));
            auto created = create(caller, target, std::move(*made), CreateOptions{.dryRun = options.dryRun, .keepsManagedFields = !options.track});
            const bool raced = !created && created.error().reason == Reason::AlreadyExists;
            if (!raced) return created;
            continue;
        }
        const api::ObjectPtr current = served(*target.kind, latest->entry->object());
        auto now = change(*current);
        if (!now) return fail(std::move(now.error()));
        bool lost = false;
        auto written = writeChanged(caller, target, *latest, std::move(*now), options, lost);
        if (!lost) return written;
    }
    return fail(objectModified(target));
}

Result<Written> Verbs::writeChanged(const Caller& caller, const Target& target, const store::Latest& latest,
                                    std::unique_ptr<api::Object> now, const ChangeOptions& options, bool& lost) {
    const api::Kind& kind = *target.kind;
    const api::ObjectPtr old = served(kind, latest.entry->object());
    const api::UpdateRules* rules = rulesOf(target);
    if (!rules) rules = &kNoRules;
    std::vector<std::string> warnings;

    if (kind.defaults) kind.defaults(*now);
    if (options.track) {
        if (auto tracked = options.track(*old, *now); !tracked) return fail(std::move(tracked.error()));
    }
    AdmissionRequest admission{Operation::Update, &kind, target.subresource, target.namespace_, target.name,
                               caller.user, options.dryRun, now.get(), old.get(), &warnings};
    if (auto done = mutate(admission); !done) return fail(std::move(done.error()));
    if (auto done = allocate(admission); !done) return fail(std::move(done.error()));

    keepSystemFields(now->metadata, old->metadata);
    now->metadata.resourceVersion = old->metadata.resourceVersion;
    if (rules->prepare) rules->prepare(*now, *old);
    if (rules->warnings) {
        for (auto& warning : rules->warnings(*now, old.get())) warnings.push_back(std::move(warning));
    }
    if (rules->validate) {
        if (const auto errors = rules->validate(*now, *old); !errors.empty()) {
            return fail(api::field::toInvalid(kind.errorGroup(), kind.kind, target.name, errors));
        }
    }
    if (auto done = validate(admission); !done) return fail(std::move(done.error()));

    const bool finished = isFinished(kind, *now);
    if (options.dryRun) return Written{.object = api::ObjectPtr(std::move(now)), .ticket = {}, .warnings = std::move(warnings)};
    api::ObjectPtr last = finished ? api::ObjectPtr(now->clone()) : nullptr;
    store::Write write{.operation = store::Operation::Update,
                       .key = storeKey(target),
                       .object = stored(kind, std::move(now)),
                       .expectedRevision = latest.entry->revision(),
                       .actor = caller.user.name,
                       .cause = caller.cause};
    if (finished) {
        write.operation = store::Operation::Delete;
        write.object = nullptr;
    }
    auto submitted = m_context.store.submit(std::move(write));
    if (!submitted) {
        lost = submitted.error().why == store::Rejected::Why::RevisionDiffers ||
               submitted.error().why == store::Rejected::Why::Missing;
        return fail(std::move(submitted.error().error));
    }
    return Written{.object = finished ? last : served(kind, submitted->entry->object()),
                   .ticket = submitted->ticket,
                   .warnings = std::move(warnings)};
}

}  // namespace qd::apiserver
