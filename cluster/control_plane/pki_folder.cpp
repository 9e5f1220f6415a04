#include "cluster/control_plane/pki_folder.h"

#include <algorithm>
#include <functional>

#include "cluster/base/pki/private_file.h"

namespace qd::control_plane {
namespace {

constexpr std::chrono::days kAuthorityLife{3650};
constexpr std::chrono::days kCertificateLife{365};

Result<pki::Identity> readIdentity(const std::filesystem::path& folder, const std::string& name) {
    auto certificate = pki::readFile(folder / (name + ".crt"));
    if (!certificate) return fail(std::move(certificate.error()));
    auto key = pki::readFile(folder / (name + ".key"));
    if (!key) return fail(std::move(key.error()));
    return pki::Identity{std::move(*certificate), std::move(*key)};
}

Result<void> writeIdentity(const std::filesystem::path& folder, const std::string& name, const pki::Identity& identity) {
    if (auto key = pki::writePrivateFile(folder / (name + ".key"), identity.keyPem); !key) return key;
    return pki::writePrivateFile(folder / (name + ".crt"), identity.certificatePem, 0644);
}

Result<pki::Authority> openAuthority(const std::filesystem::path& folder, base::WallTime now) {
    if (const auto kept = readIdentity(folder, "ca")) return pki::Authority::load(kept->certificatePem, kept->keyPem);
    auto made = pki::Authority::create("quarterdeck-ca", pki::Validity::from(now, kAuthorityLife));
    if (!made) return made;
    const auto key = made->key().pem();
    if (!key) return fail(key.error());
    if (auto written = writeIdentity(folder, "ca", {made->certificate().pem(), *key}); !written) return fail(std::move(written.error()));
    return made;
}

bool coversAll(const pki::Certificate& certificate, const pki::Subject& wanted) {
    const pki::Subject has = certificate.subject();
    const auto within = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
        return std::all_of(some.begin(), some.end(), [&](const std::string& each) { return std::find(all.begin(), all.end(), each) != all.end(); });
    };
    return within(has.dnsNames, wanted.dnsNames) && within(has.ipAddresses, wanted.ipAddresses);
}

using Issue = std::function<Result<pki::Identity>()>;

Result<pki::Identity> openIdentity(const std::filesystem::path& folder, const std::string& name, const pki::Subject& subject, const pki::Authority& authority,
                                   base::WallTime now, const Issue& issue) {
    if (auto kept = readIdentity(folder, name)) {
        const auto certificate = pki::Certificate::parse(kept->certificatePem);
        if (certificate && !pki::needsRenewal(*certificate, now) && certificate->signedBy(authority.certificate()) && coversAll(*certificate, subject)) return kept;
    }
    auto made = issue();
    if (!made) return made;
    if (auto written = writeIdentity(folder, name, *made); !written) return fail(std::move(written.error()));
    return made;
}

// P-256, whose tokens are signed with ES256. A key that is there already may be an RSA one.
Result<pki::PrivateKey> openServiceAccountKey(const std::filesystem::path& folder) {
    const auto file = folder / "sa.key";
    if (const auto kept = pki::readFile(file)) return pki::PrivateKey::parse(*kept);
    auto made = pki::PrivateKey::generate();
    if (!made) return made;
    const auto pem = made->pem();
    if (!pem) return fail(pem.error());
    if (auto written = pki::writePrivateFile(file, *pem); !written) return fail(std::move(written.error()));
    return made;
}

}  // namespace

Result<Pki> openPki(const std::filesystem::path& folder, const std::vector<std::string>& addresses, const std::vector<std::string>& names, base::WallTime now) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    auto authority = openAuthority(folder, now);
    if (!authority) return fail(authority.error().within("the cluster's certificate authority in " + folder.string()));

    pki::Subject server{.commonName = "kube-apiserver"};
    server.dnsNames = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"};
    server.dnsNames.insert(server.dnsNames.end(), names.begin(), names.end());
    server.ipAddresses = addresses;
    const auto validity = pki::Validity::from(now, kCertificateLife);
    auto serverIdentity = openIdentity(folder, "apiserver", server, *authority, now, [&] { return authority->issueServer(server, validity); });
    if (!serverIdentity) return fail(serverIdentity.error().within("the API server's certificate"));
    const pki::Subject admin{.commonName = "kubernetes-admin", .organizations = {"system:masters"}};
    auto adminIdentity = openIdentity(folder, "admin", admin, *authority, now, [&] { return authority->issueClient(admin, validity); });
    if (!adminIdentity) return fail(adminIdentity.error().within("the administrator's certificate"));
    const pki::Subject toAgents{.commonName = "kube-apiserver-kubelet-client"};
    auto agentIdentity = openIdentity(folder, "apiserver-kubelet-client", toAgents, *authority, now, [&] { return authority->issueClient(toAgents, validity); });
    if (!agentIdentity) return fail(agentIdentity.error().within("the certificate for the nodes' agents"));
    auto key = openServiceAccountKey(folder);
    if (!key) return fail(key.error().within("the key of service account tokens"));
    return Pki{std::move(*authority), std::move(*serverIdentity), std::move(*adminIdentity), std::move(*agentIdentity), std::move(*key)};
}

}  // namespace qd::control_plane
