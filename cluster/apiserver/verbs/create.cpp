#include <fmt/format.h>

#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {
namespace {

// A generated name that is taken is drawn anew this often before the client is told.
constexpr int kGeneratedNameTries = 8;
// Generated names leave room for the random part within a DNS label.
constexpr std::size_t kLongestGeneratedBase = 58;

Error generatedNameTaken(const Target& target) {
    Error error = alreadyExists(target);
    error.message = fmt::format("{} already exists, the server was not able to generate a unique name for the object", target.quoted());
    return error;
}

}  // namespace

Result<void> Verbs::mutate(AdmissionRequest& request) const {
    for (const auto& plugin : m_context.admission) {
        if (auto done = plugin->mutate(request, m_context.reader); !done) return done;
    }
    return {};
}

Result<void> Verbs::allocate(AdmissionRequest& request) const {
    for (const auto& plugin : m_context.admission) {
        if (auto done = plugin->allocate(request, m_context.reader); !done) return done;
    }
    return {};
}

Result<void> Verbs::validate(const AdmissionRequest& request) const {
    for (const auto& plugin : m_context.admission) {
        if (auto done = plugin->validate(request, m_context.reader); !done) return done;
    }
    return {};
}

Result<Written> Verbs::create(const Caller& caller, const Target& target, std::unique_ptr<api::Object> object,
                              const CreateOptions& options) {
    metav1::ObjectMeta& meta = object->metadata;
    if (!meta.resourceVersion.empty()) {
        return fail(Reason::BadRequest, "resourceVersion should not be set on objects to be created");
    }
    if (!target.kind->namespaced) {
        meta.namespace_.clear();  // tolerated and dropped, as upstream does
    } else if (meta.namespace_.empty()) {
        meta.namespace_ = target.namespace_;
    } else if (meta.namespace_ != target.namespace_) {
        return fail(Reason::BadRequest,
                    "the namespace of the provided object does not match the namespace sent on the request");
    }

    const bool generated = meta.name.empty() && !meta.generateName.empty();
    const int tries = generated ? kGeneratedNameTries : 1;
    std::vector<std::string> warnings;
    for (int i = 1;; ++i) {
        std::unique_ptr<api::Object> attempt = i < tries ? object->clone() : std::move(object);
        Target named = target;
        named.name = attempt->metadata.name;
        warnings.clear();
        auto written = createOnce(caller, named, std::move(attempt), options, warnings);
        if (written) {
            written->warnings = std::move(warnings);
            return written;
        }
        const bool taken = generated && written.error().reason == Reason::AlreadyExists;
        if (!taken) return written;
        if (i == tries) return fail(generatedNameTaken(named));
    }
}

Result<Written> Verbs::createOnce(const Caller& caller, Target& target, std::unique_ptr<api::Object> object,
                                  const CreateOptions& options, std::vector<std::string>& warnings) {
    // What admission fills in belongs to nobody.
    if (!options.keepsManagedFields) {
        if (auto tracked = trackCreate(caller, target, *object); !tracked) return fail(std::move(tracked.error()));
    }
    AdmissionRequest admission{Operation::Create, target.kind, target.subresource, target.namespace_, target.name,
                               caller.user, options.dryRun, object.get(), nullptr, &warnings, options.mayComeSoon};
    if (auto done = mutate(admission); !done) return fail(std::move(done.error()));

    const api::Kind& kind = *target.kind;
    metav1::ObjectMeta& meta = object->metadata;
    if (meta.name.empty() && !meta.generateName.empty()) {
        target.name = meta.name = meta.generateName.substr(0, kLongestGeneratedBase) + m_context.random.nameSuffix();
    }
    meta.deletionTimestamp.reset();
    meta.deletionGracePeriodSeconds.reset();
    meta.selfLink.clear();
    meta.creationTimestamp = api::Time(m_context.clock.now());
    meta.uid = m_context.random.uuid();
    if (kind.prepareForCreate) kind.prepareForCreate(*object);  // a Job selects its Pods by its uid
    target.name = meta.name;  // a LimitRange is called by it when it has no name
    if (auto done = allocate(admission); !done) return fail(std::move(done.error()));

    if (kind.warnings) {
        for (auto& warning : kind.warnings(*object, nullptr)) warnings.push_back(std::move(warning));
    }
    if (kind.validate) {
        if (const auto errors = kind.validate(*object); !errors.empty()) {
            return fail(api::field::toInvalid(kind.errorGroup(), kind.kind, target.name, errors));
        }
    }
    if (auto done = validate(admission); !done) return fail(std::move(done.error()));

    if (options.dryRun) {
        const auto latest = m_context.store.latest(storeKey(target));
        if (!latest) return fail(latest.error());
        if (latest->entry) return fail(alreadyExists(target));
        return Written{.object = api::ObjectPtr(std::move(object)), .ticket = {}, .created = true, .warnings = {}};
    }
    store::Write write{.operation = store::Operation::Create,
                       .key = storeKey(target),
                       .object = stored(kind, std::move(object)),
                       .actor = caller.user.name,
                       .cause = caller.cause};
    auto submitted = m_context.store.submit(std::move(write));
    if (!submitted) {
        if (submitted.error().why == store::Rejected::Why::Exists) return fail(alreadyExists(target));
        return fail(std::move(submitted.error().error));
    }
    return Written{.object = served(kind, submitted->entry->object()), .ticket = submitted->ticket, .created = true, .warnings = {}};
}

}  // namespace qd::apiserver
