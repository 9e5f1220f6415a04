#include "tests/simulation/invariants/certificates.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::simulation {
namespace {

using namespace std::chrono_literals;
using Request = certificatesv1::CertificateSigningRequest;

constexpr auto kShortest = 10min;

const certificatesv1::CertificateSigningRequestCondition* condition(const Request& request, std::string_view type) {
    const auto& all = request.status.conditions;
    const auto found = std::ranges::find(all, type, &certificatesv1::CertificateSigningRequestCondition::type);
    return found == all.end() ? nullptr : &*found;
}

bool isForAgent(const Request& request) {
    const auto parsed = pki::SigningRequest::parse(request.spec.request.data);
    return parsed && request.spec.signerName == certificatesv1::KubeAPIServerClientKubeletSignerName &&
           parsed->subject.commonName.starts_with("system:node:") &&
           parsed->subject.organizations == std::vector<std::string>{"system:nodes"} &&
           std::ranges::find(request.spec.usages, "client auth") != request.spec.usages.end();
}

// Whether its time is over.
bool isOld(const Request& request, base::WallTime now) {
    const auto before = [&](const api::Time& time, base::Duration kept) { return time.wall() + kept <= now; };
    for (const char* type : {"Approved", "Denied", "Failed"}) {
        const auto* answer = condition(request, type);
        if (answer && before(answer->lastUpdateTime, 1h)) return true;
    }
    if (request.status.conditions.empty() && before(request.metadata.creationTimestamp, 24h)) return true;
    if (request.status.certificate.empty()) return false;
    const auto certificate = pki::Certificate::parse(request.status.certificate.data);
    return certificate && certificate->notAfter() <= now;
}

}  // namespace

std::optional<std::string> CertificatesInvariant::judgeCertificate(const Request& request, base::WallTime now) const {
    const std::string& name = request.metadata.name;
    if (!condition(request, "Approved") || condition(request, "Denied") || condition(request, "Failed"))
        return name + " was not approved, and has a certificate";
    const auto certificate = pki::Certificate::parse(request.status.certificate.data);
    const auto asked = pki::SigningRequest::parse(request.spec.request.data);
    if (!certificate || !asked) return name + " has a certificate that nobody can read";
    if (!certificate->signedBy(m_authority->certificate())) return name + " is not signed by the cluster's authority";
    if (certificate->subject() != asked->subject) return name + " has a certificate of another name";
    const base::Duration life = std::max<base::Duration>(
        kShortest, std::chrono::seconds(request.spec.expirationSeconds.value_or(365 * 24 * 60 * 60)));
    if (certificate->notBefore() > now || certificate->notAfter() > now + life)
        return name + " has a certificate that is good for longer than was asked for";
    return std::nullopt;
}

std::optional<std::string> CertificatesInvariant::see(const Commit& commit) {
    const auto* request = api::objectAs<Request>(commit.object());
    if (!request) return std::nullopt;
    const std::string& name = request->metadata.name;
    if (commit.gone()) {
        m_requests.erase(name);
        if (commit.actor() == "certificatesigningrequest-cleaner-controller" && !isOld(*request, commit.event.time))
            return name + " is deleted before its time";
        return std::nullopt;
    }
    const Request before = std::exchange(m_requests[name], *request);
    if (commit.actor() == "certificatesigningrequest-approving-controller" && condition(*request, "Approved") &&
        !isForAgent(*request))
        return name + " is approved, which is not for a node's agent";
    if (request->status.certificate == before.status.certificate) return std::nullopt;
    if (!commit.created() && !before.status.certificate.empty()) return name + " is given a second certificate";
    return judgeCertificate(*request, commit.event.time);
}

std::optional<std::string> CertificatesInvariant::restless() const {
    for (const auto& [name, request] : m_requests) {
        if (isForAgent(request) && !condition(request, "Approved") && !condition(request, "Denied"))
            return name + " is not approved, though it is a node's agent's";
        if (!request.spec.signerName.starts_with("kubernetes.io/") || !condition(request, "Approved")) continue;
        if (request.status.certificate.empty() && !condition(request, "Failed"))
            return name + " is approved, and has no certificate";
    }
    return std::nullopt;
}

}  // namespace qd::simulation
