#include "cluster/controllers/runtime/ownership.h"

#include <fmt/format.h>

namespace qd::controllers {
namespace {

const char* const kByController = "controller";
constexpr char kFieldManager[] = "kube-controller-manager";

std::string orphanKey(const std::string& ns) { return "orphan/" + ns; }

}  // namespace

const metav1::OwnerReference* controllerOf(const api::Object& object) {
    for (const auto& reference : object.metadata.ownerReferences) {
        if (reference.controller.value_or(false)) return &reference;
    }
    return nullptr;
}

bool isControlledBy(const api::Object& object, const api::Object& owner) {
    const auto* reference = controllerOf(object);
    return reference && reference->uid == owner.metadata.uid;
}

metav1::OwnerReference controllerReference(const api::Object& owner) {
    metav1::OwnerReference reference;
    reference.apiVersion = owner.apiVersion();
    reference.kind = owner.kind();
    reference.name = owner.metadata.name;
    reference.uid = owner.metadata.uid;
    reference.controller = true;
    reference.blockOwnerDeletion = true;
    return reference;
}

void addControllerIndex(client::Informer& informer) {
    informer.addIndex(kByController, [](const api::Object& object) -> std::vector<std::string> {
        const auto* reference = controllerOf(object);
        return {reference ? reference->uid : orphanKey(object.metadata.namespace_)};
    });
}

std::vector<api::ObjectPtr> controlledBy(const client::Informer& informer, const api::Object& owner) {
    return informer.byIndex(kByController, owner.metadata.uid);
}

std::vector<api::ObjectPtr> orphansIn(const client::Informer& informer, const std::string& ns) {
    return informer.byIndex(kByController, orphanKey(ns));
}

Claim decideClaim(const api::Object& owner, const api::Object& object, bool matches) {
    const bool leaving = owner.metadata.deletionTimestamp.has_value();
    if (const auto* reference = controllerOf(object)) {
        if (reference->uid != owner.metadata.uid) return Claim::Ignore;
        if (matches) return Claim::Keep;
        return leaving ? Claim::Ignore : Claim::Release;
    }
    if (leaving || !matches || object.metadata.deletionTimestamp) return Claim::Ignore;
    if (owner.metadata.namespace_ != object.metadata.namespace_) return Claim::Ignore;
    return Claim::Adopt;
}

Result<Claimer::Answer> Claimer::claim(const api::Object& object, bool matches) {
    switch (decideClaim(m_owner, object, matches)) {
        case Claim::Keep:
            return Answer{true, nullptr};
        case Claim::Adopt:
            return adopt(object);
        case Claim::Release:
            return release(object);
        case Claim::Ignore:
            break;
    }
    return Answer{};
}

Result<void> Claimer::mayAdopt() {
    const auto& own = m_owner.metadata;
    const auto fresh = m_client.get(m_ownerResource, own.namespace_, own.name);
    if (!fresh) return fail(fresh.error());
    const auto& now = (*fresh)->metadata;
    if (now.uid != own.uid) {
        return fail(Reason::Conflict, fmt::format("original {} {}/{} is gone: got uid {}, wanted {}", m_owner.kind(),
                                                  own.namespace_, own.name, now.uid, own.uid));
    }
    if (now.deletionTimestamp) {
        return fail(Reason::Conflict, fmt::format("{}/{} has just been deleted at {}", now.namespace_, now.name,
                                                  now.deletionTimestamp->toString()));
    }
    return {};
}

// Names, kinds and uids have been validated by the server: none needs escaping in JSON.
Result<Claimer::Answer> Claimer::adopt(const api::Object& object) {
    if (!m_mayAdopt) m_mayAdopt = mayAdopt();
    const auto& target = object.metadata;
    if (!*m_mayAdopt) {
        return fail(m_mayAdopt->error().within(fmt::format("can't adopt {} {}/{} ({})", object.kind(), target.namespace_, target.name, target.uid)));
    }
    const std::string patch = fmt::format(
        R"({{"metadata":{{"ownerReferences":[{{"apiVersion":"{}","kind":"{}","name":"{}","uid":"{}","controller":true,"blockOwnerDeletion":true}}],"uid":"{}"}}}})",
        m_owner.apiVersion(), m_owner.kind(), m_owner.metadata.name, m_owner.metadata.uid, target.uid);
    auto written = m_client.patch(m_resource, target.namespace_, target.name, client::PatchKind::Strategic, patch, controllerPatch());
    if (written) return Answer{true, std::move(*written)};
    if (written.error().reason == Reason::NotFound) return Answer{};
    return fail(std::move(written.error()));
}

Result<Claimer::Answer> Claimer::release(const api::Object& object) {
    const auto& target = object.metadata;
    const std::string patch = fmt::format(R"({{"metadata":{{"uid":"{}","ownerReferences":[{{"$patch":"delete","uid":"{}"}}]}}}})", target.uid, m_owner.metadata.uid);
    auto written = m_client.patch(m_resource, target.namespace_, target.name, client::PatchKind::Strategic, patch, controllerPatch());
    if (written) return Answer{false, std::move(*written)};
    // Gone, or another object of that name: in both cases there is nothing to release.
    if (written.error().reason == Reason::NotFound || written.error().reason == Reason::Invalid) return Answer{};
    return fail(std::move(written.error()));
}

client::WriteOptions controllerWrite() {
    client::WriteOptions options;
    options.fieldManager = kFieldManager;
    return options;
}

client::PatchOptions controllerPatch() {
    client::PatchOptions options;
    options.fieldManager = kFieldManager;
    return options;
}

}  // namespace qd::controllers
