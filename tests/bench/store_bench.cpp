// The store's own speed, without HTTP and without the object model: durable writes, lists, delivery to watchers,
// opening.
#include <benchmark/benchmark.h>

#include <QTemporaryDir>
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

using SteadyClock = std::chrono::steady_clock;

// As long as a Pod takes in its stored form.
std::string podSized(int number) {
    return std::to_string(number) + '/' + std::string(2000, 'x');
}

// In the present directory and not in /tmp, which may be memory.
struct Place {
    Place() : directory("store-bench-XXXXXX") {}
    std::filesystem::path file() const { return directory.filePath("cluster.db").toStdString(); }
    QTemporaryDir directory;
    NoteCodec codec;
    qd::base::SystemClock clock;
};

std::unique_ptr<Store> opened(const Place& place) {
    auto store = Store::open({.file = place.file()}, place.codec, place.clock);
    if (!store) qFatal("%s", store.error().message.c_str());
    return std::move(*store);
}

void fill(Store& store, int objects) {
    for (int i = 0; i < objects; ++i) (void)store.submit(create(key("pod-" + std::to_string(i)), podSized(i)));
    store.flush();
}

void durableWrites(benchmark::State& state) {
    const Place place;
    const auto store = opened(place);
    const auto writers = static_cast<int>(state.range(0));
    const int each = 1600 / writers + 50;
    int round = 0;
    for (auto _ : state) {
        std::vector<qd::base::Thread> threads;
        for (int writer = 0; writer < writers; ++writer) {
            threads.emplace_back("writer", [&, writer](const std::stop_token&) {
                for (int i = 0; i < each; ++i) {
                    const std::string name =
                        std::to_string(round) + '.' + std::to_string(writer) + '.' + std::to_string(i);
                    written(*store, create(key(name), podSized(i)));
                }
            });
        }
        threads.clear();
        ++round;
    }
    const Metrics metrics = store->metrics();
    state.SetItemsProcessed(static_cast<std::int64_t>(metrics.writes));
    state.counters["writes_per_commit"] = static_cast<double>(metrics.writes) / static_cast<double>(metrics.commits);
    state.counters["commit_us"] =
        static_cast<double>(metrics.commitTime.count()) / static_cast<double>(metrics.commits);
}
BENCHMARK(durableWrites)->Arg(1)->Arg(8)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);

void list(benchmark::State& state) {
    const Place place;
    const auto store = opened(place);
    fill(*store, 10'000);
    for (auto _ : state) benchmark::DoNotOptimize(store->list("notes", {})->entries.size());
}
BENCHMARK(list)->Unit(benchmark::kMicrosecond);

void snapshotAndVisit(benchmark::State& state) {
    const Place place;
    const auto store = opened(place);
    fill(*store, 10'000);
    for (auto _ : state) {
        std::size_t bytes = 0;
        store->snapshot("notes")->visit({}, {}, [&](const EntryPtr& entry) {
            bytes += entry->storedSize();
            return true;
        });
        benchmark::DoNotOptimize(bytes);
    }
}
BENCHMARK(snapshotAndVisit)->Unit(benchmark::kMicrosecond);

void listAnOlderRevision(benchmark::State& state) {
    const Place place;
    const auto store = opened(place);
    fill(*store, 10'000);
    const Revision then = store->committed();
    for (int i = 0; i < state.range(0); ++i)
        (void)store->submit(update(key("pod-" + std::to_string(i)), podSized(i + 1)));
    store->flush();
    for (auto _ : state) benchmark::DoNotOptimize(store->snapshotAt("notes", then)->count());
}
BENCHMARK(listAnOlderRevision)->Arg(500)->Arg(5000)->Unit(benchmark::kMillisecond);

void openWithObjects(benchmark::State& state) {
    const Place place;
    fill(*opened(place), 10'000);
    for (auto _ : state) {
        const auto store = opened(place);
        if (state.range(0) != 0) benchmark::DoNotOptimize(store->snapshot("notes")->count());  // decodes all
        state.PauseTiming();
        const_cast<std::unique_ptr<Store>&>(store).reset();
        state.ResumeTiming();
    }
}
BENCHMARK(openWithObjects)->ArgName("decode")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// From the fulfilled write to each watcher's poll() on a pool of two threads.
void deliveryToWatchers(benchmark::State& state) {
    const Place place;
    const auto store = opened(place);
    qd::base::ThreadPool pool("watch", 2);
    struct Watcher {
        explicit Watcher(qd::base::ThreadPool& onPool, Watch made) : strand(onPool), watch(std::move(made)) {}
        qd::base::Strand strand;
        Watch watch;
    };
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<double> delays;
    SteadyClock::time_point sent;
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (int i = 0; i < state.range(0); ++i) {
        watchers.push_back(std::make_unique<Watcher>(pool, *store->watch("notes", {}, store->committed())));
        Watcher& watcher = *watchers.back();
        watcher.watch.onEvents([&] {
            watcher.strand.post([&] {
                const std::size_t events = watcher.watch.poll()->size();
                std::lock_guard lock(mutex);
                const double delay = std::chrono::duration<double, std::micro>(SteadyClock::now() - sent).count();
                for (std::size_t n = 0; n < events; ++n) delays.push_back(delay);
                if (delays.size() % watchers.size() == 0) changed.notify_one();
            });
        });
    }
    int number = 0;
    for (auto _ : state) {
        SubmitResult result = store->submit(create(key(std::to_string(number)), podSized(number)));
        ++number;
        result->ticket.then([&](const auto&) {
            std::lock_guard lock(mutex);
            sent = SteadyClock::now();  // visible now; the watchers are woken next
        });
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return delays.size() == watchers.size() * static_cast<std::size_t>(number); });
    }
    std::ranges::sort(delays);
    state.counters["p50_us"] = delays[delays.size() / 2];
    state.counters["p99_us"] = delays[delays.size() * 99 / 100];
}
BENCHMARK(deliveryToWatchers)->Arg(200)->Iterations(300)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
