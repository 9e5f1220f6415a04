// Source: https://kubernetes.io/docs/concepts/security/service-accounts/.
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using corev1::ServiceAccount;

constexpr char kEnforceMountable[] = "kubernetes.io/enforce-mountable-secrets";

// Of a reference to a Secret the name alone counts.
void keepNamesOfSecrets(Object& object) {
    for (auto& secret : as<ServiceAccount>(object).secrets) {
        corev1::ObjectReference named;
        named.name = secret.name;
        secret = named;
    }
}

field::Errors serviceAccountErrors(const Object& object) { return validateObjectMeta(object.metadata, true, nullptr, field::Path("metadata")); }

field::Errors serviceAccountUpdateErrors(const Object& now, const Object& old) {
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata"));
    field::append(errors, serviceAccountErrors(now));
    return errors;
}

std::vector<std::string> serviceAccountWarnings(const Object& now, const Object* old) {
    if (old && old->metadata.annotations.contains(kEnforceMountable)) return {};
    if (!now.metadata.annotations.contains(kEnforceMountable)) return {};
    return {std::string("metadata.annotations[") + kEnforceMountable + "]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"};
}

}  // namespace

Kind serviceAccountKind() {
    Kind kind = plainKind("", "v1", "ServiceAccount");
    kind.shortNames = {"sa"};
    kind.subresources = {{.name = "token", .group = "authentication.k8s.io", .version = "v1", .kind = "TokenRequest", .verbs = {"create"}}};
    kind.returnsDeletedObject = true;
    kind.prepareForCreate = keepNamesOfSecrets;
    kind.update.prepare = [](Object& now, const Object&) { keepNamesOfSecrets(now); };
    validateCreate(kind, serviceAccountErrors);
    validateUpdate(kind, serviceAccountUpdateErrors);
    kind.warnings = serviceAccountWarnings;
    kind.update.warnings = serviceAccountWarnings;
    kind.columns = {nameColumn(), fieldColumn<ServiceAccount>("Secrets", "string", "secrets"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& account = as<ServiceAccount>(object);
        return {account.metadata.name, static_cast<std::int64_t>(account.secrets.size()), ageText(account.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
