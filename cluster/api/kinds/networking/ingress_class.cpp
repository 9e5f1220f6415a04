// Source: https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/networking/kinds.h"
#include "cluster/api/kinds/networking/references.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/networking_v1.h"

namespace qd::api {
namespace {

using networkingv1::IngressClass;
using networkingv1::IngressClassParametersReference;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::size_t kLongestController = 250;

// "example.com/a/b": a domain and a path that need not be escaped.
field::Errors controllerErrors(const std::string& controller, const field::Path& path) {
    if (controller.empty()) return {field::required(path)};
    field::Errors errors;
    if (controller.size() > kLongestController) errors.push_back(field::tooLong(path, kLongestController));
    const auto slash = controller.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == controller.size()) {
        errors.push_back(field::invalid(path, controller, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        return errors;
    }
    for (const auto& complaint : dns1123SubdomainErrors(controller.substr(0, slash)))
        errors.push_back(field::invalid(path, controller.substr(0, slash), complaint));
    const std::string rest = controller.substr(slash + 1);
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~%!$&'()*+,;=:";
    if (rest.find_first_not_of(kAllowed) != std::string::npos) {
        errors.push_back(field::invalid(
            path, rest,
            "Invalid path (e.g. '/path/to', regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"));
    }
    return errors;
}

field::Errors parametersErrors(const IngressClassParametersReference& parameters, const field::Path& path) {
    field::Errors errors = referenceErrors(parameters.apiGroup, parameters.kind, parameters.name, path);
    if (!parameters.scope) {
        errors.push_back(field::required(path.child("scope")));
        return errors;
    }
    field::append(errors, choiceErrors(path.child("scope"), *parameters.scope, {"Cluster", "Namespace"}));
    const field::Path at = path.child("namespace");
    if (*parameters.scope == "Namespace") {
        if (!parameters.namespace_) {
            errors.push_back(field::required(at, "`parameters.scope` is set to 'Namespace'"));
        } else {
            field::append(errors, labelErrors(at, *parameters.namespace_));
        }
    }
    if (*parameters.scope == "Cluster" && parameters.namespace_)
        errors.push_back(field::forbidden(at, "`parameters.scope` is set to 'Cluster'"));
    return errors;
}

field::Errors classErrors(const Object& object) {
    const auto& spec = as<IngressClass>(object).spec;
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    field::append(errors, controllerErrors(spec.controller, kSpec.child("controller")));
    if (spec.parameters) field::append(errors, parametersErrors(*spec.parameters, kSpec.child("parameters")));
    return errors;
}

std::string parametersText(const IngressClass& object) {
    const auto& parameters = object.spec.parameters;
    if (!parameters) return "<none>";
    return parameters->kind + (parameters->apiGroup ? "." + *parameters->apiGroup : "") + "/" + parameters->name;
}

}  // namespace

field::Errors segmentErrors(const std::string& text, const field::Path& path) {
    if (text.empty()) return {field::required(path)};
    return complaintErrors(path, text, pathSegmentErrors(text, false));
}

field::Errors referenceErrors(const std::optional<std::string>& group, const std::string& kind, const std::string& name,
                              const field::Path& path) {
    field::Errors errors;
    if (group) field::append(errors, subdomainErrors(path.child("apiGroup"), *group));
    field::append(errors, segmentErrors(kind, path.child("kind")));
    field::append(errors, segmentErrors(name, path.child("name")));
    return errors;
}

Kind ingressClassKind() {
    Kind kind = plainKind("networking.k8s.io", "v1", "IngressClass");
    countGenerations(kind);
    kind.defaults = [](Object& object) {
        auto& parameters = as<IngressClass>(object).spec.parameters;
        if (parameters && !parameters->scope)
            parameters->scope = networkingv1::IngressClassParametersReferenceScopeCluster;
    };
    validateCreate(kind, classErrors);
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata);
        const std::string& controller = as<IngressClass>(now).spec.controller;
        if (controller != as<IngressClass>(old).spec.controller)
            errors.push_back(immutable(kSpec.child("controller"), controller));
        field::append(errors, classErrors(now));
        return errors;
    });
    kind.columns = {nameColumn(), textColumn("Controller", "Controller that is responsible for handling this class"),
                    textColumn("Parameters", "A reference to a resource with additional parameters"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& ingressClass = as<IngressClass>(object);
        return {object.metadata.name, ingressClass.spec.controller, parametersText(ingressClass),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
