// The scheduler's insides, shared by the files that it is written in: scheduler.cpp (life), scheduler_events.cpp (what
// happens in the cluster), scheduling_cycle.cpp (placing one Pod).
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "cluster/client/event_recorder.h"
#include "cluster/client/typed.h"
#include "cluster/scheduler/cache.h"
#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/pod_report.h"
#include "cluster/scheduler/scheduler.h"
#include "cluster/scheduler/scheduling_algorithm.h"
#include "cluster/scheduler/storage/storage_view.h"
#include "cluster/scheduler/writer_pool.h"

namespace qd::scheduler {

enum class Standing : std::uint8_t { Gone, Waiting, Placed };

// One Pod on its way to a node.
struct Placement {
    Framework* framework = nullptr;
    CycleState cycle;
    PodInfoPtr pod;
    std::string node;
    base::SteadyTime first{};  // when the Pod was seen first
    base::SteadyTime begun{};  // this attempt
};

struct Scheduler::State final : Handle, std::enable_shared_from_this<Scheduler::State> {
    State(client::Client& onClient, client::InformerFactory& factory, base::Executor& onExecutor, base::Random& source,
          Options given);

    void listen();
    template <typename T>
    void listenTo(Happening what);
    void waitForSync();

    client::Client& client() override { return m_client; }
    client::InformerFactory& informers() override { return m_informers; }
    const base::Clock& clock() const override { return executor.clock(); }
    base::Random& random() override { return m_random; }
    void onStrand(base::Task task) override;
    void write(base::Task task) override;
    base::Timer later(base::Duration delay, base::Task task) override;
    void event(const PodInfo& behalf, const api::Object& about, const std::string& type, const std::string& reason,
               const std::string& message) override;
    StorageView& storage() override { return m_storage; }
    void dropNomination(const std::string& uid) override { cache.nominations().remove(uid); }
    void reconsider(const std::string& uid, bool now) override;

    // On the strand:
    void happened(const ClusterEvent& event);
    Standing standing(const corev1::Pod* pod) const;
    void podChanged(const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after);
    void podWaits(Standing was, const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after);
    void podPlaced(Standing was, const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after);
    void podGone(Standing was, const client::Ptr<corev1::Pod>& before);
    void nodeChanged(const client::Ptr<corev1::Node>& before, const client::Ptr<corev1::Node>& after);
    void kick();
    void run();
    void rearm();
    void scheduleOne(const QueuedPod& queued);
    void note(const QueuedPod& queued, const SchedulingAlgorithm::Outcome& outcome, std::string message);
    void place(std::shared_ptr<Placement> placement, const QueuedPod& queued,
               const SchedulingAlgorithm::Outcome& outcome);
    void bindLater(const std::shared_ptr<Placement>& placement);
    void bound(Placement& placement, const Result<void>& outcome);
    void failed(const QueuedPod& queued, const SchedulingAlgorithm::Outcome& outcome);
    void report(const PodInfoPtr& pod, PodReport words);
    void writeReport(client::Ptr<corev1::Pod> pod, const PodReport& words);
    // Where writes may block:
    void bindNow(const std::shared_ptr<Placement>& placement);
    void preBindNow(const std::shared_ptr<Placement>& placement);

    client::Client& m_client;
    client::InformerFactory& m_informers;
    base::Executor& executor;
    base::Random& m_random;
    StorageView m_storage;
    Profiles profiles;
    base::Strand strand;
    WriterPool writers;
    std::map<std::string, client::EventRecorder, std::less<>> events;  // by profile
    const std::shared_ptr<PlacementLog> placementLog;
    const std::shared_ptr<SchedulerMetrics> schedulerMetrics;
    PlacementLog& placements;
    SchedulerMetrics& metrics;

    // Used on the strand only.
    Cache cache;
    SchedulingQueue queue;
    SchedulingAlgorithm algorithm;
    bool ready = false;
    bool running = false;

    mutable std::mutex mutex;
    std::condition_variable idle;
    bool stopped = false;
    bool busy = false;  // a task runs on the strand
    std::size_t binding = 0;  // Pods whose binding is on its way to the disk
    base::Timer syncTimer;
    base::Timer wakeTimer;
};

}  // namespace qd::scheduler
