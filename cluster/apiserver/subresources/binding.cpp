#include "cluster/apiserver/subresources/binding.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/apiserver/options.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

namespace field = api::field;

field::Errors checkBinding(const corev1::Binding& binding) {
    field::Errors errors;
    const std::string& kind = binding.target.kind;
    if (!kind.empty() && kind != "Node") errors.push_back(field::notSupported(field::Path("target.kind"), kind, {"Node", "<empty>"}));
    if (binding.target.name.empty()) errors.push_back(field::required(field::Path("target.name")));
    return errors;
}

void markScheduled(corev1::Pod& pod, base::WallTime now) {
    auto& conditions = pod.status.conditions;
    auto found = std::find_if(conditions.begin(), conditions.end(), [](const auto& condition) { return condition.type == "PodScheduled"; });
    if (found == conditions.end()) found = conditions.insert(conditions.end(), corev1::PodCondition{});
    if (found->status != "True") found->lastTransitionTime = api::Time(now);
    found->type = "PodScheduled";
    found->status = "True";
    found->reason.clear();
    found->message.clear();
    found->observedGeneration = 0;  // the scheduler's, of when it found no node
    found->lastProbeTime = {};
}

}  // namespace

Result<Written> bindPod(Verbs& verbs, const Caller& caller, const std::string& ns, const std::string& name,
                        const corev1::Binding& binding, bool dryRun) {
    if (const auto errors = checkBinding(binding); !errors.empty()) return fail(field::toInvalid("", "Binding", binding.metadata.name, errors));
    const Target target{api::builtinKind("", "v1", "Pod"), ns, name, "binding"};
    const base::WallTime now = verbs.context().clock.now();
    const auto change = [&](const api::Object& current) -> Result<std::unique_ptr<api::Object>> {
        auto copy = current.clone();
        auto& pod = static_cast<corev1::Pod&>(*copy);
        if (!binding.metadata.uid.empty() && binding.metadata.uid != pod.metadata.uid) {
            return fail(conflict(target, fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", binding.metadata.uid, pod.metadata.uid)));
        }
        if (!binding.metadata.resourceVersion.empty() && binding.metadata.resourceVersion != pod.metadata.resourceVersion) {
            return fail(conflict(target, fmt::format("Precondition failed: ResourceVersion in precondition: {}, ResourceVersion in object meta: {}",
                                                     binding.metadata.resourceVersion, pod.metadata.resourceVersion)));
        }
        if (pod.metadata.deletionTimestamp) return fail(conflict(target, fmt::format("pod {} is being deleted, cannot be assigned to a host", name)));
        if (!pod.spec.nodeName.empty()) return fail(conflict(target, fmt::format("pod {} is already assigned to node \"{}\"", name, pod.spec.nodeName)));
        if (!pod.spec.schedulingGates.empty()) return fail(conflict(target, fmt::format("pod {} has non-empty .spec.schedulingGates", name)));
        pod.spec.nodeName = binding.target.name;
        pod.status.nominatedNodeName.clear();  // it has come true, or something better was found
        for (const auto& [key, value] : binding.metadata.annotations) pod.metadata.annotations[key] = value;
        for (const auto& [key, value] : binding.metadata.labels) pod.metadata.labels[key] = value;
        markScheduled(pod, now);
        return copy;
    };
    return verbs.change(caller, target, change, {.dryRun = dryRun, .whenMissing = nullptr, .track = nullptr});
}

Response BindingHandler::handle(const Exchange& exchange) {
    if (exchange.info.verb != "create") return errorResponse({Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"});
    const auto parameters = parseWriteParameters(exchange.request, "CreateOptions", false, false);
    if (!parameters) return errorResponse(parameters.error());
    const auto encoding = bodyEncoding(exchange.request);
    if (!encoding) return errorResponse(encoding.error());
    static const api::Kind& kind = *api::builtinKind("", "v1", "Binding");
    const auto decoded = decodeBody(kind, exchange.request.body, *encoding, parameters->fieldValidation);
    if (!decoded) return errorResponse(decoded.error());
    const auto& binding = static_cast<const corev1::Binding&>(*decoded->object);
    const std::string name = m_nameInBody ? binding.metadata.name : exchange.info.name;
    if (binding.metadata.name != name) {
        return errorResponse({Reason::BadRequest, "name in URL does not match name in Binding object"});
    }
    auto bound = bindPod(m_server.verbs(), handlers::callerOf(exchange, parameters->fieldManager), exchange.info.namespace_, name, binding, parameters->dryRun);
    if (!bound) return errorResponse(bound.error());
    Response response = jsonResponse(201, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"code\":201}\n");
    addWarnings(response, decoded->warnings);
    waitFor(response, std::move(bound->ticket));
    return response;
}

}  // namespace qd::apiserver
