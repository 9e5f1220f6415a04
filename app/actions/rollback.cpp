#include "app/actions/rollback.h"

#include <algorithm>
#include <boost/json.hpp>

#include "app/bridge/resources.h"
#include "app/models/build_rollout.h"
#include "cluster/api/types/apps_v1.h"

namespace qd::actions {

namespace {

qint64 numberOf(const api::Object& holder) {
    const auto* revision = api::objectAs<appsv1::ControllerRevision>(holder);
    return revision ? revision->revision : models::revisionOf(holder.metadata);
}

// Without the label that tells ReplicaSets apart.
RollbackPatch ofTemplate(boost::json::value found) {
    boost::json::error_code error;
    if (boost::json::value* labels = found.find_pointer("/metadata/labels", error); labels && labels->is_object())
        labels->get_object().erase("pod-template-hash");
    boost::json::object step;
    step["op"] = "replace";
    step["path"] = "/spec/template";
    step["value"] = std::move(found);
    boost::json::array steps;
    steps.push_back(std::move(step));
    return {bridge::PatchType::Json, boost::json::serialize(steps)};
}

}  // namespace

const bridge::Resource* revisionHolder(std::string_view kind) {
    if (kind == "Deployment") return &bridge::kReplicaSets;
    if (kind == "StatefulSet" || kind == "DaemonSet") return &bridge::kControllerRevisions;
    return nullptr;
}

std::vector<EarlierRevision> earlierRevisions(models::Inventory& inventory, const api::Object& object) {
    std::vector<EarlierRevision> revisions;
    const bridge::Resource* holder = revisionHolder(object.kind());
    if (!holder) return revisions;
    for (const api::ObjectPtr& each : inventory.objects(*holder).ownedBy(object.metadata.uid))
        if (const qint64 number = numberOf(*each); number > 0)
            revisions.push_back({number, {*holder, each->metadata.namespace_, each->metadata.name}});
    std::sort(revisions.begin(), revisions.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
    if (!revisions.empty()) revisions.erase(revisions.begin());
    return revisions;
}

std::optional<RollbackPatch> rollbackPatch(const std::string& holderJson) {
    boost::json::error_code error;
    boost::json::value holder = boost::json::parse(holderJson, error);
    if (error) return std::nullopt;
    // A ControllerRevision holds the patch itself.
    if (const boost::json::value* data = holder.find_pointer("/data", error); data && data->is_object())
        return RollbackPatch{bridge::PatchType::Strategic, boost::json::serialize(*data)};
    boost::json::value* found = holder.find_pointer("/spec/template", error);
    if (!found) return std::nullopt;
    return ofTemplate(std::move(*found));
}

}  // namespace qd::actions
