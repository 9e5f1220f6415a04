#include "vmnodes/agent/access/client_certificate.h"

#include <algorithm>
#include <system_error>

#include "cluster/base/pki/private_file.h"

namespace qd::agent {
namespace {

constexpr char kNodes[] = "system:nodes";
constexpr double kEarliest = 0.7;
constexpr double kSpread = 0.2;

}  // namespace

std::string nodeUser(const std::string& nodeName) { return "system:node:" + nodeName; }

pki::Subject nodeSubject(const std::string& nodeName) {
    return {.commonName = nodeUser(nodeName), .organizations = {kNodes}};
}

Result<ClientCertificate> parseClientCertificate(std::string_view certificatePem, std::string_view keyPem,
                                                 const std::string& nodeName) {
    const auto chain = pki::Certificate::parseAll(certificatePem);
    if (!chain) return fail(chain.error().within("the client certificate"));
    const auto key = pki::PrivateKey::parse(keyPem);
    if (!key) return fail(key.error().within("the client certificate's key"));
    const pki::Certificate& own = chain->front();
    if (!own.matches(*key)) return fail(Reason::BadRequest, "the client certificate is not that of its key");
    const pki::Subject subject = own.subject();
    const bool ofNodes = std::ranges::find(subject.organizations, kNodes) != subject.organizations.end();
    if (subject.commonName != nodeUser(nodeName) || !ofNodes)
        return fail(Reason::BadRequest,
                    "the client certificate is that of " + subject.commonName + ", not of the node " + nodeName);
    auto keyText = key->pem();
    if (!keyText) return fail(keyText.error().within("the client certificate's key"));
    std::string text;
    for (const pki::Certificate& one : *chain) text += one.pem();
    return ClientCertificate{own, {std::move(text), std::move(*keyText)}};
}

Result<ClientCertificate> readClientCertificate(const std::filesystem::path& file, const std::string& nodeName) {
    const auto text = pki::readFile(file);
    if (!text) return fail(text.error());
    auto read = parseClientCertificate(*text, *text, nodeName);
    if (!read) return fail(read.error().within(file.string()));
    return read;
}

Result<void> writeClientCertificate(const std::filesystem::path& file, const pki::Identity& pem) {
    std::error_code error;
    const std::filesystem::path folder = file.parent_path();
    if (std::filesystem::create_directories(folder, error))
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    if (error) return fail(Reason::InternalError, "cannot make " + folder.string() + ": " + error.message());
    return pki::writePrivateFile(file, pem.certificatePem + pem.keyPem);
}

base::WallTime renewalTime(const pki::Certificate& certificate, double chance) {
    const base::Duration life = certificate.notAfter() - certificate.notBefore();
    const double part = kEarliest + kSpread * chance;
    return certificate.notBefore() +
           base::Duration(static_cast<base::Duration::rep>(static_cast<double>(life.count()) * part));
}

bool isOver(const pki::Certificate& certificate, base::WallTime now) { return now >= certificate.notAfter(); }

}  // namespace qd::agent
