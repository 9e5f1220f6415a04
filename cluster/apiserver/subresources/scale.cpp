#include "cluster/apiserver/subresources/scale.h"

#include <fmt/format.h>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/merge/json_patch.h"
#include "cluster/api/merge/merge_patch.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/apiserver/options.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

std::int32_t replicasIn(const json::value& tree, const char* part) {
    boost::system::error_code missing;
    const json::value* found = tree.find_pointer(std::string("/") + part + "/replicas", missing);
    return found && found->is_int64() ? static_cast<std::int32_t>(found->as_int64()) : 0;
}

// A selector is a map of labels (ReplicationController) or a LabelSelector.
std::string selectorIn(const json::value& tree) {
    boost::system::error_code missing;
    const json::value* selector = tree.find_pointer("/spec/selector", missing);
    if (!selector || !selector->is_object()) return {};
    json::value spelled = *selector;
    if (!selector->as_object().contains("matchLabels") && !selector->as_object().contains("matchExpressions")) spelled = json::object{{"matchLabels", *selector}};
    metav1::LabelSelector read;
    if (!api::fromTree(spelled, metav1::LabelSelector::kDescriptor, &read)) return {};
    const auto parsed = api::LabelSelector::from(read);
    return parsed ? parsed->toString() : std::string();
}

std::shared_ptr<autoscalingv1::Scale> scaleOf(const api::Object& object) {
    const json::value tree = api::toTree(object);
    auto scale = std::make_shared<autoscalingv1::Scale>();
    scale->metadata.name = object.metadata.name;
    scale->metadata.namespace_ = object.metadata.namespace_;
    scale->metadata.uid = object.metadata.uid;
    scale->metadata.resourceVersion = object.metadata.resourceVersion;
    scale->metadata.creationTimestamp = object.metadata.creationTimestamp;
    scale->spec.replicas = replicasIn(tree, "spec");
    scale->status.replicas = replicasIn(tree, "status");
    scale->status.selector = selectorIn(tree);
    return scale;
}

// What the request makes of the present scale: PUT replaces it, PATCH changes it.
Result<autoscalingv1::Scale> wantedScale(const Request& request, const autoscalingv1::Scale& present) {
    if (request.method == "PUT") return api::decodeJson<autoscalingv1::Scale>(request.body);
    auto patch = api::parseJson(request.body);
    if (!patch) return fail(std::move(patch.error()));
    const bool isJsonPatch = request.headers.get("Content-Type").starts_with("application/json-patch+json");
    json::value before = api::toTree(present);
    auto after = isJsonPatch ? api::merge::applyJsonPatch(std::move(before), *patch) : api::merge::applyMergePatch(std::move(before), *patch);
    if (!after) return fail(std::move(after.error()));
    return api::decodeJson<autoscalingv1::Scale>(api::serializeJson(*after));
}

Response answer(const std::shared_ptr<autoscalingv1::Scale>& scale) { return jsonResponse(200, api::encodeJson(static_cast<const api::Object&>(*scale)) + "\n"); }

}  // namespace

Response ScaleHandler::handle(const Exchange& exchange) {
    if (exchange.info.verb == "update" || exchange.info.verb == "patch") return write(exchange);
    if (exchange.info.verb != "get") return errorResponse({Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"});
    Target target = handlers::targetOf(exchange);
    target.subresource.clear();
    const auto object = m_server.verbs().get(target);
    if (!object) return errorResponse(object.error());
    return answer(scaleOf(**object));
}

Response ScaleHandler::write(const Exchange& exchange) {
    const auto parameters = parseWriteParameters(exchange.request, exchange.info.verb == "patch" ? "PatchOptions" : "UpdateOptions", exchange.info.verb == "patch", false);
    if (!parameters) return errorResponse(parameters.error());
    Target target = handlers::targetOf(exchange);
    target.subresource.clear();
    const auto change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
        const auto wanted = wantedScale(exchange.request, *scaleOf(current));
        if (!wanted) return fail(wanted.error());
        const std::string& version = wanted->metadata.resourceVersion;
        if (!version.empty() && version != current.metadata.resourceVersion) return fail(objectModified(target));
        if (wanted->spec.replicas < 0) {
            return fail(api::field::toInvalid("autoscaling", "Scale", target.name,
                                              {api::field::invalid(api::field::Path("spec.replicas"), api::field::Shown(wanted->spec.replicas), "must be greater than or equal to 0")}));
        }
        auto tree = api::toTree(current);
        tree.as_object()["spec"].as_object()["replicas"] = wanted->spec.replicas;
        auto decoded = decodeTree(*target.kind, tree, "Ignore");
        if (!decoded) return fail(std::move(decoded.error()));
        return std::move(decoded->object);
    };
    auto written = m_server.verbs().change(handlers::callerOf(exchange, parameters->fieldManager), target, change, {.dryRun = parameters->dryRun, .whenMissing = nullptr, .track = nullptr});
    if (!written) return errorResponse(written.error());
    Response response = answer(scaleOf(*written->object));
    waitFor(response, std::move(written->ticket));
    return response;
}

}  // namespace qd::apiserver
