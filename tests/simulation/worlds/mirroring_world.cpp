// Endpoints that people write by hand for Services, which come and go, and which get a selector and lose it.
#include <fmt/format.h>

#include "tests/simulation/invariants/mirrors.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
constexpr const char* kServices[] = {"mail", "ledger"};
constexpr const char* kSkip = "endpointslice.kubernetes.io/skip-mirror";

class MirroringWorld final : public World {
public:
    explicit MirroringWorld(std::uint64_t seed) : World(seed, {.longestPause = 20}) {
        holdTo<MirrorsInvariant>(kNamespace);
    }

private:
    void begin() override {
        for (const char* name : kServices) addService(name);
    }

    static corev1::Service withoutSelector(const std::string& name) {
        corev1::Service service = serviceOf(kNamespace, name);
        service.spec.selector.clear();
        return service;
    }

    void addService(const std::string& name) {
        if (!get<corev1::Service>(kNamespace, name)) create(withoutSelector(name));
        if (get<corev1::Endpoints>(kNamespace, name)) return;
        corev1::Endpoints endpoints;
        endpoints.metadata.namespace_ = kNamespace;
        endpoints.metadata.name = name;
        fill(endpoints);
        create(endpoints);
    }

    void act() override {
        const std::string name = kServices[below(std::size(kServices))];
        switch (below(7)) {
            case 0:
                return remove<corev1::Service>(kNamespace, name);
            case 1:
                return remove<corev1::Endpoints>(kNamespace, name);
            case 2:
                return change<corev1::Service>(kNamespace, name, [](auto& service) {
                    if (!service.spec.selector.empty()) return service.spec.selector.clear();
                    service.spec.selector["app"] = "nobody";
                });
            case 3:
                return change<corev1::Endpoints>(kNamespace, name, [](auto& endpoints) {
                    auto& labels = endpoints.metadata.labels;
                    if (labels.erase(kSkip) == 0) labels[kSkip] = "true";
                });
            case 4:
                return addService(name);
            default:
                return change<corev1::Endpoints>(kNamespace, name, [this](auto& endpoints) { fill(endpoints); });
        }
    }

    // Up to three groups with their own ports. No address is in two of them.
    void fill(corev1::Endpoints& endpoints) {
        endpoints.subsets.clear();
        std::uint64_t host = 1 + below(50);
        for (std::uint64_t groups = below(4); groups > 0; --groups) {
            auto& subset = endpoints.subsets.emplace_back();
            for (std::uint64_t ports = 1 + below(2); ports > 0; --ports) {
                auto& port = subset.ports.emplace_back();
                port.name = fmt::format("p{}", 10 * groups + ports);
                port.port = static_cast<std::int32_t>(8000 + 10 * groups + ports);
                port.protocol = oneIn(3) ? "UDP" : "TCP";
            }
            for (std::uint64_t addresses = 1 + below(4); addresses > 0; --addresses) {
                auto& address = (oneIn(4) ? subset.notReadyAddresses : subset.addresses).emplace_back();
                const bool six = oneIn(5);
                address.ip = fmt::format(fmt::runtime(six ? "2001:db8::{:x}" : "192.0.2.{}"), host++);
            }
        }
    }

    void wind() override {
        for (const char* name : kServices) addService(name);
    }

    std::optional<std::string> settled() override { return std::nullopt; }
};

}  // namespace

std::unique_ptr<World> mirroringWorld(std::uint64_t seed) {
    return std::make_unique<MirroringWorld>(seed);
}

}  // namespace qd::simulation
