#include "cluster/controllers/certificates/signing_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace qd::controllers {
namespace {

using namespace std::chrono_literals;
using certificatesv1::CertificateSigningRequest;
using Usages = std::set<std::string>;

constexpr base::Duration kBackdate = 5min;
constexpr base::Duration kShortest = 10min;
constexpr base::Duration kShort = 8h;  // five minutes are about a hundredth of it
constexpr base::Duration kAnsweredKept = 1h;
constexpr base::Duration kPendingKept = 24h;
constexpr std::string_view kNodePrefix = "system:node:";

const Usages kNodeClient = {certificatesv1::UsageClientAuth, certificatesv1::UsageDigitalSignature, certificatesv1::UsageKeyEncipherment};
const Usages kNodeServing = {certificatesv1::UsageDigitalSignature, certificatesv1::UsageKeyEncipherment, certificatesv1::UsageServerAuth};

// Keys that are not RSA's have no use for key encipherment.
std::string usageProblem(const std::vector<std::string>& usages, const Usages& required) {
    Usages given(usages.begin(), usages.end());
    given.insert(certificatesv1::UsageKeyEncipherment);
    if (given == required) return {};
    return fmt::format("usages did not match [{}]", fmt::join(required, " "));
}

std::string organizationProblem(const pki::SigningRequest& request) {
    return request.subject.organizations == std::vector<std::string>{"system:nodes"} ? "" : "subject organization is not system:nodes";
}

std::string nodeNameProblem(const pki::SigningRequest& request) {
    return request.subject.commonName.starts_with(kNodePrefix) ? "" : "subject common name does not begin with system:node:";
}

std::string firstOf(std::initializer_list<std::string> problems) {
    const auto* found = std::find_if(problems.begin(), problems.end(), [](const std::string& problem) { return !problem.empty(); });
    return found == problems.end() ? std::string() : *found;
}

std::string nodeServingProblem(const pki::SigningRequest& request, const std::vector<std::string>& usages) {
    const auto& subject = request.subject;
    return firstOf({organizationProblem(request),
                    subject.dnsNames.empty() && subject.ipAddresses.empty() ? "DNS or IP subjectAltName is required" : "",
                    request.emailAddresses.empty() ? "" : "Email subjectAltNames are not allowed",
                    request.uris.empty() ? "" : "URI subjectAltNames are not allowed",
                    usageProblem(usages, kNodeServing), nodeNameProblem(request)});
}

std::string clientProblem(const std::vector<std::string>& usages) {
    bool forClients = false;
    for (const auto& usage : usages) {
        if (usage == certificatesv1::UsageClientAuth) {
            forClients = true;
        } else if (usage != certificatesv1::UsageDigitalSignature && usage != certificatesv1::UsageKeyEncipherment) {
            return "invalid usage for client certificate: " + usage;
        }
    }
    return forClients ? std::string() : fmt::format("missing required usage for client certificate: {}", certificatesv1::UsageClientAuth);
}

}  // namespace

bool hasCondition(const CertificateSigningRequest& request, std::string_view type) {
    return std::ranges::any_of(request.status.conditions, [&](const auto& condition) { return condition.type == type && (condition.status == "True" || condition.status.empty()); });
}

bool isApproved(const CertificateSigningRequest& request) {
    return hasCondition(request, certificatesv1::CertificateApproved) && !hasCondition(request, certificatesv1::CertificateDenied);
}

bool isClusterSigner(std::string_view signer) {
    return signer == certificatesv1::KubeAPIServerClientSignerName || signer == certificatesv1::KubeAPIServerClientKubeletSignerName ||
           signer == certificatesv1::KubeletServingSignerName || signer == kLegacyUnknownSigner;
}

std::string nodeClientProblem(const pki::SigningRequest& request, const std::vector<std::string>& usages) {
    return firstOf({organizationProblem(request),
                    request.subject.dnsNames.empty() ? "" : "DNS subjectAltNames are not allowed",
                    request.emailAddresses.empty() ? "" : "Email subjectAltNames are not allowed",
                    request.subject.ipAddresses.empty() ? "" : "IP subjectAltNames are not allowed",
                    request.uris.empty() ? "" : "URI subjectAltNames are not allowed",
                    nodeNameProblem(request), usageProblem(usages, kNodeClient)});
}

std::string signerProblem(std::string_view signer, const pki::SigningRequest& request, const std::vector<std::string>& usages) {
    if (signer == certificatesv1::KubeAPIServerClientSignerName) return clientProblem(usages);
    if (signer == certificatesv1::KubeAPIServerClientKubeletSignerName) return nodeClientProblem(request, usages);
    if (signer == certificatesv1::KubeletServingSignerName) return nodeServingProblem(request, usages);
    return {};
}

pki::Validity validityFor(std::optional<std::int32_t> expirationSeconds, base::Duration longest, base::WallTime now) {
    base::Duration life = longest;
    if (expirationSeconds) life = std::min<base::Duration>(longest, std::max<base::Duration>(kShortest, std::chrono::seconds(*expirationSeconds)));
    return {now - kBackdate, life < kShort ? now + life : now + life - kBackdate};
}

std::optional<base::WallTime> keptUntil(const CertificateSigningRequest& request) {
    std::optional<base::WallTime> until;
    const auto consider = [&until](base::WallTime time) { until = until ? std::min(*until, time) : time; };
    const auto& conditions = request.status.conditions;
    const bool issued = !request.status.certificate.empty();
    if (conditions.empty() && !request.metadata.creationTimestamp.isZero()) consider(request.metadata.creationTimestamp.wall() + kPendingKept);
    for (const auto& condition : conditions) {
        const bool approved = condition.type == certificatesv1::CertificateApproved;
        const bool refused = condition.type == certificatesv1::CertificateDenied || condition.type == certificatesv1::CertificateFailed;
        if ((refused || (approved && issued)) && !condition.lastUpdateTime.isZero()) consider(condition.lastUpdateTime.wall() + kAnsweredKept);
        if (!approved || !issued) continue;
        if (const auto certificate = pki::Certificate::parse(request.status.certificate.data)) consider(certificate->notAfter());
    }
    return until;
}

}  // namespace qd::controllers
