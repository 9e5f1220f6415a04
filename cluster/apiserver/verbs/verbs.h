// The verbs on decoded objects: what HTTP handlers and the in-process client both call.
//
// Every verb is synchronous and does not wait for the disk: its result carries the store's ticket, and whoever answers a
// client answers only when the ticket is fulfilled. Authorisation happens before, encoding after. Thread-safe.
//
// Source of the semantics: https://kubernetes.io/docs/reference/using-api/api-concepts/ and k8s.io/apiserver's generic registry
// (order of preparation, validation, admission, and what a deletion does).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "cluster/api/kinds/kind.h"
#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/user.h"
#include "cluster/base/random.h"
#include "cluster/store/store.h"

namespace qd::apiserver {

// Who calls, and why.
struct Caller {
    User user;
    std::string manager;  // the field manager: given, or the first part of the user agent
    store::Revision cause = 0;
};

// What is called upon.
struct Target {
    const api::Kind* kind = nullptr;
    std::string namespace_;
    std::string name;
    std::string subresource;

    // How messages name it: `deployments.apps "web"`.
    std::string quoted() const { return kind->groupResource() + " \"" + name + "\""; }
};

struct CreateOptions {
    bool dryRun = false;
    bool keepsManagedFields = false;  // the object carries them already: server-side apply has computed them
    bool* mayComeSoon = nullptr;      // set when what admission missed is about to be made (admission.h)
};

struct UpdateOptions {
    bool dryRun = false;
};

enum class PatchFormat : std::uint8_t { Json, Merge, Strategic, Apply };

struct PatchRequest {
    PatchFormat format = PatchFormat::Merge;
    boost::json::value patch;
    bool force = false;   // Apply: take fields over
    bool dryRun = false;
    // "Ignore", "Warn" or "Strict", for fields of the patched object that its kind does not have.
    std::string fieldValidation = "Warn";
};

struct DeleteOptions {
    bool dryRun = false;
    std::optional<std::int64_t> gracePeriodSeconds;
    std::optional<std::string> propagationPolicy;
    std::optional<bool> orphanDependents;
    std::optional<std::string> uid;
    std::optional<std::string> resourceVersion;
};

struct Written {
    api::ObjectPtr object;
    store::Ticket ticket;
    bool created = false;
    std::vector<std::string> warnings;
};

struct Removed {
    api::ObjectPtr object;  // its last state
    store::Ticket ticket;
    bool gone = false;  // false: it stays for its grace period or finalizers
    std::vector<std::string> warnings;
};

// What the verbs are made of. Everything outlives them.
struct VerbsContext {
    store::Store& store;
    const base::Clock& clock;
    base::Random& random;
    const std::vector<std::unique_ptr<AdmissionPlugin>>& admission;
    const Reader& reader;
};

class Verbs {
public:
    explicit Verbs(VerbsContext context) : m_context(context) {}

    // Committed state only. The object is in the served version of target.kind.
    Result<api::ObjectPtr> get(const Target& target) const;
    Result<store::EntryPtr> getEntry(const Target& target) const;

    Result<Written> create(const Caller& caller, const Target& target, std::unique_ptr<api::Object> object,
                           const CreateOptions& options);
    // target.subresource chooses the rules: "" or e.g. "status".
    Result<Written> update(const Caller& caller, const Target& target, std::unique_ptr<api::Object> object,
                           const UpdateOptions& options);
    Result<Written> patch(const Caller& caller, const Target& target, const PatchRequest& request);
    Result<Removed> remove(const Caller& caller, const Target& target, const DeleteOptions& options);

    // Reads, changes and writes an object until no other write came between: for subresources such as binding and scale.
    // `change` is given a copy of the newest state; it may run several times. Admission and validation as for `update`.
    using Change = std::function<Result<std::unique_ptr<api::Object>>(const api::Object& current)>;
    struct ChangeOptions {
        bool dryRun = false;
        // What to answer when there is no such object: makes the object to create (PUT and apply), else NotFound.
        std::function<Result<std::unique_ptr<api::Object>>()> whenMissing = nullptr;
        // Computes managed fields; left alone when empty.
        std::function<Result<void>(const api::Object& old, api::Object& now)> track = nullptr;
    };
    Result<Written> change(const Caller& caller, const Target& target, const Change& change,
                           const ChangeOptions& options);

    // Gives an object the managed fields of its creation. create() does it by itself; reviews are answered with them too.
    Result<void> trackCreate(const Caller& caller, const Target& target, api::Object& now) const;

    const VerbsContext& context() const { return m_context; }
    // Managed fields after an update of the target (managed.cpp); for ChangeOptions::track.
    Result<void> trackUpdate(const Caller& caller, const Target& target, const api::Object& old, api::Object& now) const;

private:
    Result<void> mutate(AdmissionRequest& request) const;
    Result<void> allocate(AdmissionRequest& request) const;
    Result<void> validate(const AdmissionRequest& request) const;
    Result<Written> createOnce(const Caller& caller, Target& target, std::unique_ptr<api::Object> object,
                               const CreateOptions& options, std::vector<std::string>& warnings);
    Result<Written> writeChanged(const Caller& caller, const Target& target, const store::Latest& latest,
                                 std::unique_ptr<api::Object> now, const ChangeOptions& options, bool& lost);
    Result<Removed> removeNow(const Caller& caller, const Target& target, const store::EntryPtr& entry,
                              const DeleteOptions& options, bool& lost);

    VerbsContext m_context;
};

// --- shared by verbs
// What a JSON, merge or strategic merge patch makes of an object of this structure.
Result<boost::json::value> applyPatch(boost::json::value live, const api::Struct& structure, const PatchRequest& request);
store::Key storeKey(const Target& target);
// The object as target.kind serves it (the same one for almost all kinds).
api::ObjectPtr served(const api::Kind& kind, const api::ObjectPtr& stored);
std::unique_ptr<api::Object> stored(const api::Kind& kind, std::unique_ptr<api::Object> object);
Error notFound(const Target& target);
Error alreadyExists(const Target& target);
Error conflict(const Target& target, std::string_view why);
Error objectModified(const Target& target);
// An update of an object that was deleted and made anew meanwhile.
Error uidDiffers(const Target& target, const std::string& wanted, const std::string& actual);

}  // namespace qd::apiserver
