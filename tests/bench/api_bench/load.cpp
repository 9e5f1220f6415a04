#include "tests/bench/api_bench/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace qd::bench {
namespace {

constexpr base::Duration kPatience = std::chrono::seconds(60);

double millisecondsOf(base::Duration length) { return std::chrono::duration<double, std::milli>(length).count(); }

// The requests under way and what came of them. Callbacks come on the client's threads.
class Load {
public:
    Load(client::HttpClient& http, const base::Clock& clock, const LoadLimits& limits, const RequestSource& source)
        : m_http(http), m_clock(clock), m_limits(limits), m_source(source), m_begin(clock.steady()) {}

    LoadResult run() {
        {
            std::lock_guard lock(m_mutex);
            m_running = m_limits.clients;
        }
        for (unsigned i = 0; i < m_limits.clients; ++i) send();
        std::unique_lock lock(m_mutex);
        m_over.wait(lock, [this] { return m_running == 0; });
        m_result.seconds = millisecondsOf(m_clock.steady() - m_begin) / 1000;
        return std::move(m_result);
    }

private:
    void send() {
        std::unique_lock lock(m_mutex);
        if (m_next == m_limits.count || m_clock.steady() - m_begin >= m_limits.length) {
            if (--m_running == 0) m_over.notify_all();
            return;
        }
        client::HttpRequest request = m_source(m_next++);
        lock.unlock();
        m_http.sendAsync(std::move(request), kPatience, [this, sent = m_clock.steady()](Result<client::HttpResponse> answer) {
            note(answer, m_clock.steady() - sent);
            send();
        });
    }

    void note(const Result<client::HttpResponse>& answer, base::Duration took) {
        std::lock_guard lock(m_mutex);
        if (answer && answer->code < 300) {
            ++m_result.done;
            m_result.latencies.milliseconds.push_back(millisecondsOf(took));
        } else if (m_result.failed++ == 0) {
            m_result.firstFailure = answer ? fmt::format("{}: {}", answer->code, answer->body.substr(0, 300)) : answer.error().message;
        }
    }

    client::HttpClient& m_http;
    const base::Clock& m_clock;
    const LoadLimits m_limits;
    const RequestSource& m_source;
    const base::SteadyTime m_begin;
    std::mutex m_mutex;
    std::condition_variable m_over;
    unsigned m_running = 0;
    std::uint64_t m_next = 0;
    LoadResult m_result;
};

// What all watchers of a fan-out have received.
struct FanOut {
    std::mutex mutex;
    std::condition_variable changed;
    unsigned open = 0;
    unsigned received = 0;  // of the present write
    base::SteadyTime sent;
    std::string failure;
    Latencies latencies;
};

class Watcher final : public client::ResponseHandler {
public:
    Watcher(FanOut& all, const base::Clock& clock) : m_all(all), m_clock(clock) {}

    void head(int code, http::Headers) override {
        std::lock_guard lock(m_all.mutex);
        ++m_all.open;
        if (code != 200) m_all.failure = fmt::format("a watch was answered with {}", code);
        m_all.changed.notify_all();
    }
    void data(std::string_view part) override {
        const auto events = static_cast<unsigned>(std::count(part.begin(), part.end(), '\n'));
        const base::SteadyTime now = m_clock.steady();
        std::lock_guard lock(m_all.mutex);
        for (unsigned i = 0; i < events; ++i) m_all.latencies.milliseconds.push_back(millisecondsOf(now - m_all.sent));
        m_all.received += events;
        m_all.changed.notify_all();
    }
    void end(Result<void> result) override {
        std::lock_guard lock(m_all.mutex);
        if (m_all.failure.empty()) m_all.failure = result ? "a watch ended" : result.error().message;
        m_all.changed.notify_all();
    }

private:
    FanOut& m_all;
    const base::Clock& m_clock;
};

Result<void> waitFor(FanOut& all, std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition) {
    const bool came = all.changed.wait_for(lock, kPatience, [&] { return condition() || !all.failure.empty(); });
    if (!all.failure.empty()) return fail(Reason::InternalError, all.failure);
    if (!came) return fail(Reason::Timeout, fmt::format("{} watches are open, {} have the last write", all.open, all.received));
    return {};
}

}  // namespace

double Latencies::quantile(double share) const {
    if (milliseconds.empty()) return 0;
    std::vector<double> sorted = milliseconds;
    const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
    return sorted[static_cast<std::size_t>(at)];
}

LoadResult runLoad(client::HttpClient& http, const base::Clock& clock, const LoadLimits& limits, const RequestSource& next) {
    return Load(http, clock, limits, next).run();
}

Result<LoadResult> runFanOut(client::HttpClient& http, const base::Clock& clock, unsigned watchers, const std::string& target, std::uint64_t count, const RequestSource& write) {
    FanOut all;
    LoadResult result;
    Result<void> outcome;
    {
        std::vector<std::unique_ptr<client::ResponseStream>> streams;
        for (unsigned i = 0; i < watchers; ++i) {
            streams.push_back(http.stream({.target = target}, kPatience, std::make_shared<Watcher>(all, clock)));
        }
        std::unique_lock lock(all.mutex);
        outcome = waitFor(all, lock, [&] { return all.open == watchers; });
        const base::SteadyTime begin = clock.steady();
        for (std::uint64_t n = 0; outcome && n < count; ++n) {
            all.received = 0;
            all.sent = clock.steady();
            lock.unlock();
            const auto written = http.send(write(n), kPatience);
            lock.lock();
            if (!written) outcome = fail(written.error());
            if (written && written->code >= 300) outcome = fail(Reason::InternalError, written->body.substr(0, 300));
            if (outcome) outcome = waitFor(all, lock, [&] { return all.received >= watchers; });
            ++result.done;
        }
        result.seconds = millisecondsOf(clock.steady() - begin) / 1000;
        result.latencies = all.latencies;
        lock.unlock();
        streams.clear();
    }
    if (!outcome) return fail(outcome.error());
    return result;
}

}  // namespace qd::bench
