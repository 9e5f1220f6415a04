#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/apiserver/handlers/written.h"
#include "cluster/apiserver/options.h"

namespace qd::apiserver::handlers {
namespace {

std::optional<PatchFormat> formatOf(std::string_view contentType) {
    const std::string_view type = contentType.substr(0, contentType.find(';'));
    if (type == "application/json-patch+json") return PatchFormat::Json;
    if (type == "application/merge-patch+json") return PatchFormat::Merge;
    if (type == "application/strategic-merge-patch+json") return PatchFormat::Strategic;
    if (type == "application/apply-patch+yaml" || type == "application/apply-patch+json") return PatchFormat::Apply;
    return std::nullopt;
}

Result<boost::json::value> parsePatch(PatchFormat format, const std::string& body) {
    if (format != PatchFormat::Apply) return api::parseJson(body);
    auto documents = api::parseYaml(body);
    if (!documents) return fail(documents.error().within("error decoding YAML"));
    if (documents->empty()) return fail(Reason::BadRequest, "error decoding YAML: no object in the patch");
    return std::move(documents->front().tree);
}

}  // namespace

Response patch(ApiServer& server, const Exchange& exchange) {
    const auto format = formatOf(exchange.request.headers.get("Content-Type"));
    if (!format) return errorResponse({Reason::UnsupportedMediaType, "415: Unsupported Media Type"});
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto parameters = parseWriteParameters(exchange.request, "PatchOptions", true, *format == PatchFormat::Apply);
    if (!parameters) return errorResponse(parameters.error());
    auto parsed = parsePatch(*format, exchange.request.body);
    if (!parsed) return errorResponse(parsed.error());

    PatchRequest request;
    request.format = *format;
    request.patch = std::move(*parsed);
    request.force = parameters->force;
    request.dryRun = parameters->dryRun;
    request.fieldValidation = parameters->fieldValidation;
    const std::string manager = parameters->fieldManager.empty() ? managerFromUserAgent(exchange.request.headers.get("User-Agent")) : parameters->fieldManager;
    auto written = server.verbs().patch(callerOf(exchange, manager), targetOf(exchange), request);
    if (!written) return errorResponse(written.error());
    return writtenResponse(server, exchange, *wanted, std::move(*written));
}

}  // namespace qd::apiserver::handlers
