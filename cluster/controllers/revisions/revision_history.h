// The revisions of a StatefulSet's or DaemonSet's Pod template, kept as ControllerRevisions so that they can be gone
// back to. Source: https://kubernetes.io/docs/tasks/manage-daemon/rollback-daemon-set/ and
// https://github.com/kubernetes/design-proposals-archive/blob/main/apps/controller_history.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

using RevisionPtr = client::Ptr<appsv1::ControllerRevision>;
using Revisions = std::vector<RevisionPtr>;

// The patch that puts this template back: what kubectl's `rollout undo` applies. Keys are sorted, so that equal
// templates have equal texts.
std::string templatePatch(const corev1::PodTemplateSpec& ofTemplate);

// The template that a revision keeps.
Result<corev1::PodTemplateSpec> templateIn(const appsv1::ControllerRevision& revision);

// Oldest first.
void sortRevisions(Revisions& revisions);

class RevisionHistory {
public:
    // How a revision of this text and collision count is called and labelled.
    struct Naming {
        std::function<std::string(std::optional<std::int32_t> collisions)> hash;
        std::string label;                  // that holds the hash
        api::Map<std::string> labels = {};  // further ones
        api::Map<std::string> annotations = {};
    };

    RevisionHistory(Context& context, Expectations& expectations, const client::Informer& revisions)
        : m_context(context), m_expectations(expectations), m_revisions(revisions) {}

    // The owner's, and orphans' that its selector takes, which are adopted. Oldest first.
    Result<Revisions> of(const std::string& key, const client::ResourceName& ownerResource, const api::Object& owner,
                         const api::LabelSelector& selector);
    // The revision of the present template: found, made the newest, or made. collisions counts up when a name is taken.
    Result<RevisionPtr> current(const std::string& key, const api::Object& owner, const std::string& patch,
                                const Revisions& known, const Naming& naming, std::optional<std::int32_t>& collisions);
    // Removes the oldest of those that nobody uses, beyond the limit.
    Result<void> trim(const std::string& key, Revisions unused, std::int32_t limit);

private:
    Result<RevisionPtr> make(const std::string& key, const api::Object& owner, const std::string& patch,
                             std::int64_t number, const Naming& naming, std::optional<std::int32_t>& collisions);

    Context& m_context;
    Expectations& m_expectations;
    const client::Informer& m_revisions;
};

}  // namespace qd::controllers
