#include "vmnodes/agent/probes/probe_manager.h"

#include <QtTest>

#include "cluster/base/simulation.h"
#include "tests/vmnodes/agent/fake_cluster.h"

using namespace qd;
using namespace qd::agent;
using namespace qd::agent::probes;
using namespace std::chrono_literals;
using sync::Verdict;

class ProbeManagerTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_executor = std::make_unique<base::SimulatedExecutor>(3);
        m_cluster = std::make_unique<FakeCluster>();
        m_asked.clear();
        m_changes = 0;
        m_answer = {};
        m_manager = std::make_unique<ProbeManager>(
            *m_executor, *m_cluster,
            [this](const corev1::Probe& probe, const corev1::Container&, const ProbeTarget&,
                   std::chrono::seconds limit) {
                m_asked.push_back(probe.exec->command.at(0));
                m_limit = limit;
                return m_answer;
            },
            [this](const std::string&) { ++m_changes; }, ProbeSettings{.extraTimeout = 2s});
        m_pod = std::make_shared<corev1::Pod>();
        m_pod->metadata.uid = "u1";
        m_pod->spec.containers.emplace_back().name = "main";
        m_observed = {};
        m_observed.ips = {"10.244.1.2"};
        auto& status = m_observed.containers.emplace_back();
        status.id = "c1";
        status.metadata.name = "main";
        status.state = cri::ContainerState::Running;
        status.startedAt = m_executor->clock().now();
    }
    void cleanup() { m_manager.reset(); }

    void readinessComesWithTheFirstSuccess() {
        probe(container().readinessProbe, "ready");
        follow();
        QVERIFY(verdicts().readiness == Verdict::Unknown);
        m_executor->runFor(1s);
        QVERIFY(verdicts().readiness == Verdict::Success);
        QCOMPARE(m_changes, 1);
        QVERIFY(m_limit == 3s);  // the usual second and what the node adds
    }

    void theInitialDelayIsKept() {
        probe(container().readinessProbe, "ready").initialDelaySeconds = 20;
        follow();
        m_executor->runFor(19s);
        QVERIFY(m_asked.empty());
        m_executor->runFor(2s);
        QCOMPARE(m_asked.size(), 1U);
    }

    void aFailureCountsOnlyAsOftenAsTheThresholdSays() {
        auto& liveness = probe(container().livenessProbe, "live");
        liveness.failureThreshold = 3;
        liveness.periodSeconds = 10;
        m_answer = {Outcome::Failure, "no"};
        follow();
        m_executor->runFor(15s);
        QVERIFY(verdicts().liveness == Verdict::Unknown);
        m_executor->runFor(10s);
        QVERIFY(verdicts().liveness == Verdict::Failure);
        QCOMPARE(m_cluster->events.at(0).message, std::string("Liveness probe failed: no"));
        m_executor->runFor(60s);
        QCOMPARE(m_asked.size(), 3U);  // on hold
    }

    void otherProbesWaitForTheStartupProbe() {
        probe(container().startupProbe, "start").periodSeconds = 5;
        probe(container().livenessProbe, "live");
        m_answer = {Outcome::Failure, "not yet"};
        follow();
        m_executor->runFor(6s);
        QCOMPARE(std::ranges::count(m_asked, "live"), 0);
        m_answer = {};
        m_executor->runFor(6s);
        QVERIFY(verdicts().startup == Verdict::Success);
        m_executor->runFor(2s);
        QVERIFY(verdicts().liveness == Verdict::Success);
        const auto starts = std::ranges::count(m_asked, "start");
        m_executor->runFor(60s);
        QCOMPARE(std::ranges::count(m_asked, "start"), starts);  // it is over
    }

    void aProbeThatCannotBeMadeChangesNothing() {
        probe(container().readinessProbe, "ready");
        follow();
        m_executor->runFor(1s);
        m_answer = {Outcome::Error, "runtime away"};
        m_executor->runFor(60s);
        QVERIFY(verdicts().readiness == Verdict::Success);
    }

    void aNewContainerBeginsAnew() {
        probe(container().livenessProbe, "live").failureThreshold = 1;
        m_answer = {Outcome::Failure, "no"};
        follow();
        m_executor->runFor(1s);
        QVERIFY(verdicts().liveness == Verdict::Failure);
        m_observed.containers[0].id = "c2";
        m_answer = {};
        follow();
        m_executor->runFor(1s);
        QVERIFY(!m_manager->verdicts("u1").contains("c1"));
        QVERIFY(m_manager->verdicts("u1").at("c2").liveness == Verdict::Success);
    }

    // A restart of the agent takes no Pod out of its Services.
    void whatWasReportedOfAContainerHoldsUntilItsProbesSayOtherwise() {
        container().startupProbe.emplace().exec.emplace().command = {"start"};
        probe(container().readinessProbe, "ready").failureThreshold = 2;
        reported("containerd://c1");
        m_answer = {Outcome::Failure, "no"};
        follow();
        QVERIFY(verdicts().startup == Verdict::Success);
        QVERIFY(verdicts().readiness == Verdict::Success);
        m_executor->runFor(1s);
        QVERIFY(verdicts().readiness == Verdict::Success);  // one failure of two
        m_executor->runFor(10s);
        QVERIFY(verdicts().readiness == Verdict::Failure);
        QVERIFY(std::ranges::find(m_asked, "start") == m_asked.end());
    }

    void whatWasReportedOfAnotherContainerSaysNothing() {
        probe(container().readinessProbe, "ready");
        reported("containerd://c0");
        follow();
        QVERIFY(verdicts().readiness == Verdict::Unknown);
    }

private:
    void reported(const char* containerId) {
        auto& status = m_pod->status.containerStatuses.emplace_back();
        status.name = "main";
        status.containerID = containerId;
        status.started = true;
        status.ready = true;
        status.state.running.emplace();
    }
    corev1::Container& container() { return m_pod->spec.containers[0]; }
    static corev1::Probe& probe(api::Box<corev1::Probe>& box, const char* command) {
        box.emplace().exec.emplace().command = {command};
        return *box;
    }
    void follow() { m_manager->follow(m_pod, m_observed); }
    sync::ProbeVerdicts verdicts() {
        const auto table = m_manager->verdicts("u1");
        const auto found = table.find("c1");
        return found == table.end() ? sync::ProbeVerdicts{} : found->second;
    }

    std::unique_ptr<base::SimulatedExecutor> m_executor;
    std::unique_ptr<FakeCluster> m_cluster;
    std::unique_ptr<ProbeManager> m_manager;
    std::shared_ptr<corev1::Pod> m_pod;
    sync::Observed m_observed;
    std::vector<std::string> m_asked;
    ProbeAnswer m_answer;
    std::chrono::seconds m_limit{};
    int m_changes = 0;
};

QTEST_APPLESS_MAIN(ProbeManagerTest)
#include "probe_manager_test.moc"
