#include "cluster/control_plane/usage/pod_scraper.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>

#include "cluster/base/log.h"
#include "cluster/client/typed.h"
#include "vmnodes/hollow/pod_usage.h"

namespace qd::control_plane {
namespace {

constexpr base::Duration kFirst = std::chrono::seconds(1);

std::string annotated(const corev1::Pod& pod, std::string_view key, std::string_view otherwise) {
    const auto found = pod.metadata.annotations.find("prometheus.io/" + std::string(key));
    return found == pod.metadata.annotations.end() ? std::string(otherwise) : found->second;
}

// Nothing when the annotation is no port.
std::vector<std::uint16_t> portsOf(const corev1::Pod& pod, std::uint16_t usual) {
    if (const std::string text = annotated(pod, "port", ""); !text.empty()) {
        std::uint16_t port = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (error != std::errc{} || end != text.data() + text.size() || port == 0) return {};
        return {port};
    }
    std::vector<std::uint16_t> ports;
    for (const auto& container : pod.spec.containers)
        for (const auto& port : container.ports)
            if (port.protocol.empty() || port.protocol == corev1::ProtocolTCP)
                ports.push_back(static_cast<std::uint16_t>(port.containerPort));
    if (ports.empty()) ports.push_back(usual);
    return ports;
}

}  // namespace

std::vector<ScrapeTarget> scrapeTargets(const corev1::Pod& pod) {
    if (annotated(pod, "scrape", "") != "true") return {};
    if (pod.status.phase != corev1::PodRunning || pod.status.podIP.empty()) return {};
    const bool tls = annotated(pod, "scheme", "http") == "https";
    std::string path = annotated(pod, "path", "/metrics");
    if (!path.starts_with('/')) path.insert(0, "/");
    std::vector<ScrapeTarget> targets;
    for (const std::uint16_t port : portsOf(pod, tls ? 443 : 80))
        targets.push_back({.address = pod.status.podIP, .port = port, .tls = tls, .path = path});
    return targets;
}

struct PodScraper::State : std::enable_shared_from_this<State> {
    State(base::Executor& rounds, base::Executor& questions, Ask question, std::shared_ptr<SeriesTable> series,
          base::Duration every)
        : work(rounds), asking(questions), ask(std::move(question)), table(std::move(series)), period(every) {}

    void round();
    bool isOnHollowNode(const corev1::Pod& pod) const;
    void read(const client::Ptr<corev1::Pod>& pod, const std::vector<ScrapeTarget>& targets);
    void readLater(base::Duration delay);

    client::Informer* nodes = nullptr;  // both set once, before the first round
    client::Informer* pods = nullptr;
    base::Executor& work;
    base::Executor& asking;
    Ask ask;
    std::shared_ptr<SeriesTable> table;
    base::Duration period;
    std::mutex mutex;
    std::set<SeriesTable::PodName> asked;  // Pods that have not answered yet; guarded by mutex
    base::Timer timer;                     // guarded by mutex
    bool stopped = false;                  // guarded by mutex
};

void PodScraper::State::readLater(base::Duration delay) {
    const std::lock_guard lock(mutex);
    if (stopped) return;
    timer = work.postAfter(delay, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->round();
    });
}

bool PodScraper::State::isOnHollowNode(const corev1::Pod& pod) const {
    const auto node = nodes->get("", pod.spec.nodeName);
    return node && node->metadata.labels.contains("quarterdeck.dev/hollow");
}

void PodScraper::State::round() {
    std::set<SeriesTable::PodName> measured;
    for (const auto& pod : client::Lister<corev1::Pod>(*pods).list()) {
        const SeriesTable::PodName name{pod->metadata.namespace_, pod->metadata.name};
        if (const std::string text = hollow::metricsOf(*pod); !text.empty() && isOnHollowNode(*pod)) {
            measured.insert(name);
            table->take(name, text, work.clock().now());
            continue;
        }
        auto targets = scrapeTargets(*pod);
        if (targets.empty() || isOnHollowNode(*pod)) continue;
        measured.insert(name);
        const std::lock_guard lock(mutex);
        if (stopped || !asked.insert(name).second) continue;
        asking.post([weak = weak_from_this(), pod, targets = std::move(targets)] {
            if (const auto self = weak.lock()) self->read(pod, targets);
        });
    }
    table->keepOnly(measured);
    readLater(period);
}

// Of several ports those count that answer.
void PodScraper::State::read(const client::Ptr<corev1::Pod>& pod, const std::vector<ScrapeTarget>& targets) {
    const SeriesTable::PodName name{pod->metadata.namespace_, pod->metadata.name};
    std::string text;
    bool answered = false;
    for (const auto& target : targets) {
        const auto answer = ask(target);
        if (answer) {
            answered = true;
            text += *answer + "\n";
        } else {
            base::logger("usage")->debug("{}/{} does not tell its metrics: {}", name.first, name.second,
                                         answer.error().message);
        }
    }
    if (answered)
        table->take(name, text, work.clock().now());
    else
        table->forget(name);
    const std::lock_guard lock(mutex);
    asked.erase(name);
}

PodScraper::PodScraper(base::Executor& work, base::Executor& asking, Ask ask, std::shared_ptr<SeriesTable> table,
                       base::Duration period)
    : m_state(std::make_shared<State>(work, asking, std::move(ask), std::move(table), period)) {}
PodScraper::~PodScraper() = default;

void PodScraper::begin(client::InformerFactory& informers) {
    m_state->pods = &informers.informer(client::resourceOf<corev1::Pod>());
    m_state->nodes = &informers.informer(client::resourceOf<corev1::Node>());
    m_state->readLater(std::min(kFirst, m_state->period));
}

void PodScraper::stop() {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopped = true;
    m_state->timer.cancel();
}

}  // namespace qd::control_plane
