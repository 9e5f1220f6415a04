// Controller references: who owns what, and how orphans are adopted and strays released.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ and
// https://github.com/kubernetes/design-proposals-archive/blob/main/api-machinery/controller-ref.md.
#pragma once

#include <string>
#include <vector>

#include "cluster/client/informer.h"

namespace qd::controllers {

// The reference with controller=true, or null.
const metav1::OwnerReference* controllerOf(const api::Object& object);
bool isControlledBy(const api::Object& object, const api::Object& owner);
// A reference that makes `owner` the controller and blocks its deletion in the foreground.
metav1::OwnerReference controllerReference(const api::Object& owner);

// Lets the informer find objects by their controller.
void addControllerIndex(client::Informer& informer);
// In order of namespace and name.
std::vector<api::ObjectPtr> controlledBy(const client::Informer& informer, const api::Object& owner);
std::vector<api::ObjectPtr> orphansIn(const client::Informer& informer, const std::string& ns);

enum class Claim : std::uint8_t { Keep, Adopt, Release, Ignore };
// What an owner does about an object of the kind that it controls.
Claim decideClaim(const api::Object& owner, const api::Object& object, bool matches);

// Keeps, adopts or releases the objects of one owner in one sync.
class Claimer {
public:
    // ownerResource: where the owner is read afresh before the first adoption, so that one that has been deleted or
    // recreated since adopts nothing.
    Claimer(client::Client& client, const client::ResourceName& ownerResource, const api::Object& owner,
            const client::ResourceName& resource)
        : m_client(client), m_ownerResource(ownerResource), m_owner(owner), m_resource(resource) {}

    struct Answer {
        bool claimed = false;
        api::ObjectPtr written;  // the object after an adoption or release
    };
    Result<Answer> claim(const api::Object& object, bool matches);

private:
    Result<void> mayAdopt();
    Result<Answer> adopt(const api::Object& object);
    Result<Answer> release(const api::Object& object);

    client::Client& m_client;
    const client::ResourceName& m_ownerResource;
    const api::Object& m_owner;
    const client::ResourceName& m_resource;
    std::optional<Result<void>> m_mayAdopt;
};

// The options of every write that a controller makes.
client::WriteOptions controllerWrite();
client::PatchOptions controllerPatch();

}  // namespace qd::controllers
