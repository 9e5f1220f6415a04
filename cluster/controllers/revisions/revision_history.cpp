#include "cluster/controllers/revisions/revision_history.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "cluster/api/codec/json_tree.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

namespace json = boost::json;

json::value sorted(const json::value& value) {
    if (value.is_array()) {
        json::array items;
        for (const auto& item : value.as_array()) items.push_back(sorted(item));
        return items;
    }
    if (!value.is_object()) return value;
    std::map<std::string, json::value> members;
    for (const auto& [key, member] : value.as_object()) members.emplace(std::string(key), sorted(member));
    json::object object;
    for (auto& [key, member] : members) object.emplace(key, std::move(member));
    return object;
}

// As it is written once more, whatever the server made of its spelling.
std::string canonical(const std::string& text) {
    boost::system::error_code error;
    const json::value value = json::parse(text, error);
    return error ? text : json::serialize(sorted(value));
}

}  // namespace

std::string templatePatch(const corev1::PodTemplateSpec& ofTemplate) {
    json::value tree = api::toTree(corev1::PodTemplateSpec::kDescriptor, &ofTemplate);
    tree.as_object()["$patch"] = "replace";
    return json::serialize(sorted(json::object{{"spec", json::object{{"template", std::move(tree)}}}}));
}

Result<corev1::PodTemplateSpec> templateIn(const appsv1::ControllerRevision& revision) {
    const auto bad = [&](const std::string& why) {
        return fail(Reason::Invalid,
                    "the ControllerRevision " + revision.metadata.name + " holds no Pod template: " + why);
    };
    boost::system::error_code error;
    json::value tree = json::parse(revision.data.raw, error);
    if (error) return bad(error.message());
    json::value* found = tree.find_pointer("/spec/template", error);
    if (!found || !found->is_object()) return bad("spec.template is missing");
    found->as_object().erase("$patch");
    corev1::PodTemplateSpec read;
    if (auto done = api::fromTree(*found, corev1::PodTemplateSpec::kDescriptor, &read); !done)
        return bad(done.error().message);
    return read;
}

void sortRevisions(Revisions& revisions) {
    std::ranges::sort(revisions, [](const RevisionPtr& a, const RevisionPtr& b) {
        if (a->revision != b->revision) return a->revision < b->revision;
        if (a->metadata.creationTimestamp != b->metadata.creationTimestamp)
            return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
        return a->metadata.name < b->metadata.name;
    });
}

Result<Revisions> RevisionHistory::of(const std::string& key, const client::ResourceName& ownerResource,
                                      const api::Object& owner, const api::LabelSelector& selector) {
    auto candidates = controlledBy(m_revisions, owner);
    for (auto& orphan : orphansIn(m_revisions, owner.metadata.namespace_)) candidates.push_back(std::move(orphan));
    Claimer claimer(m_context.client, ownerResource, owner, m_revisions.resource());
    Revisions mine;
    for (const auto& candidate : candidates) {
        auto answer = claimer.claim(*candidate, selector.matches(candidate->metadata.labels));
        if (!answer) return fail(std::move(answer.error()));
        if (answer->written) m_expectations.wrote(key, m_revisions, *answer->written);
        if (answer->claimed) mine.push_back(client::as<appsv1::ControllerRevision>(candidate));
    }
    sortRevisions(mine);
    return mine;
}

Result<RevisionPtr> RevisionHistory::current(const std::string& key, const api::Object& owner, const std::string& patch,
                                             const Revisions& known, const Naming& naming,
                                             std::optional<std::int32_t>& collisions) {
    const auto found = std::find_if(known.rbegin(), known.rend(),
                                    [&](const RevisionPtr& one) { return canonical(one->data.raw) == patch; });
    const std::int64_t newest = known.empty() ? 0 : known.back()->revision;
    if (found == known.rend()) return make(key, owner, patch, newest + 1, naming, collisions);
    if (found == known.rbegin()) return *found;
    // Gone back to: it becomes the newest.
    appsv1::ControllerRevision again = **found;
    again.revision = newest + 1;
    auto written = client::Api<appsv1::ControllerRevision>(m_context.client).update(again, controllerWrite());
    if (written) m_expectations.wrote(key, m_revisions, **written);
    return written;
}

Result<RevisionPtr> RevisionHistory::make(const std::string& key, const api::Object& owner, const std::string& patch,
                                          std::int64_t number, const Naming& naming,
                                          std::optional<std::int32_t>& collisions) {
    client::Api<appsv1::ControllerRevision> revisions(m_context.client);
    const std::string hash = naming.hash(collisions);
    appsv1::ControllerRevision revision;
    revision.metadata.namespace_ = owner.metadata.namespace_;
    revision.metadata.name = owner.metadata.name.substr(0, 223) + "-" + hash;
    revision.metadata.labels = naming.labels;
    revision.metadata.labels[naming.label] = hash;
    revision.metadata.annotations = naming.annotations;
    revision.metadata.ownerReferences.push_back(controllerReference(owner));
    revision.data.raw = patch;
    revision.revision = number;
    auto made = revisions.create(revision, controllerWrite());
    if (!made && made.error().reason == Reason::AlreadyExists) {
        auto there = revisions.get(owner.metadata.namespace_, revision.metadata.name);
        if (!there) return there;
        // Of whomever it is: an owner of the same name that is gone has left it for this one to take over.
        if (canonical((*there)->data.raw) == patch) return there;
        collisions = collisions.value_or(0) + 1;  // the next sync tries with it
    }
    if (made) m_expectations.wrote(key, m_revisions, **made);
    return made;
}

Result<void> RevisionHistory::trim(const std::string& key, Revisions unused, std::int32_t limit) {
    sortRevisions(unused);
    client::Api<appsv1::ControllerRevision> revisions(m_context.client);
    for (std::size_t i = 0; i + static_cast<std::size_t>(std::max(0, limit)) < unused.size(); ++i) {
        const auto gone = revisions.remove(unused[i]->metadata.namespace_, unused[i]->metadata.name);
        if (!gone && gone.error().reason != Reason::NotFound) return fail(gone.error());
        m_expectations.removed(key, m_revisions, *unused[i]);
    }
    return {};
}

}  // namespace qd::controllers
