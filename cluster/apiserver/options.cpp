#include "cluster/apiserver/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/api/field/path.h"
#include "cluster/api/types/meta_v1.h"
#include "cluster/apiserver/negotiation.h"

namespace qd::apiserver {
namespace {

namespace field = api::field;
constexpr std::string_view kMeta = "meta.k8s.io";
constexpr std::size_t kLongestManager = 128;

Error invalidOptions(std::string_view kind, const field::Errors& errors) { return field::toInvalid(kMeta, kind, "", errors); }

bool isTrue(std::string_view value) { return value != "" && value != "0" && value != "false" && value != "False" && value != "f" && value != "F" && value != "FALSE"; }

// Go's conversion of a query value to bool: present and neither "false" nor "0".
bool flag(const Request& request, std::string_view name) {
    const std::string* value = request.query.find(name);
    return value && (value->empty() || isTrue(*value));
}

Result<std::optional<std::int64_t>> number(const Request& request, std::string_view name) {
    const std::string* text = request.query.find(name);
    if (!text || text->empty()) return std::optional<std::int64_t>{};
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) {
        return fail(Reason::BadRequest, fmt::format("strconv.ParseInt: parsing \"{}\": invalid syntax", *text));
    }
    return std::optional(value);
}

void checkDryRun(const std::vector<std::string_view>& values, field::Errors& errors) {
    const bool bad = std::any_of(values.begin(), values.end(), [](std::string_view value) { return value != "All"; });
    if (!bad) return;
    std::string shown;
    for (const auto value : values) shown += (shown.empty() ? "\"" : ",\"") + std::string(value) + "\"";
    errors.push_back(field::notSupported(field::Path("dryRun"), field::Shown::raw("[" + shown + "]"), {"All"}));
}

void checkManager(const std::string& manager, field::Errors& errors) {
    const field::Path path("fieldManager");
    if (manager.size() > kLongestManager) errors.push_back(field::tooLong(path, kLongestManager));
    for (std::size_t i = 0; i < manager.size(); ++i) {
        const auto c = static_cast<unsigned char>(manager[i]);
        if (c >= 0x20 && c != 0x7F) continue;
        errors.push_back(field::invalid(path, manager, fmt::format("invalid character U+{:04X} (at position {})", c, i)));
        return;
    }
}

}  // namespace

Result<WriteParameters> parseWriteParameters(const Request& request, std::string_view optionsKind, bool isPatch, bool isApply) {
    WriteParameters parameters;
    field::Errors errors;
    const auto dryRun = request.query.all("dryRun");
    parameters.fieldManager = request.query.get("fieldManager");
    parameters.fieldValidation = request.query.get("fieldValidation");
    parameters.force = flag(request, "force");
    if (isPatch && !isApply && request.query.has("force")) {
        errors.push_back(field::forbidden(field::Path("force"), "may not be specified for non-apply patch"));
    }
    if (isApply && parameters.fieldManager.empty()) {
        errors.push_back(field::required(field::Path("fieldManager"), "is required for apply patch"));
    }
    checkManager(parameters.fieldManager, errors);
    checkDryRun(dryRun, errors);
    const std::string& validation = parameters.fieldValidation;
    if (validation != "" && validation != "Ignore" && validation != "Warn" && validation != "Strict") {
        errors.push_back(field::notSupported(field::Path("fieldValidation"), validation, {"", "Ignore", "Strict", "Warn"}));
    }
    if (!errors.empty()) return fail(invalidOptions(optionsKind, errors));
    parameters.dryRun = !dryRun.empty();
    if (parameters.fieldValidation.empty()) parameters.fieldValidation = "Warn";
    return parameters;
}

namespace {

Result<metav1::DeleteOptions> decodeDeleteOptions(std::string_view body, Encoding encoding) {
    if (encoding == Encoding::Protobuf) {
        const auto envelope = api::openProtobuf(body);
        if (!envelope) return fail(envelope.error());
        metav1::DeleteOptions decoded;
        decoded.kind = envelope->typeMeta.kind;
        if (auto read = api::decodeProtobufMessage(envelope->message, metav1::DeleteOptions::kDescriptor, &decoded); !read) return fail(read.error());
        return decoded;
    }
    std::string json(body);
    if (encoding == Encoding::Yaml) {
        const auto documents = api::parseYaml(body);
        if (!documents) return fail(documents.error());
        json = documents->empty() ? "{}" : boost::json::serialize(documents->front().tree);
    }
    if (const auto type = api::typeMetaOfJson(json); !type) return fail(type.error());
    return api::decodeJson<metav1::DeleteOptions>(json);
}

// Returns its dryRun.
Result<std::vector<std::string>> readDeleteBody(const Request& request, DeleteOptions& options) {
    const auto encoding = bodyEncoding(request);
    if (!encoding) return fail(encoding.error());
    auto body = decodeDeleteOptions(request.body, *encoding);
    if (!body) return fail(body.error());
    if (body->kind != "DeleteOptions") return fail(Reason::BadRequest, "DeleteOptions expected, but a " + body->kind + " was sent");
    options.gracePeriodSeconds = body->gracePeriodSeconds;
    options.orphanDependents = body->orphanDependents;
    options.propagationPolicy = std::move(body->propagationPolicy);
    if (body->preconditions) {
        options.uid = body->preconditions->uid;
        options.resourceVersion = body->preconditions->resourceVersion;
    }
    return std::move(body->dryRun);
}

}  // namespace

Result<DeleteOptions> parseDeleteOptions(const Request& request) {
    DeleteOptions options;
    std::vector<std::string> dryRun;
    if (!request.body.empty()) {
        auto read = readDeleteBody(request, options);
        if (!read) return fail(std::move(read.error()));
        dryRun = std::move(*read);
    } else {
        auto grace = number(request, "gracePeriodSeconds");
        if (!grace) return fail(std::move(grace.error()));
        options.gracePeriodSeconds = *grace;
        if (const std::string* policy = request.query.find("propagationPolicy")) options.propagationPolicy = *policy;
        if (request.query.has("orphanDependents")) options.orphanDependents = flag(request, "orphanDependents");
        for (const auto value : request.query.all("dryRun")) dryRun.emplace_back(value);
    }
    field::Errors errors;
    if (options.orphanDependents && options.propagationPolicy) {
        errors.push_back(field::invalid(field::Path("propagationPolicy"), *options.propagationPolicy, "orphanDependents and deletionPropagation cannot be both set"));
    }
    if (const auto& policy = options.propagationPolicy; policy && *policy != "Foreground" && *policy != "Background" && *policy != "Orphan") {
        errors.push_back(field::notSupported(field::Path("propagationPolicy"), *policy, {"Foreground", "Background", "Orphan", "nil"}));
    }
    checkDryRun({dryRun.begin(), dryRun.end()}, errors);
    if (!errors.empty()) return fail(invalidOptions("DeleteOptions", errors));
    options.dryRun = !dryRun.empty();
    return options;
}

namespace {

Result<void> checkListParameters(const ListParameters& list, const Request& request) {
    field::Errors errors;
    const field::Path match("resourceVersionMatch");
    if (list.sendInitialEvents && !list.watch) {
        errors.push_back(field::forbidden(field::Path("sendInitialEvents"), "sendInitialEvents is forbidden for list"));
    }
    if (list.watch && list.sendInitialEvents) {
        if (list.resourceVersionMatch.empty()) {
            errors.push_back(field::forbidden(match, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        } else if (list.resourceVersionMatch != "NotOlderThan") {
            errors.push_back(field::notSupported(match, list.resourceVersionMatch, {"NotOlderThan"}));
        }
    } else if (list.watch && !list.resourceVersionMatch.empty()) {
        errors.push_back(field::forbidden(match, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    } else if (!list.resourceVersionMatch.empty()) {
        if (list.resourceVersion.empty()) errors.push_back(field::forbidden(match, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        if (!list.continueToken.empty()) errors.push_back(field::forbidden(match, "resourceVersionMatch is forbidden when continue is provided"));
        if (list.resourceVersionMatch != "Exact" && list.resourceVersionMatch != "NotOlderThan") {
            errors.push_back(field::notSupported(match, list.resourceVersionMatch, {"Exact", "NotOlderThan", ""}));
        } else if (list.resourceVersionMatch == "Exact" && list.resourceVersion == "0") {
            errors.push_back(field::forbidden(match, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
    }
    (void)request;
    if (!errors.empty()) return fail(invalidOptions("ListOptions", errors));
    return {};
}

}  // namespace

Result<ListParameters> parseListParameters(const Request& request) {
    ListParameters list;
    list.labelSelector = request.query.get("labelSelector");
    list.fieldSelector = request.query.get("fieldSelector");
    list.resourceVersion = request.query.get("resourceVersion");
    list.resourceVersionMatch = request.query.get("resourceVersionMatch");
    list.continueToken = request.query.get("continue");
    list.watch = flag(request, "watch");
    list.allowWatchBookmarks = flag(request, "allowWatchBookmarks");
    if (request.query.has("sendInitialEvents")) list.sendInitialEvents = flag(request, "sendInitialEvents");
    auto limit = number(request, "limit");
    if (!limit) return fail(std::move(limit.error()));
    list.limit = std::max<std::int64_t>(0, limit->value_or(0));
    auto timeout = number(request, "timeoutSeconds");
    if (!timeout) return fail(std::move(timeout.error()));
    list.timeoutSeconds = *timeout;
    if (auto valid = checkListParameters(list, request); !valid) return fail(std::move(valid.error()));
    return list;
}

std::string managerFromUserAgent(std::string_view userAgent) {
    std::string manager(userAgent.substr(0, userAgent.find('/')));
    if (manager.size() > kLongestManager) manager.resize(kLongestManager);
    return manager;
}

}  // namespace qd::apiserver
