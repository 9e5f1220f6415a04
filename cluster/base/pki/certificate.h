// Keys and X.509 certificates over OpenSSL 3: a cluster's authorities, its server and client certificates and signing
// requests. Keys are ECDSA P-256. Values are immutable, cheap to copy and may be used by many threads.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::pki {

class PublicKey {
public:
    explicit PublicKey(std::shared_ptr<EVP_PKEY> key) : m_key(std::move(key)) {}
    // PEM "PUBLIC KEY" (SubjectPublicKeyInfo).
    static Result<PublicKey> parse(std::string_view pem);
    Result<std::string> pem() const;
    Result<std::string> der() const;
    EVP_PKEY* get() const { return m_key.get(); }

private:
    std::shared_ptr<EVP_PKEY> m_key;
};

class PrivateKey {
public:
    explicit PrivateKey(std::shared_ptr<EVP_PKEY> key) : m_key(std::move(key)) {}
    static Result<PrivateKey> generate();
    // PEM in PKCS #8, SEC 1 or PKCS #1.
    static Result<PrivateKey> parse(std::string_view pem);
    // PKCS #8, not encrypted: store it with writePrivateFile only.
    Result<std::string> pem() const;
    PublicKey publicKey() const { return PublicKey(m_key); }
    EVP_PKEY* get() const { return m_key.get(); }

private:
    std::shared_ptr<EVP_PKEY> m_key;
};

struct Subject {
    std::string commonName;
    std::vector<std::string> organizations = {};
    std::vector<std::string> dnsNames = {};
    std::vector<std::string> ipAddresses = {};  // textual, IPv4 or IPv6

    bool operator==(const Subject&) const = default;
};

// Key usages as certificates.k8s.io spells them, for the ones that a cluster's signers grant.
struct Usages {
    bool digitalSignature = true;
    bool keyEncipherment = false;
    bool serverAuth = false;
    bool clientAuth = false;
};

class Certificate {
public:
    explicit Certificate(std::shared_ptr<X509> certificate) : m_certificate(std::move(certificate)) {}
    // The first certificate of the PEM text.
    static Result<Certificate> parse(std::string_view pem);
    // All of them; at least one.
    static Result<std::vector<Certificate>> parseAll(std::string_view pem);
    std::string pem() const;
    Subject subject() const;
    bool isAuthority() const;
    base::WallTime notBefore() const;
    base::WallTime notAfter() const;
    // Hexadecimal SHA-256 of the DER form.
    std::string sha256() const;
    // Whether it is the certificate of this key.
    bool matches(const PrivateKey& key) const;
    // Whether `authority` signed it. Says nothing about time.
    bool signedBy(const Certificate& authority) const;
    X509* get() const { return m_certificate.get(); }

private:
    std::shared_ptr<X509> m_certificate;
};

// Whether the certificate is to be replaced: not yet valid, expired, or less than a fifth of its life is left.
bool needsRenewal(const Certificate& certificate, base::WallTime now);

struct Validity {
    base::WallTime notBefore;
    base::WallTime notAfter;
    // From an hour before now (clocks of virtual machines differ), for `length`.
    static Validity from(base::WallTime now, std::chrono::days length) {
        return {now - std::chrono::hours(1), now + length};
    }
};

// A certificate with its key, both as PEM: what a server or a kubeconfig needs.
struct Identity {
    std::string certificatePem;
    std::string keyPem;
};

class Authority {
public:
    // A new self-signed authority with a new key.
    static Result<Authority> create(const std::string& commonName, Validity validity);
    // BadRequest when the certificate is no authority or not this key's.
    static Result<Authority> load(std::string_view certificatePem, std::string_view keyPem);

    const Certificate& certificate() const { return m_certificate; }
    const PrivateKey& key() const { return m_key; }

    // Signs a certificate for somebody's public key. It does not outlive the authority: notAfter is cut.
    Result<Certificate> sign(const Subject& subject, const PublicKey& key, Usages usages, Validity validity) const;
    // A new key and a certificate for TLS servers, or for clients (commonName = user, organizations = groups).
    Result<Identity> issueServer(const Subject& subject, Validity validity) const;
    Result<Identity> issueClient(const Subject& subject, Validity validity) const;

private:
    Authority(Certificate certificate, PrivateKey key) : m_certificate(std::move(certificate)), m_key(std::move(key)) {}
    Result<Identity> issue(const Subject& subject, Usages usages, Validity validity) const;

    Certificate m_certificate;
    PrivateKey m_key;
};

// A PKCS #10 request whose signature has been checked.
struct SigningRequest {
    Subject subject;
    PublicKey key;
    // E-mail or URI names that it asks for: Kubernetes' kubelet signers refuse both.
    std::vector<std::string> emailAddresses;
    std::vector<std::string> uris;

    static Result<SigningRequest> parse(std::string_view pem);
};

// PEM "CERTIFICATE REQUEST" for the key.
Result<std::string> makeSigningRequest(const Subject& subject, const PrivateKey& key);

}  // namespace qd::pki
