#include "cluster/base/pki/token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include <boost/json.hpp>

#include "cluster/base/pki/openssl.h"

namespace qd::pki {

namespace {

constexpr int kCoordinateSize = 32;  // P-256

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* raw(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

Result<std::string> algorithmOf(const PublicKey& key) {
    if (EVP_PKEY_is_a(key.get(), "RSA")) return std::string("RS256");
    if (EVP_PKEY_is_a(key.get(), "EC") && EVP_PKEY_get_bits(key.get()) == 256) return std::string("ES256");
    return fail(Reason::BadRequest, "tokens are signed with RSA or P-256 keys only");
}

Result<std::string> keyIdOf(const PublicKey& key) {
    const auto der = key.der();
    if (!der) return fail(der.error());
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (EVP_Digest(der->data(), der->size(), raw(digest), &size, EVP_sha256(), nullptr) != 1) {
        return opensslFailure(Reason::InternalError, "hash a key");
    }
    digest.resize(size);
    return base64UrlEncode(digest);
}

using OwnedSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

// JWS writes an ECDSA signature as two numbers side by side (RFC 7518 section 3.4), OpenSSL as DER.
Result<std::string> joinedFromDer(const std::string& der) {
    const unsigned char* position = raw(std::string_view(der));
    const OwnedSignature signature(d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size())));
    std::string joined(2 * kCoordinateSize, '\0');
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw(joined), kCoordinateSize) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw(joined) + kCoordinateSize, kCoordinateSize) < 0) {
        return opensslFailure(Reason::InternalError, "read a signature");
    }
    return joined;
}

std::string derFromJoined(std::string_view joined) {
    if (joined.size() != 2 * kCoordinateSize) return {};
    const OwnedSignature signature(ECDSA_SIG_new());
    ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw(joined), kCoordinateSize, nullptr),
                   BN_bin2bn(raw(joined) + kCoordinateSize, kCoordinateSize, nullptr));
    unsigned char* data = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &data);
    if (size <= 0) return {};
    std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return der;
}

std::string numberParameter(EVP_PKEY* key, const char* name, int width) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
    const Owned<BIGNUM, BN_free> owned(number);
    std::string bytes(static_cast<std::size_t>(width > 0 ? width : BN_num_bytes(number)), '\0');
    BN_bn2binpad(number, raw(bytes), static_cast<int>(bytes.size()));
    return base64UrlEncode(bytes);
}

// One entry of a JSON Web Key Set, RFC 7517, with the members and the order that kube-apiserver writes.
std::string keyDocument(const PublicKey& key, const std::string& id, const std::string& algorithm) {
    boost::json::object document{{"use", "sig"}};
    if (algorithm == "ES256") {
        document["kty"] = "EC";
        document["kid"] = id;
        document["crv"] = "P-256";
        document["alg"] = algorithm;
        document["x"] = numberParameter(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateSize);
        document["y"] = numberParameter(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateSize);
    } else {
        document["kty"] = "RSA";
        document["kid"] = id;
        document["alg"] = algorithm;
        document["n"] = numberParameter(key.get(), OSSL_PKEY_PARAM_RSA_N, 0);
        document["e"] = numberParameter(key.get(), OSSL_PKEY_PARAM_RSA_E, 0);
    }
    return boost::json::serialize(document);
}

bool verifies(const PublicKey& key, std::string_view signedPart, const std::string& signature) {
    const OwnedDigest context(EVP_MD_CTX_new());
    const bool good = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
                      EVP_DigestVerify(context.get(), raw(std::string_view(signature)), signature.size(),
                                       raw(signedPart), signedPart.size()) == 1;
    ERR_clear_error();
    return good;
}

base::Failure notAToken() {
    return fail(Reason::Unauthorized, "the token is malformed");
}

}  // namespace

Result<TokenSigner> TokenSigner::create(PrivateKey key) {
    auto algorithm = algorithmOf(key.publicKey());
    if (!algorithm) return fail(algorithm.error());
    auto id = keyIdOf(key.publicKey());
    if (!id) return fail(id.error());
    return TokenSigner(std::move(key), std::move(*id), std::move(*algorithm));
}

Result<std::string> TokenSigner::sign(std::string_view claims) const {
    const std::string header = boost::json::serialize(boost::json::object{{"alg", m_algorithm}, {"kid", m_keyId}});
    std::string token = base64UrlEncode(header) + '.' + base64UrlEncode(claims);
    const OwnedDigest context(EVP_MD_CTX_new());
    std::size_t size = 0;
    std::string signature;
    bool good = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, m_key.get()) == 1 &&
                EVP_DigestSign(context.get(), nullptr, &size, raw(std::string_view(token)), token.size()) == 1;
    signature.resize(size);
    good =
        good && EVP_DigestSign(context.get(), raw(signature), &size, raw(std::string_view(token)), token.size()) == 1;
    if (!good) return opensslFailure(Reason::InternalError, "sign a token");
    signature.resize(size);
    if (m_algorithm == "ES256") {
        auto joined = joinedFromDer(signature);
        if (!joined) return joined;
        signature = std::move(*joined);
    }
    return token + '.' + base64UrlEncode(signature);
}

Result<TokenVerifier> TokenVerifier::create(std::vector<PublicKey> keys) {
    std::vector<Key> prepared;
    for (PublicKey& key : keys) {
        auto algorithm = algorithmOf(key);
        if (!algorithm) return fail(algorithm.error());
        auto id = keyIdOf(key);
        if (!id) return fail(id.error());
        std::string document = keyDocument(key, *id, *algorithm);
        prepared.push_back({std::move(key), std::move(*id), std::move(*algorithm), std::move(document)});
    }
    return TokenVerifier(std::move(prepared));
}

Result<std::string> TokenVerifier::verify(std::string_view token) const {
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return notAToken();
    const auto header = base64UrlDecode(token.substr(0, first));
    auto claims = base64UrlDecode(token.substr(first + 1, second - first - 1));
    const auto signature = base64UrlDecode(token.substr(second + 1));
    if (!header || !claims || !signature) return notAToken();
    boost::system::error_code error;
    const boost::json::value parsed = boost::json::parse(*header, error);
    const boost::json::object* fields = error ? nullptr : parsed.if_object();
    const auto text = [&](std::string_view name) -> std::string_view {
        const boost::json::value* value = fields == nullptr ? nullptr : fields->if_contains(name);
        return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
    };
    const std::string_view algorithm = text("alg");
    const std::string_view id = text("kid");
    for (const Key& key : m_keys) {
        // The key decides the algorithm, never the token alone: else "none" or a confusion of the two would pass.
        if (key.algorithm != algorithm || (!id.empty() && id != key.id)) continue;
        const std::string der = algorithm == "ES256" ? derFromJoined(*signature) : *signature;
        if (!der.empty() && verifies(key.key, token.substr(0, second), der)) return std::move(*claims);
    }
    return fail(Reason::Unauthorized, "the token is not signed by a key of this cluster");
}

std::string TokenVerifier::keySetDocument() const {
    std::string document = R"({"keys":[)";
    for (std::size_t i = 0; i < m_keys.size(); ++i) document += (i == 0 ? "" : ",") + m_keys[i].document;
    return document + "]}";
}

}  // namespace qd::pki
