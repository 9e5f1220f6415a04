// Admission: what may still change or refuse a write after it was authorised.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/.
//
// Plugins run in a fixed order (admission.cpp): first every `mutate`, then, after defaulting, preparation and validation, every
// `validate`. A plugin reads the store through Reader: committed state and, where asked for, writes on their way to disk.
//
// A plugin that must find an object which a controller makes (a namespace's default ServiceAccount) never waits for it: it
// refuses and sets `mayComeSoon`, and whoever answers a client may try again a little later.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/api/kinds/kind.h"
#include "cluster/api/object.h"
#include "cluster/apiserver/auth/user.h"
#include "cluster/base/random.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

enum class Operation : std::uint8_t { Create, Update, Delete, Connect };

// What plugins may look up.
class Reader {
public:
    virtual ~Reader() = default;
    // plural and group of the resource; null when there is none.
    virtual api::ObjectPtr get(const std::string& groupResource, const std::string& ns, const std::string& name) const = 0;
    virtual std::vector<api::ObjectPtr> list(const std::string& groupResource, const std::string& ns) const = 0;
};

struct AdmissionRequest {
    Operation operation = Operation::Create;
    const api::Kind* kind = nullptr;
    std::string subresource;
    std::string namespace_;
    std::string name;  // empty while a name is yet to be generated
    User user;
    bool dryRun = false;
    api::Object* object = nullptr;        // may be changed by mutate; null for Delete
    const api::Object* old = nullptr;     // null for Create
    std::vector<std::string>* warnings = nullptr;
    bool* mayComeSoon = nullptr;  // see above; may be null
};

// The 403 of admission: `pods "web" is forbidden: why`. An object without a name yet is called by its generateName.
Error forbidden(const AdmissionRequest& request, std::string_view why);
// The object when it is a T and the request is for itself, not for a subresource; else null.
template <typename T>
T* itself(AdmissionRequest& request) {
    return request.subresource.empty() && request.object ? api::objectAs<T>(*request.object) : nullptr;
}
template <typename T>
const T* itself(const AdmissionRequest& request) {
    return request.subresource.empty() && request.object ? api::objectAs<T>(static_cast<const api::Object&>(*request.object)) : nullptr;
}

class AdmissionPlugin {
public:
    virtual ~AdmissionPlugin() = default;
    virtual const char* name() const = 0;
    virtual Result<void> mutate(AdmissionRequest& request, const Reader& reader) const {
        (void)request, (void)reader;
        return {};
    }
    // Fills in what comes from the cluster (addresses, ports), after all of mutate. No field manager owns it.
    virtual Result<void> allocate(AdmissionRequest& request, const Reader& reader) const {
        (void)request, (void)reader;
        return {};
    }
    virtual Result<void> validate(const AdmissionRequest& request, const Reader& reader) const {
        (void)request, (void)reader;
        return {};
    }
};

class Authorizer;

// The built-in plugins in upstream's order. The authorizer outlives them; null: nobody is asked.
std::vector<std::unique_ptr<AdmissionPlugin>> defaultAdmissionPlugins(base::Random& random, const Authorizer* authorizer = nullptr);

}  // namespace qd::apiserver
