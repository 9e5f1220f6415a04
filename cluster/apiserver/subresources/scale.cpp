#include "cluster/apiserver/subresources/scale.h"

#include <fmt/format.h>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/apiserver/handlers/patch_body.h"
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
    if (!selector->as_object().contains("matchLabels") && !selector->as_object().contains("matchExpressions"))
        spelled = json::object{{"matchLabels", *selector}};
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

const api::Kind& scaleKind() {
    static const api::Kind kind = api::plainKind("autoscaling", "v1", "Scale");
    return kind;
}

// A write of a scale: who does it, and what it makes of the present one.
struct ScaleWrite {
    std::string manager;
    bool dryRun = false;
    std::function<Result<autoscalingv1::Scale>(const autoscalingv1::Scale& present)> change;
};

Result<ScaleWrite> readUpdate(const Request& request) {
    const auto encoding = bodyEncoding(request);
    if (!encoding) return fail(encoding.error());
    auto parameters = parseWriteParameters(request, "UpdateOptions", false, false);
    if (!parameters) return fail(std::move(parameters.error()));
    auto decoded = decodeBody(scaleKind(), request.body, *encoding, parameters->fieldValidation);
    if (!decoded) return fail(std::move(decoded.error()));
    const std::shared_ptr<const api::Object> given = std::move(decoded->object);
    return ScaleWrite{.manager = parameters->fieldManager,
                      .dryRun = parameters->dryRun,
                      .change = [given](const autoscalingv1::Scale&) -> Result<autoscalingv1::Scale> {
                          return static_cast<const autoscalingv1::Scale&>(*given);
                      }};
}

Result<ScaleWrite> readPatched(const Request& request) {
    auto body = handlers::readPatch(request);
    if (!body) return fail(std::move(body.error()));
    return ScaleWrite{.manager = body->parameters.fieldManager,
                      .dryRun = body->parameters.dryRun,
                      .change = [patch = std::move(body->request)](
                                    const autoscalingv1::Scale& present) -> Result<autoscalingv1::Scale> {
                          auto patched = applyPatch(api::toTree(present), autoscalingv1::Scale::kDescriptor, patch);
                          if (!patched) return fail(std::move(patched.error()));
                          auto decoded = decodeTree(scaleKind(), *patched, patch.fieldValidation);
                          if (!decoded) return fail(std::move(decoded.error()));
                          return static_cast<const autoscalingv1::Scale&>(*decoded->object);
                      }};
}

// Applying a scale is applying its replicas to the object, under the manager's entry for this subresource.
Result<PatchRequest> asApplyToObject(const api::Kind& kind, PatchRequest request) {
    boost::system::error_code missing;
    const json::value* replicas = request.patch.find_pointer("/spec/replicas", missing);
    json::object applied{{"apiVersion", kind.groupVersion()}, {"kind", kind.kind}, {"metadata", json::object{}}};
    if (const json::value* name = request.patch.find_pointer("/metadata/name", missing))
        applied["metadata"].as_object()["name"] = *name;
    if (replicas) applied["spec"] = json::object{{"replicas", *replicas}};
    request.patch = std::move(applied);
    return request;
}

// Read, a scale that is not there is named as the resource that upstream's storages name: that of a StatefulSet as the
// set itself, a ReplicationController's under autoscaling.
Error namedAsScale(Error error, const api::Kind& kind, const std::string& name) {
    if (error.reason != Reason::NotFound || kind.kind == "StatefulSet") return error;
    const std::string group = kind.group.empty() ? "autoscaling" : kind.group, resource = kind.plural + "/scale";
    error.message = fmt::format("{}.{} \"{}\" not found", resource, group, name);
    error.details = base::ErrorDetails{.name = name, .group = group, .kind = resource, .uid = {}};
    return error;
}

Response answer(const std::shared_ptr<autoscalingv1::Scale>& scale) {
    return jsonResponse(200, api::encodeJson(static_cast<const api::Object&>(*scale)) + "\n");
}

}  // namespace

Response ScaleHandler::handle(const Exchange& exchange) {
    if (exchange.info.verb == "update" || exchange.info.verb == "patch") return write(exchange);
    if (exchange.info.verb != "get")
        return errorResponse(
            {Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"});
    const Target target = handlers::targetOf(exchange);
    const auto object = m_server.verbs().get(target);
    if (!object) return errorResponse(namedAsScale(object.error(), *exchange.kind, target.name));
    return answer(scaleOf(**object));
}

Result<Written> ScaleHandler::apply(const Exchange& exchange, const PatchRequest& request, const std::string& manager) {
    auto applied = asApplyToObject(*exchange.kind, request);
    if (!applied) return fail(std::move(applied.error()));
    return m_server.verbs().patch(handlers::callerOf(exchange, manager), handlers::targetOf(exchange), *applied);
}

Result<Written> ScaleHandler::change(const Exchange& exchange) {
    Verbs& verbs = m_server.verbs();
    const Target target = handlers::targetOf(exchange);
    const auto wanted = exchange.info.verb == "patch" ? readPatched(exchange.request) : readUpdate(exchange.request);
    if (!wanted) return fail(wanted.error());
    const Caller caller = handlers::callerOf(
        exchange,
        wanted->manager.empty() ? managerFromUserAgent(exchange.request.headers.get("User-Agent")) : wanted->manager);
    const auto change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
        const auto scale = wanted->change(*scaleOf(current));
        if (!scale) return fail(scale.error());
        const std::string& version = scale->metadata.resourceVersion;
        if (!version.empty() && version != current.metadata.resourceVersion) return fail(objectModified(target));
        if (scale->spec.replicas < 0) {
            return fail(api::field::toInvalid(
                "autoscaling", "Scale", target.name,
                {api::field::invalid(api::field::Path("spec.replicas"), api::field::Shown(scale->spec.replicas),
                                     "must be greater than or equal to 0")}));
        }
        auto tree = api::toTree(current);
        tree.as_object()["spec"].as_object()["replicas"] = scale->spec.replicas;
        auto decoded = decodeTree(*target.kind, tree, "Ignore");
        if (!decoded) return fail(std::move(decoded.error()));
        return std::move(decoded->object);
    };
    const auto track = [&](const api::Object& old, api::Object& now) {
        return verbs.trackUpdate(caller, target, old, now);
    };
    return verbs.change(caller, target, change, {.dryRun = wanted->dryRun, .whenMissing = nullptr, .track = track});
}

Response ScaleHandler::write(const Exchange& exchange) {
    Result<Written> written = fail(Reason::InternalError, "");
    const bool applies = exchange.info.verb == "patch" &&
                         exchange.request.headers.get("Content-Type").starts_with("application/apply-patch+");
    if (applies) {
        const auto body = handlers::readPatch(exchange.request);
        if (!body) return errorResponse(body.error());
        written = apply(exchange, body->request, body->parameters.fieldManager);
    } else {
        written = change(exchange);
    }
    if (!written) return errorResponse(written.error());
    Response response = answer(scaleOf(*written->object));
    waitFor(response, std::move(written->ticket));
    return response;
}

}  // namespace qd::apiserver
