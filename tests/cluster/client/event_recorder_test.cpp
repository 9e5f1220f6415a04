#include "cluster/client/event_recorder.h"

#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

class Recorded {
public:
    Recorded() { pod.metadata.namespace_ = "default", pod.metadata.name = "p", pod.metadata.uid = "uid-p"; }

    void say(const std::string& message) {
        recorder.event(pod, "Normal", "Said", message);
        executor.runReady();
    }
    // "2x message" of each Event, by message.
    QString events() {
        QStringList text;
        for (const auto& event : server.all<corev1::Event>()) text << QString("%1x %2").arg(event->count).arg(QString::fromStdString(event->message));
        text.sort();
        return text.join(", ");
    }

    base::SimulatedExecutor executor{1};
    FakeClient server{executor};
    client::EventRecorder recorder{server, executor, "tester"};
    corev1::Pod pod;
};

}  // namespace

class EventRecorderTest : public QObject {
    Q_OBJECT
private slots:
    void equalEventsAreCountedUpForTenMinutes() {
        Recorded recorded;
        recorded.say("a");
        recorded.say("b");
        recorded.say("a");
        QCOMPARE(recorded.events(), QString("1x b, 2x a"));
        recorded.executor.runFor(11min);
        recorded.say("a");
        QCOMPARE(recorded.events(), QString("1x a, 1x b, 2x a"));
    }

    void manyEventsOfOneInstantAreAllKept() {
        Recorded recorded;
        for (int i = 0; i < 9; ++i) recorded.recorder.event(recorded.pod, "Normal", "Said", std::to_string(i));
        recorded.executor.runReady();
        QCOMPARE(recorded.server.all<corev1::Event>().size(), 9U);
    }

    void fromTheTenthOnSimilarEventsAreCombined() {
        Recorded recorded;
        for (int i = 0; i < 13; ++i) recorded.say("message \"" + std::to_string(i) + "\"");
        QCOMPARE(recorded.server.all<corev1::Event>().size(), 10U);
        QVERIFY2(recorded.events().contains("4x (combined from similar events): message \"12\""), qPrintable(recorded.events()));
    }

    void anObjectThatFloodsIsCutOff() {
        Recorded recorded;
        for (int i = 0; i < 100; ++i) recorded.recorder.event(recorded.pod, "Normal", "Reason" + std::to_string(i), "x");
        recorded.executor.runReady();
        QCOMPARE(recorded.server.all<corev1::Event>().size(), 25U);
    }

    void anEventNamesItsObjectAndItsSource() {
        Recorded recorded;
        recorded.say("a");
        const auto event = recorded.server.all<corev1::Event>().at(0);
        QCOMPARE(event->involvedObject.kind, std::string("Pod"));
        QCOMPARE(event->involvedObject.uid, std::string("uid-p"));
        QCOMPARE(event->source.component, std::string("tester"));
        QCOMPARE(event->reportingComponent, std::string("tester"));
        QVERIFY(event->metadata.name.starts_with("p."));
    }
};

QTEST_APPLESS_MAIN(EventRecorderTest)
#include "event_recorder_test.moc"
