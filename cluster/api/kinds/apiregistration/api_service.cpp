// Source: https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/.
#include <fmt/format.h>

#include "cluster/api/kinds/apiregistration/kinds.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/apiregistration_v1.h"

namespace qd::api {
namespace {

using apiregistrationv1::APIService;
using apiregistrationv1::APIServiceSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::int32_t kMostGroupPriority = 20000;
constexpr std::int32_t kMostVersionPriority = 1000;
constexpr std::int32_t kDefaultPort = 443;

// "v1.example.com": the version and the group that it serves.
NameRule nameRule(const APIServiceSpec& spec) {
    return [wanted = spec.version + "." + spec.group](const std::string& name, bool isPrefix) -> std::vector<std::string> {
        const auto complaints = nameAsPathSegmentErrors(name, isPrefix);
        if (!complaints.empty()) return complaints;
        if (name != wanted) return {fmt::format("must be `spec.version+\".\"+spec.group`: \"{}\"", wanted)};
        return {};
    };
}

field::Errors priorityErrors(std::int32_t priority, std::int32_t most, const char* name) {
    if (priority > 0 && priority <= most) return {};
    return {field::invalid(kSpec.child(name), priority, fmt::format("must be positive and less than {}", most))};
}

field::Errors backendErrors(const APIServiceSpec& spec) {
    const field::Path insecure = kSpec.child("insecureSkipTLSVerify");
    field::Errors errors;
    if (!spec.service) {
        if (!spec.caBundle.empty()) {
            errors.push_back(field::invalid(kSpec.child("caBundle"), fmt::format("{} bytes", spec.caBundle.data.size()),
                                            "local APIServices may not have a caBundle"));
        }
        if (spec.insecureSkipTLSVerify) {
            errors.push_back(field::invalid(insecure, true, "local APIServices may not have insecureSkipTLSVerify"));
        }
        return errors;
    }
    const field::Path service = kSpec.child("service");
    if (spec.service->namespace_.empty()) errors.push_back(field::required(service.child("namespace")));
    if (spec.service->name.empty()) errors.push_back(field::required(service.child("name")));
    const std::int32_t port = spec.service->port.value_or(kDefaultPort);
    for (const auto& complaint : portNumberErrors(port)) {
        errors.push_back(field::invalid(service.child("port"), port, "port is not valid: " + complaint));
    }
    if (spec.insecureSkipTLSVerify && !spec.caBundle.empty()) {
        errors.push_back(field::invalid(insecure, true, "may not be true if caBundle is present"));
    }
    return errors;
}

field::Errors serviceErrors(const Object& object) {
    const auto& spec = as<APIService>(object).spec;
    field::Errors errors = validateAnyMeta(object.metadata, false, nameRule(spec), kMetadata);
    if (spec.group.empty() && spec.version != "v1") {
        errors.push_back(
            field::required(kSpec.child("group"), "only v1 may have an empty group and it better be legacy kube"));
    }
    if (!spec.group.empty()) field::append(errors, subdomainErrors(kSpec.child("group"), spec.group));
    field::append(errors, complaintErrors(kSpec.child("version"), spec.version, dns1035LabelErrors(spec.version)));
    field::append(errors, priorityErrors(spec.groupPriorityMinimum, kMostGroupPriority, "groupPriorityMinimum"));
    field::append(errors, priorityErrors(spec.versionPriority, kMostVersionPriority, "versionPriority"));
    field::append(errors, backendErrors(spec));
    return errors;
}

std::string availableText(const APIService& object) {
    for (const auto& condition : object.status.conditions) {
        if (condition.type != "Available") continue;
        return condition.status == "True" ? "True" : fmt::format("{} ({})", condition.status, condition.reason);
    }
    return "Unknown";
}

}  // namespace

Kind apiServiceKind() {
    Kind kind = plainKind("apiregistration.k8s.io", "v1", "APIService");
    kind.categories = {"api-extensions"};
    kind.allowUnconditionalUpdate = false;
    addStatus(kind);
    kind.defaults = [](Object& object) {
        auto& service = as<APIService>(object).spec.service;
        if (service && !service->port) service->port = kDefaultPort;
    };
    validateCreate(kind, serviceErrors);
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = validateAnyMetaUpdate(now.metadata, old.metadata, kMetadata);
        field::append(errors, serviceErrors(now));
        return errors;
    });
    kind.columns = {nameColumn(),
                    textColumn("Service", "The reference to the service that hosts this API endpoint."),
                    textColumn("Available", "Whether this service is available."), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& service = as<APIService>(object).spec.service;
        return {object.metadata.name, service ? service->namespace_ + "/" + service->name : "Local",
                availableText(as<APIService>(object)), ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
