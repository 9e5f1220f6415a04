// A Deployment that is sized by its load, which comes and goes.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/autoscaling_v2.h"
#include "tests/simulation/invariants/autoscaling.h"
#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {
namespace {

const std::string kNamespace = "default";
const std::string kName = "web";
constexpr int kTarget = 50;      // percent
constexpr int kRequested = 100;  // thousandths of a core

// Spreads a load over the Pods that run.
class SharedLoad final : public api::UsageSource {
public:
    std::vector<std::shared_ptr<const metricsv1beta1::NodeMetrics>> nodes() const override { return {}; }
    std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> pods(const std::string& ns) const override {
        std::vector<std::shared_ptr<const metricsv1beta1::PodMetrics>> all;
        if (!store || (!ns.empty() && ns != kNamespace)) return all;
        std::vector<const corev1::Pod*> running;
        const auto list = store->list("pods", {.namespace_ = kNamespace}).value();
        for (const auto& entry : list.entries) {
            const auto* pod = api::objectAs<corev1::Pod>(*entry->object());
            if (pod && isActive(*pod) && isReady(*pod)) running.push_back(pod);
        }
        for (const auto* pod : running) {
            auto metrics = std::make_shared<metricsv1beta1::PodMetrics>();
            metrics->metadata.namespace_ = kNamespace;
            metrics->metadata.name = pod->metadata.name;
            metrics->metadata.labels = pod->metadata.labels;
            metrics->timestamp = api::Time(clock->now());
            metrics->window.nanoseconds = 15'000'000'000;
            auto& container = metrics->containers.emplace_back();
            container.name = "c";
            container.usage["cpu"] = api::Quantity::of(fmt::format("{}m", load / static_cast<int>(running.size())));
            all.push_back(std::move(metrics));
        }
        return all;
    }

    store::Store* store = nullptr;
    const base::Clock* clock = nullptr;
    int load = 100;  // thousandths of a core, all together
};

class AutoscalerWorld final : public World {
public:
    explicit AutoscalerWorld(std::uint64_t seed) : AutoscalerWorld(seed, std::make_shared<SharedLoad>()) {}

private:
    AutoscalerWorld(std::uint64_t seed, std::shared_ptr<SharedLoad> load)
        : World(seed, {.cluster = {.usage = load}}), m_load(std::move(load)) {
        m_load->store = &cluster().store();
        m_load->clock = &cluster().executor().clock();
        holdTo<AutoscalingInvariant>(kNamespace, kName);
    }

    void begin() override {
        appsv1::Deployment deployment;
        deployment.metadata.namespace_ = kNamespace;
        deployment.metadata.name = kName;
        deployment.spec.replicas = 2;
        deployment.spec.selector.emplace().matchLabels["app"] = kName;
        deployment.spec.template_ = podsOf(kName);
        create(deployment);
        autoscalingv2::HorizontalPodAutoscaler scaler;
        scaler.metadata.namespace_ = kNamespace;
        scaler.metadata.name = kName;
        scaler.spec.scaleTargetRef.apiVersion = "apps/v1";
        scaler.spec.scaleTargetRef.kind = "Deployment";
        scaler.spec.scaleTargetRef.name = kName;
        scaler.spec.minReplicas = static_cast<std::int32_t>(1 + below(3));
        scaler.spec.maxReplicas =
            static_cast<std::int32_t>(*scaler.spec.minReplicas + 2 + static_cast<std::int32_t>(below(5)));
        auto& metric = scaler.spec.metrics.emplace_back();
        metric.type = "Resource";
        metric.resource.emplace().name = "cpu";
        metric.resource->target.type = "Utilization";
        metric.resource->target.averageUtilization = kTarget;
        create(scaler);
    }

    void act() override {
        switch (below(6)) {
            case 0:
                return killAnyPod(kNamespace);
            case 1:
                return change<autoscalingv2::HorizontalPodAutoscaler>(kNamespace, kName, [this](auto& scaler) {
                    scaler.spec.minReplicas = static_cast<std::int32_t>(1 + below(3));
                    scaler.spec.maxReplicas =
                        static_cast<std::int32_t>(*scaler.spec.minReplicas + static_cast<std::int32_t>(below(6)));
                });
            case 2:
                return change<appsv1::Deployment>(kNamespace, kName, [this](auto& deployment) {
                    deployment.spec.template_.spec.containers[0].image =
                        fmt::format("registry.example/app:{}", ++m_version);
                });
            default:
                m_load->load = static_cast<int>(below(600));
                return;
        }
    }

    // What was recommended in the five minutes before may still count: a Deployment that was made small by its bounds, which have
    // been widened since, grows again though its load is low. After a step of the clock that takes longer.
    void wind() override { run(std::chrono::minutes(20)); }

    std::optional<std::string> settled() override {
        const auto scaler = get<autoscalingv2::HorizontalPodAutoscaler>(kNamespace, kName);
        const auto deployment = get<appsv1::Deployment>(kNamespace, kName);
        const int size = deployment->spec.replicas.value_or(1);
        if (deployment->status.readyReplicas != size || deployment->status.replicas != size)
            return "the Deployment is not rolled out";
        const int least = scaler->spec.minReplicas.value_or(1);
        const int most = scaler->spec.maxReplicas;
        const double ratio = static_cast<double>(m_load->load) / (size * kTarget * kRequested / 100);
        const bool within = ratio >= 0.88 && ratio <= 1.12;
        // A size that is a whole number of Pods may not come nearer.
        const int wanted =
            std::clamp((m_load->load * 100 + kTarget * kRequested - 1) / (kTarget * kRequested), least, most);
        if (size == wanted || (within && size >= least && size <= most)) return std::nullopt;
        return fmt::format("its size is {}, {} is asked for", size, wanted);
    }

    std::shared_ptr<SharedLoad> m_load;
    int m_version = 0;
};

}  // namespace

std::unique_ptr<World> autoscalerWorld(std::uint64_t seed) {
    return std::make_unique<AutoscalerWorld>(seed);
}

}  // namespace qd::simulation
