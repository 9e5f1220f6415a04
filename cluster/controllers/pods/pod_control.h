// Making and deleting the Pods of a workload, with the Events that tell of it.
#pragma once

#include "cluster/api/types/core_v1.h"
#include "cluster/client/event_recorder.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

// A Pod as the template asks for it, owned by the workload. Without a name: it gets generateName "<owner>-".
corev1::Pod podFromTemplate(const corev1::PodTemplateSpec& ofTemplate, const api::Object& owner);

// Whether a create failed because its namespace is being deleted: then trying again is no use.
bool isNamespaceTerminating(const Error& error);

class PodControl {
public:
    PodControl(client::Client& client, client::EventRecorder& events) : m_pods(client), m_events(events) {}

    // Event SuccessfulCreate or FailedCreate on the owner.
    Result<client::Ptr<corev1::Pod>> create(const corev1::Pod& pod, const api::Object& owner);
    // Event SuccessfulDelete or FailedDelete on the owner. A Pod that is gone already is a success without an Event.
    Result<void> remove(const corev1::Pod& pod, const api::Object& owner);

private:
    client::Api<corev1::Pod> m_pods;
    client::EventRecorder& m_events;
};

}  // namespace qd::controllers
