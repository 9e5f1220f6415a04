#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/apiserver/handlers/patch_body.h"
#include "cluster/apiserver/handlers/written.h"

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

Result<PatchBody> readPatch(const Request& request) {
    const auto format = formatOf(request.headers.get("Content-Type"));
    if (!format) return fail(Reason::UnsupportedMediaType, "415: Unsupported Media Type");
    auto parameters = parseWriteParameters(request, "PatchOptions", true, *format == PatchFormat::Apply);
    if (!parameters) return fail(std::move(parameters.error()));
    auto parsed = parsePatch(*format, request.body);
    if (!parsed) return fail(std::move(parsed.error()));
    PatchBody body{.request = {}, .parameters = std::move(*parameters)};
    body.request.format = *format;
    body.request.patch = std::move(*parsed);
    body.request.force = body.parameters.force;
    body.request.dryRun = body.parameters.dryRun;
    body.request.fieldValidation = body.parameters.fieldValidation;
    return body;
}

Response patch(ApiServer& server, const Exchange& exchange) {
    const auto wanted = negotiate(exchange.request, true);
    if (!wanted) return errorResponse(wanted.error());
    const auto body = readPatch(exchange.request);
    if (!body) return errorResponse(body.error());
    const std::string& given = body->parameters.fieldManager;
    const std::string manager =
        given.empty() ? managerFromUserAgent(exchange.request.headers.get("User-Agent")) : given;
    auto written = server.verbs().patch(callerOf(exchange, manager), targetOf(exchange), body->request);
    if (!written) return errorResponse(written.error());
    return writtenResponse(server, exchange, *wanted, std::move(*written));
}

}  // namespace qd::apiserver::handlers
