// Keeps claims, volumes and attribute classes that are deleted for as long as somebody uses them: they carry a finalizer
// (from admission, or from here where they came before it), which goes when nobody does.
// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

// A claim is in use while a Pod that has a node names it.
class ClaimProtection final : public Controller {
public:
    explicit ClaimProtection(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Result<bool> isUsed(const corev1::PersistentVolumeClaim& claim);
    void podChanged(const corev1::Pod& pod, bool gone);

    Context& m_context;
    client::Informer& m_claims;
    client::Informer& m_pods;
};

// A volume is in use while it is bound.
class VolumeProtection final : public Controller {
public:
    explicit VolumeProtection(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    client::Informer& m_volumes;
};

// A VolumeAttributesClass is in use while a volume or a claim names it.
class AttributesClassProtection final : public Controller {
public:
    explicit AttributesClassProtection(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    bool isUsed(const std::string& name);
    void userChanged(const api::ObjectPtr& old);

    Context& m_context;
    client::Informer& m_classes;
    client::Informer& m_claims;
    client::Informer& m_volumes;
};

}  // namespace qd::controllers
