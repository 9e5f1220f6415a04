// About a hundred Nodes, most of which are nothing but objects, come and go in crowds.
#include <fmt/format.h>

#include "tests/simulation/invariants/node_ttl.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

class TtlWorld final : public World {
public:
    // There are so many writes that they would hardly ever run to the end.
    explicit TtlWorld(std::uint64_t seed) : World(seed, {.crash = 0.0005}) { holdTo<NodeTtlInvariant>(); }

private:
    void begin() override { addNodes(80 + below(25)); }

    void addNodes(std::uint64_t count) {
        for (; count > 0; --count) {
            corev1::Node node;
            node.metadata.name = fmt::format("bare-{}", m_first + m_count++);
            create(node);
        }
    }
    void removeNodes(std::uint64_t count) {
        for (; count > 0 && m_count > 0; --count, --m_count)
            remove<corev1::Node>("", fmt::format("bare-{}", m_first++));
    }

    void act() override {
        const std::uint64_t count = 1 + below(oneIn(2) ? 3 : 20);
        m_count + kNodes > 95 ? removeNodes(count) : addNodes(count);
        if (oneIn(3)) oneIn(2) ? removeNodes(below(5)) : addNodes(below(5));
        // Somebody who knows better.
        if (oneIn(4)) {
            change<corev1::Node>("", anyNode(),
                                 [](auto& node) { node.metadata.annotations["node.alpha.kubernetes.io/ttl"] = "7"; });
        }
    }

    std::optional<std::string> settled() override { return std::nullopt; }

    std::uint64_t m_first = 0;  // the oldest one of those that are there
    std::uint64_t m_count = 0;
};

}  // namespace

std::unique_ptr<World> ttlWorld(std::uint64_t seed) {
    return std::make_unique<TtlWorld>(seed);
}

}  // namespace qd::simulation
