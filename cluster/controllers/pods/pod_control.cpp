#include "cluster/controllers/pods/pod_control.h"

#include <algorithm>

#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

constexpr std::size_t kLongestName = 253;

}  // namespace

corev1::Pod podFromTemplate(const corev1::PodTemplateSpec& ofTemplate, const api::Object& owner) {
    corev1::Pod pod;
    pod.metadata.namespace_ = owner.metadata.namespace_;
    pod.metadata.labels = ofTemplate.metadata.labels;
    pod.metadata.annotations = ofTemplate.metadata.annotations;
    pod.metadata.finalizers = ofTemplate.metadata.finalizers;
    pod.metadata.generateName = owner.metadata.name;
    if (owner.metadata.name.size() < kLongestName) pod.metadata.generateName += '-';
    pod.metadata.ownerReferences.push_back(controllerReference(owner));
    pod.spec = ofTemplate.spec;
    return pod;
}

bool isNamespaceTerminating(const Error& error) {
    return std::any_of(error.causes.begin(), error.causes.end(), [](const base::Cause& cause) { return cause.reason == corev1::NamespaceTerminatingCause; });
}

Result<client::Ptr<corev1::Pod>> PodControl::create(const corev1::Pod& pod, const api::Object& owner) {
    if (pod.metadata.labels.empty()) return fail(Reason::Invalid, "unable to create pods, no labels");
    auto created = m_pods.create(pod, controllerWrite());
    if (created) {
        m_events.event(owner, "Normal", "SuccessfulCreate", "Created pod: " + (*created)->metadata.name);
    } else if (!isNamespaceTerminating(created.error())) {
        m_events.event(owner, "Warning", "FailedCreate", "Error creating: " + created.error().message);
    }
    return created;
}

Result<void> PodControl::remove(const corev1::Pod& pod, const api::Object& owner) {
    client::DeleteOptions options;
    options.uid = pod.metadata.uid;
    auto gone = m_pods.remove(pod.metadata.namespace_, pod.metadata.name, options);
    if (gone) {
        m_events.event(owner, "Normal", "SuccessfulDelete", "Deleted pod: " + pod.metadata.name);
        return {};
    }
    // A conflict says that the name is another Pod's by now.
    if (gone.error().reason == Reason::NotFound || gone.error().reason == Reason::Conflict) return {};
    m_events.event(owner, "Warning", "FailedDelete", "Error deleting: " + gone.error().message);
    return fail(gone.error().within("unable to delete pods"));
}

}  // namespace qd::controllers
