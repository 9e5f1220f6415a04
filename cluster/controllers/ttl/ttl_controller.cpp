#include "cluster/controllers/ttl/ttl_controller.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/runtime/ownership.h"

namespace qd::controllers {
namespace {

struct Boundary {
    std::size_t fewest;
    std::size_t most;
    int seconds;
};

constexpr std::array<Boundary, 5> kBoundaries = {{
    {0, 100, 0},
    {90, 500, 15},
    {450, 1000, 30},
    {900, 2000, 60},
    {1800, std::numeric_limits<std::size_t>::max(), 300},
}};

bool says(const api::Object& node, int seconds) {
    const auto found = node.metadata.annotations.find(corev1::ObjectTTLAnnotationKey);
    return found != node.metadata.annotations.end() && found->second == std::to_string(seconds);
}

}  // namespace

std::size_t ttlStep(std::size_t step, std::size_t nodes) {
    while (nodes > kBoundaries.at(step).most) ++step;
    while (nodes < kBoundaries.at(step).fewest) --step;
    return step;
}

int ttlSeconds(std::size_t step) { return kBoundaries.at(step).seconds; }

TtlController::TtlController(Context& context) : m_context(context), m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())) {
    m_nodes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) { onNode(old, now); });
}

void TtlController::onNode(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const std::size_t nodes = m_nodes.size();
    bool changed = false;
    int seconds = 0;
    {
        const std::lock_guard lock(m_mutex);
        const std::size_t step = ttlStep(m_step, nodes);
        changed = std::exchange(m_step, step) != step;
        seconds = ttlSeconds(step);
    }
    if (changed) {
        for (const auto& node : m_nodes.list()) m_context.keys.add(keyOf(*node), now ? *now : *old);
    } else if (now && !says(*now, seconds)) {
        m_context.keys.add(keyOf(*now), *now);
    }
}

int TtlController::wanted() {
    const std::lock_guard lock(m_mutex);
    return ttlSeconds(m_step);
}

Result<Outcome> TtlController::sync(const std::string& key) {
    const auto node = m_nodes.get("", key);
    const int seconds = wanted();
    if (!node || says(*node, seconds)) return Outcome{};
    const std::string patch = fmt::format(R"({{"metadata":{{"annotations":{{"{}":"{}"}}}}}})", corev1::ObjectTTLAnnotationKey, seconds);
    const auto written = m_context.client.patch(m_nodes.resource(), "", key, client::PatchKind::Strategic, patch, controllerPatch());
    if (!written && written.error().reason != Reason::NotFound) return fail(written.error());
    return Outcome{};
}

}  // namespace qd::controllers
