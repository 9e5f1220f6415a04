// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/.
//
// Who asks, and when conditions came about, is filled in by admission (signing_request_facts.cpp): kinds know neither
// user nor time.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/certificates/kinds.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/type_of.h"
#include "cluster/api/types/certificates_v1.h"
#include "cluster/base/pki/certificate.h"

namespace qd::api {
namespace {

using certificatesv1::CertificateSigningRequest;
using Condition = certificatesv1::CertificateSigningRequestCondition;
using Conditions = std::vector<Condition>;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
const field::Path kConditions("status.conditions");
const field::Path kCertificate("status.certificate");
constexpr std::int32_t kLeastSeconds = 600;
constexpr std::size_t kLongestDomain = 253;
constexpr std::size_t kLongestPath = 253 + 63 + 1;
constexpr const char* kLasting[] = {certificatesv1::CertificateApproved, certificatesv1::CertificateDenied,
                                    certificatesv1::CertificateFailed};

// What an endpoint may change.
enum class Changes { OfMetadata, OfApproval, OfStatus };

std::vector<std::string> anyName(const std::string&, bool) {
    return {};
}

// The label of the first PEM block.
std::string_view firstLabel(std::string_view pem) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    const auto begin = pem.find(kBegin);
    if (begin == std::string_view::npos) return {};
    const auto label = pem.substr(begin + kBegin.size());
    const auto end = label.find("-----");
    return end == std::string_view::npos ? std::string_view() : label.substr(0, end);
}

field::Errors requestErrors(const Bytes& request) {
    std::string why;
    if (firstLabel(request.data) != "CERTIFICATE REQUEST") {
        why = "PEM block type must be CERTIFICATE REQUEST";
    } else if (const auto parsed = pki::SigningRequest::parse(request.data); !parsed) {
        why = parsed.error().message;
    }
    if (why.empty()) return {};
    std::string json;
    appendGoJson(json, typeOf<Bytes>(), &request);
    return {field::invalid(kSpec.child("request"), field::Shown::raw(json), why)};
}

const std::vector<std::string>& knownUsages() {
    static const std::vector<std::string> usages = {"any",
                                                    "cert sign",
                                                    "client auth",
                                                    "code signing",
                                                    "content commitment",
                                                    "crl sign",
                                                    "data encipherment",
                                                    "decipher only",
                                                    "digital signature",
                                                    "email protection",
                                                    "encipher only",
                                                    "ipsec end system",
                                                    "ipsec tunnel",
                                                    "ipsec user",
                                                    "key agreement",
                                                    "key encipherment",
                                                    "microsoft sgc",
                                                    "netscape sgc",
                                                    "ocsp signing",
                                                    "s/mime",
                                                    "server auth",
                                                    "signing",
                                                    "timestamping"};
    return usages;
}

bool isKnownUsage(const std::string& usage) {
    return std::find(knownUsages().begin(), knownUsages().end(), usage) != knownUsages().end();
}

// What a stored request has already may stay.
field::Errors usagesErrors(const std::vector<std::string>& usages, const std::vector<std::string>& stored) {
    const field::Path path = kSpec.child("usages");
    field::Errors errors;
    if (usages.empty()) errors.push_back(field::required(path));
    const bool unknown = !std::all_of(stored.begin(), stored.end(), isKnownUsage);
    for (std::size_t i = 0; i < usages.size() && !unknown; ++i) {
        if (!isKnownUsage(usages[i])) errors.push_back(field::notSupported(path.index(i), usages[i], knownUsages()));
    }
    if (std::set<std::string>(stored.begin(), stored.end()).size() != stored.size()) return errors;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < usages.size(); ++i) {
        if (!seen.insert(usages[i]).second) errors.push_back(field::duplicate(path.index(i), usages[i]));
    }
    return errors;
}

// The first label between dots that is none tells what is wrong.
template <typename Check>
field::Errors dottedErrors(const std::string& text, Check check, const field::Path& path) {
    std::string_view rest = text;
    while (true) {
        const auto dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        field::Errors errors;
        for (const auto& complaint : check(label))
            errors.push_back(field::invalid(path, text, fmt::format("validating label \"{}\": {}", label, complaint)));
        if (!errors.empty() || dot == std::string_view::npos) return errors;
        rest.remove_prefix(dot + 1);
    }
}

// "example.com/name": a domain of several labels, and a name that has room for a namespace and a name.
field::Errors signerErrors(const std::string& signer) {
    const field::Path path = kSpec.child("signerName");
    if (signer.empty()) return {field::required(path)};
    if (signer == "kubernetes.io/legacy-unknown")
        return {field::invalid(path, signer, "the legacy signerName is not allowed via this API version")};
    if (std::count(signer.begin(), signer.end(), '/') != 1) {
        return {field::invalid(path, signer,
                               "must be a fully qualified domain and path of the form 'example.com/signer-name'")};
    }
    const std::string domain = signer.substr(0, signer.find('/'));
    const std::string name = signer.substr(domain.size() + 1);
    field::Errors errors;
    if (domain.size() > kLongestDomain) errors.push_back(field::tooLong(path, kLongestDomain));
    field::append(errors, dottedErrors(domain, [](std::string_view label) { return dns1123LabelErrors(label); }, path));
    if (domain.find('.') == std::string::npos)
        errors.push_back(
            field::invalid(path, domain, "should be a domain with at least two segments separated by dots"));
    field::append(errors,
                  dottedErrors(name, [](std::string_view label) { return dns1123SubdomainErrors(label); }, path));
    if (signer.size() > kLongestDomain + kLongestPath + 1)
        errors.push_back(field::tooLong(path, kLongestDomain + kLongestPath + 1));
    return errors;
}

bool has(const Conditions& conditions, std::string_view type) {
    return std::any_of(conditions.begin(), conditions.end(),
                       [&](const Condition& condition) { return condition.type == type; });
}

Conditions ofType(const Conditions& conditions, std::string_view type) {
    Conditions found;
    std::copy_if(conditions.begin(), conditions.end(), std::back_inserter(found),
                 [&](const Condition& condition) { return condition.type == type; });
    return found;
}

bool hasTwice(const Conditions& conditions) {
    std::set<std::string> types;
    return !std::all_of(conditions.begin(), conditions.end(),
                        [&](const Condition& condition) { return types.insert(condition.type).second; });
}

field::Errors conditionsErrors(const Conditions& conditions, const Conditions& stored) {
    const bool mayBeBoth = has(stored, "Approved") && has(stored, "Denied");
    const bool mayRepeat = hasTwice(stored);
    const bool mayLackType = has(stored, "");
    field::Errors errors;
    std::set<std::string> types;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const auto& condition = conditions[i];
        const field::Path at = kConditions.index(i);
        if (condition.type.empty() && !mayLackType) errors.push_back(field::required(at.child("type")));
        const bool lasting = contains({"Approved", "Denied", "Failed"}, condition.type);
        if (condition.status.empty()) {
            errors.push_back(field::required(at.child("status")));
        } else if (lasting) {
            field::append(errors, choiceErrors(at.child("status"), condition.status, {"True"}));
        } else {
            field::append(errors, choiceErrors(at.child("status"), condition.status, {"False", "True", "Unknown"}));
        }
        const bool contradicts = (condition.type == "Approved" && types.contains("Denied")) ||
                                 (condition.type == "Denied" && types.contains("Approved"));
        if (contradicts && !mayBeBoth)
            errors.push_back(
                field::invalid(kConditions, condition.type, "Approved and Denied conditions are mutually exclusive"));
        if (!types.insert(condition.type).second && !mayRepeat)
            errors.push_back(field::duplicate(at.child("type"), condition.type));
    }
    return errors;
}

// Why it is no chain of certificates; empty when it is one, or nothing.
std::string certificateFault(const std::string& pem) {
    if (pem.empty()) return {};
    const auto label = firstLabel(pem);
    if (label.empty()) return "must contain at least one CERTIFICATE PEM block";
    if (label != "CERTIFICATE") return fmt::format("only CERTIFICATE PEM blocks are allowed, found \"{}\"", label);
    const auto parsed = pki::Certificate::parseAll(pem);
    return parsed ? "" : parsed.error().message;
}

field::Errors certificateErrors(const CertificateSigningRequest& now, const CertificateSigningRequest* old) {
    const std::string& pem = now.status.certificate.data;
    if (old && (old->status.certificate.data == pem || !certificateFault(old->status.certificate.data).empty()))
        return {};
    const std::string fault = certificateFault(pem);
    if (fault.empty()) return {};
    return {field::invalid(kCertificate, "<certificate data>", fault)};
}

field::Errors requestObjectErrors(const CertificateSigningRequest& now, const CertificateSigningRequest* old) {
    field::Errors errors = validateObjectMeta(now.metadata, false, anyName, kMetadata);
    field::append(errors, requestErrors(now.spec.request));
    field::append(errors, usagesErrors(now.spec.usages, old ? old->spec.usages : std::vector<std::string>{}));
    const bool legacy = old && old->spec.signerName == now.spec.signerName;
    if (!legacy) field::append(errors, signerErrors(now.spec.signerName));
    if (now.spec.expirationSeconds.value_or(kLeastSeconds) < kLeastSeconds) {
        errors.push_back(field::invalid(kSpec.child("expirationSeconds"), *now.spec.expirationSeconds,
                                        "may not specify a duration less than 600 seconds (10 minutes)"));
    }
    field::append(errors, conditionsErrors(now.status.conditions, old ? old->status.conditions : Conditions{}));
    field::append(errors, certificateErrors(now, old));
    return errors;
}

std::string conditionsDiff(const Conditions& before, const Conditions& after) {
    std::string text;
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) text += goDiff(before[i], after[i]);
    return text;
}

// Approvals last, and are given through /approval alone; certificates through /status, once.
field::Errors statusChangeErrors(const CertificateSigningRequest& now, const CertificateSigningRequest& old,
                                 Changes changes) {
    field::Errors errors;
    for (const char* type : kLasting) {
        if (ofType(now.status.conditions, type).size() >= ofType(old.status.conditions, type).size()) continue;
        errors.push_back(
            field::forbidden(kConditions, fmt::format("updates may not remove a condition of type \"{}\"", type)));
    }
    for (const char* type : {certificatesv1::CertificateApproved, certificatesv1::CertificateDenied}) {
        if (changes == Changes::OfApproval) break;
        const Conditions before = ofType(old.status.conditions, type);
        const Conditions after = ofType(now.status.conditions, type);
        if (after.size() > before.size()) {
            errors.push_back(
                field::forbidden(kConditions, fmt::format("updates may not add a condition of type \"{}\"", type)));
        } else if (after.size() == before.size() && !(after == before)) {
            errors.push_back(
                field::forbidden(kConditions, fmt::format("updates may not modify a condition of type \"{}\"\n{}", type,
                                                          conditionsDiff(before, after))));
        }
    }
    if (now.status.certificate == old.status.certificate) return errors;
    if (changes != Changes::OfStatus) {
        errors.push_back(field::forbidden(kCertificate, "updates may not set certificate content"));
    } else if (!old.status.certificate.empty()) {
        errors.push_back(field::forbidden(kCertificate, "updates may not modify existing certificate content"));
    }
    return errors;
}

std::function<field::Errors(const Object&, const Object&)> changeErrors(Changes changes) {
    return [changes](const Object& nowObject, const Object& oldObject) {
        const auto& now = as<CertificateSigningRequest>(nowObject);
        const auto& old = as<CertificateSigningRequest>(oldObject);
        field::Errors errors = requestObjectErrors(now, &old);
        field::append(errors, statusChangeErrors(now, old, changes));
        field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
        return errors;
    };
}

std::string conditionText(const CertificateSigningRequest& request) {
    const auto& conditions = request.status.conditions;
    std::string text = has(conditions, "Denied") ? "Denied" : has(conditions, "Approved") ? "Approved" : "Pending";
    if (has(conditions, "Failed")) text += ",Failed";
    if (!request.status.certificate.empty()) text += ",Issued";
    return text;
}

void addTable(Kind& kind) {
    using Spec = certificatesv1::CertificateSigningRequestSpec;
    kind.columns = {nameColumn(),
                    ageColumn(),
                    fieldColumn<Spec>("SignerName", "string", "signerName"),
                    fieldColumn<Spec>("Requestor", "string", "request"),
                    fieldColumn<Spec>("RequestedDuration", "string", "expirationSeconds"),
                    fieldColumn<certificatesv1::CertificateSigningRequestStatus>("Condition", "string", "conditions")};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        const auto& request = as<CertificateSigningRequest>(object);
        const auto& seconds = request.spec.expirationSeconds;
        return {object.metadata.name,
                ageText(object.metadata.creationTimestamp, now),
                orNone(request.spec.signerName),
                request.spec.username,
                seconds ? humanDuration(std::chrono::seconds(*seconds)) : "<none>",
                conditionText(request)};
    };
}

void addApproval(Kind& kind) {
    kind.subresources.push_back({.name = "approval", .kind = kind.kind, .verbs = {"get", "patch", "update"}});
    UpdateRules rules;
    rules.prepare = [](Object& now, const Object& old) {
        auto& request = as<CertificateSigningRequest>(now);
        request.spec = as<CertificateSigningRequest>(old).spec;
        request.status.certificate = as<CertificateSigningRequest>(old).status.certificate;
    };
    rules.resetFields = {"spec", "status.certificate"};
    kind.subresourceUpdates["approval"] = std::move(rules);
    validateSubresource(kind, "approval", changeErrors(Changes::OfApproval));
}

}  // namespace

Kind certificateSigningRequestKind() {
    Kind kind = plainKind("certificates.k8s.io", "v1", "CertificateSigningRequest");
    kind.shortNames = {"csr"};
    kind.nameErrors = anyName;
    addApproval(kind);
    addStatus(kind);
    kind.update.prepare = [](Object& now, const Object& old) {
        as<CertificateSigningRequest>(now).spec = as<CertificateSigningRequest>(old).spec;
        as<CertificateSigningRequest>(now).status = as<CertificateSigningRequest>(old).status;
    };
    kind.update.resetFields = {"spec", "status"};
    validateCreate(
        kind, [](const Object& object) { return requestObjectErrors(as<CertificateSigningRequest>(object), nullptr); });
    validateUpdate(kind, changeErrors(Changes::OfMetadata));
    validateSubresource(kind, "status", changeErrors(Changes::OfStatus));
    kind.selectableFieldNames = {"spec.signerName"};
    kind.selectableFields = [](const Object& object) -> std::map<std::string, std::string> {
        return {{"spec.signerName", as<CertificateSigningRequest>(object).spec.signerName}};
    };
    addTable(kind);
    return kind;
}

}  // namespace qd::api
