// Nodes' agents and people ask for certificates, with and without right; people approve and deny; hours pass.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/certificates_v1.h"
#include "tests/simulation/invariants/certificates.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

using Request = certificatesv1::CertificateSigningRequest;
using Strings = std::vector<std::string>;

const Strings kClient = {"digital signature", "client auth"};
const Strings kServer = {"digital signature", "server auth"};

// For all worlds: to make keys takes real time.
std::shared_ptr<const pki::Authority> authority() {
    static const auto made = std::make_shared<const pki::Authority>(
        pki::Authority::create("simulated", {base::WallTime(), base::WallTime() + std::chrono::days(40'000)}).value());
    return made;
}

const std::string& requestOf(const pki::Subject& subject) {
    static const pki::PrivateKey key = pki::PrivateKey::generate().value();
    thread_local std::map<std::string, std::string> made;
    std::string& request = made[fmt::format("{} {}", subject.commonName, subject.dnsNames.size())];
    if (request.empty()) request = pki::makeSigningRequest(subject, key).value();
    return request;
}

class CertificatesWorld final : public World {
public:
    explicit CertificatesWorld(std::uint64_t seed)
        : World(seed, {.longestPause = 20, .longer = 2, .cluster = {.authority = authority()}}) {
        holdTo<CertificatesInvariant>(authority());
    }

private:
    void begin() override { ask(); }

    void ask() {
        const std::string node = "system:node:" + anyNode();
        switch (below(6)) {
            case 0:
                return ask({.commonName = "jane"}, certificatesv1::KubeAPIServerClientSignerName, kClient);
            case 1:
                return ask({.commonName = "jane"}, certificatesv1::KubeAPIServerClientSignerName, kServer);
            case 2:
                return ask({.commonName = node, .organizations = {"system:nodes"}, .dnsNames = {"n"}},
                           certificatesv1::KubeletServingSignerName, kServer);
            case 3:
                return ask({.commonName = "jane"}, "example.com/own", kClient);
            case 4:
                // Its agent's name, but not what an agent may ask for.
                return ask({.commonName = node, .organizations = {"system:nodes"}, .dnsNames = {"n"}},
                           certificatesv1::KubeAPIServerClientKubeletSignerName, kServer);
            default:
                return ask({.commonName = node, .organizations = {"system:nodes"}},
                           certificatesv1::KubeAPIServerClientKubeletSignerName, kClient);
        }
    }

    void ask(const pki::Subject& subject, const std::string& signer, const Strings& usages) {
        Request request;
        request.metadata.name = fmt::format("csr-{}", ++m_made);
        request.spec.request.data = requestOf(subject);
        request.spec.signerName = signer;
        request.spec.usages = usages;
        if (oneIn(2)) request.spec.expirationSeconds = static_cast<std::int32_t>(600 + below(7200));
        const auto made = client::Api<Request>(*cluster().clientOf(subject.commonName)).create(request);
        if (!made) throw Failed{made.error().message};
    }

    void act() override {
        switch (below(6)) {
            case 0:
                return cluster().stepClock(std::chrono::minutes(20 + below(60)));
            case 1:
            case 2:
                return answer();
            default:
                return ask();
        }
    }

    // Any request that nobody has answered.
    void answer() {
        auto requests = listed<Request>("");
        std::erase_if(requests, [](const auto& request) { return !request->status.conditions.empty(); });
        if (requests.empty()) return;
        Request answered = *requests[below(requests.size())];
        auto& condition = answered.status.conditions.emplace_back();
        condition.type = oneIn(3) ? "Denied" : "Approved";
        condition.status = "True";
        condition.reason = "Person";
        condition.lastUpdateTime = api::Time(cluster().executor().clock().now());
        const auto written = cluster().user().update(client::resourceOf<Request>(), answered, {}, "approval");
        if (!written) throw Failed{written.error().message};
    }

    std::optional<std::string> settled() override { return std::nullopt; }

    int m_made = 0;
};

}  // namespace

std::unique_ptr<World> certificatesWorld(std::uint64_t seed) {
    return std::make_unique<CertificatesWorld>(seed);
}

}  // namespace qd::simulation
