#include "vmnodes/hollow/pod_events.h"

#include <QtTest>

using namespace qd;
using namespace qd::hollow;

namespace {

corev1::Pod webPod() {
    corev1::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = "web";
    pod.metadata.uid = "u1";
    pod.spec.containers.resize(1);
    pod.spec.containers[0].name = "c";
    pod.spec.containers[0].image = "app:1";
    pod.spec.containers[0].readinessProbe.emplace();
    return pod;
}

corev1::ContainerStatus running(const std::string& id, bool ready = true) {
    corev1::ContainerStatus status;
    status.name = "c";
    status.containerID = id;
    status.ready = ready;
    status.state.running.emplace();
    return status;
}

corev1::ContainerStatus waiting(const std::string& id, const std::string& reason, const std::string& message = "") {
    corev1::ContainerStatus status;
    status.name = "c";
    status.containerID = id;
    auto& state = status.state.waiting.emplace();
    state.reason = reason;
    state.message = message;
    return status;
}

// "Normal Started Container started" of each.
std::vector<std::string> told(const std::vector<PodEvent>& events) {
    std::vector<std::string> lines;
    for (const auto& event : events) lines.push_back(event.type + " " + event.reason + " " + event.message);
    return lines;
}

std::vector<std::string> between(const corev1::ContainerStatus& before, const corev1::ContainerStatus& now) {
    auto pod = webPod();
    pod.status.containerStatuses = {before};
    corev1::PodStatus next;
    next.containerStatuses = {now};
    return told(eventsOf(pod, next));
}

const std::string kBackOff = "Warning BackOff Back-off restarting failed container c in pod web_default(u1)";

}  // namespace

class PodEventsTest : public QObject {
    Q_OBJECT
private slots:
    void whatGoesWellIsNotTold() {
        QVERIFY(between(waiting("", "ContainerCreating"), running("1", false)).empty());
        QVERIFY(between(running("1", false), running("1")).empty());
        QVERIFY(between(running("1"), running("2")).empty());
    }

    void eachPauseOfAContainerThatKeepsEndingIsTold() {
        QVERIFY(between(running("1"), waiting("1", "CrashLoopBackOff", "10s")) == std::vector{kBackOff});
        QVERIFY(between(waiting("1", "CrashLoopBackOff", "10s"), waiting("1", "CrashLoopBackOff", "10s")).empty());
        QVERIFY(between(waiting("1", "CrashLoopBackOff", "10s"), waiting("2", "CrashLoopBackOff", "20s")) ==
                std::vector{kBackOff});
    }

    void anImageThatIsNotThereIsTold() {
        const std::vector<std::string> expected = {
            "Normal Pulling Pulling image \"app:1\"",
            "Warning Failed Failed to pull image \"app:1\": the image's name says that it is not there",
            "Normal BackOff Back-off pulling image \"app:1\""};
        QVERIFY(between(waiting("", "ContainerCreating"), waiting("", "ImagePullBackOff", "m")) == expected);
        QVERIFY(between(waiting("", "ImagePullBackOff", "m"), waiting("", "ImagePullBackOff", "m")).empty());
    }

    void aReadinessProbeThatBeginsToFailIsTold() {
        QVERIFY(between(running("1"), running("1", false)) ==
                std::vector<std::string>{
                    "Warning Unhealthy Readiness probe failed: the hollow node was told that it fails"});
        QVERIFY(between(running("1"), waiting("1", "CrashLoopBackOff", "10s")) == std::vector{kBackOff});
    }

    void theFirstStatusOfAllAndInitContainersTellToo() {
        auto pod = webPod();
        pod.spec.initContainers.resize(1);
        pod.spec.initContainers[0].name = "c";
        corev1::PodStatus next;
        next.initContainerStatuses = {waiting("1", "CrashLoopBackOff", "10s")};
        const auto events = eventsOf(pod, next);
        QVERIFY(told(events) == std::vector{kBackOff});
        QCOMPARE(events[0].fieldPath, std::string("spec.initContainers{c}"));
    }
};

QTEST_APPLESS_MAIN(PodEventsTest)
#include "pod_events_test.moc"
