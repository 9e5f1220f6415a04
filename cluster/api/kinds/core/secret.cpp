// Source: https://kubernetes.io/docs/concepts/configuration/secret/.
#include "cluster/api/codec/json.h"
#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/core/kinds.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {
namespace {

using corev1::Secret;

constexpr std::size_t kMostBytes = 1024 * 1024;
constexpr std::string_view kImmutableSet = "field is immutable when `immutable` is set";
const field::Path kData("data");

void setDefaults(Object& object) {
    auto& secret = as<Secret>(object);
    if (secret.type.empty()) secret.type = corev1::SecretTypeOpaque;
    // What clients write as text is kept with the rest; it is never read back.
    for (auto& [key, value] : secret.stringData) secret.data[key] = Bytes{value};
    secret.stringData.clear();
}

field::Errors requireKey(const Secret& secret, const char* key) {
    if (secret.data.contains(key)) return {};
    return {field::required(kData.key(key))};
}

// What Go's decoder says about a text that is no JSON object.
std::string jsonObjectComplaint(const std::string& text) {
    static const Struct kNoFields{};
    if (const auto syntax = typeMetaOfJson(text); !syntax) {
        char nothing = 0;
        const auto decoded = decodeJson(text, kNoFields, &nothing);
        return decoded ? syntax.error().message : decoded.error().message;
    }
    return "";
}

field::Errors dockerConfigErrors(const Secret& secret, const char* key) {
    const auto found = secret.data.find(key);
    if (found == secret.data.end()) return {field::required(kData.key(key))};
    const std::string complaint = jsonObjectComplaint(found->second.data);
    if (complaint.empty()) return {};
    return {field::invalid(kData.key(key), "<secret contents redacted>", complaint)};
}

field::Errors typeErrors(const Secret& secret) {
    const std::string& type = secret.type;
    field::Errors errors;
    if (type == corev1::SecretTypeServiceAccountToken) {
        const auto found = secret.metadata.annotations.find(corev1::ServiceAccountNameKey);
        if (found == secret.metadata.annotations.end() || found->second.empty()) {
            errors.push_back(field::required(field::Path("metadata.annotations").key(corev1::ServiceAccountNameKey)));
        }
    } else if (type == corev1::SecretTypeDockercfg) {
        errors = dockerConfigErrors(secret, corev1::DockerConfigKey);
    } else if (type == corev1::SecretTypeDockerConfigJson) {
        errors = dockerConfigErrors(secret, corev1::DockerConfigJsonKey);
    } else if (type == corev1::SecretTypeBasicAuth) {
        if (!secret.data.contains(corev1::BasicAuthUsernameKey) && !secret.data.contains(corev1::BasicAuthPasswordKey)) {
            errors = {field::required(kData.key(corev1::BasicAuthUsernameKey)), field::required(kData.key(corev1::BasicAuthPasswordKey))};
        }
    } else if (type == corev1::SecretTypeSSHAuth) {
        const auto found = secret.data.find(corev1::SSHAuthPrivateKey);
        if (found == secret.data.end() || found->second.empty()) errors.push_back(field::required(kData.key(corev1::SSHAuthPrivateKey)));
    } else if (type == corev1::SecretTypeTLS) {
        errors = requireKey(secret, corev1::TLSCertKey);
        field::append(errors, requireKey(secret, corev1::TLSPrivateKeyKey));
    }
    return errors;
}

field::Errors secretErrors(const Object& object) {
    const auto& secret = as<Secret>(object);
    field::Errors errors = validateObjectMeta(secret.metadata, true, nullptr, field::Path("metadata"));
    std::size_t size = 0;
    for (const auto& [key, value] : secret.data) {
        for (const auto& complaint : configMapKeyErrors(key)) errors.push_back(field::invalid(kData.key(key), key, complaint));
        size += value.data.size();
    }
    if (size > kMostBytes) errors.push_back(field::tooLong(kData, kMostBytes));
    field::append(errors, typeErrors(secret));
    return errors;
}

field::Errors secretUpdateErrors(const Object& nowObject, const Object& oldObject) {
    const auto& now = as<Secret>(nowObject);
    const auto& old = as<Secret>(oldObject);
    field::Errors errors = validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata"));
    if (now.type != old.type) errors.push_back(immutable(field::Path("type"), now.type));
    if (old.immutable.value_or(false)) {
        if (!now.immutable.value_or(false)) errors.push_back(field::forbidden(field::Path("immutable"), kImmutableSet));
        if (now.data != old.data) errors.push_back(field::forbidden(kData, kImmutableSet));
    }
    field::append(errors, secretErrors(now));
    return errors;
}

}  // namespace

Kind secretKind() {
    Kind kind = plainKind("", "v1", "Secret");
    kind.defaults = setDefaults;
    kind.update.prepare = [](Object& now, const Object& old) {
        if (as<Secret>(now).type.empty()) as<Secret>(now).type = as<Secret>(old).type;
    };
    validateCreate(kind, secretErrors);
    validateUpdate(kind, secretUpdateErrors);
    kind.selectableFieldNames = {"type"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> { return {{"type", as<Secret>(object).type}}; };
    kind.columns = {nameColumn(), fieldColumn<Secret>("Type", "string", "type"), fieldColumn<Secret>("Data", "string", "data"), ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& secret = as<Secret>(object);
        return {secret.metadata.name, secret.type, static_cast<std::int64_t>(secret.data.size()), ageText(secret.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
