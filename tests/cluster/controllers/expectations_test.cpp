#include "cluster/controllers/runtime/expectations.h"

#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "cluster/base/simulation.h"
#include "cluster/client/typed.h"
#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::controllers;
using namespace std::chrono_literals;

class ExpectationsTest : public QObject {
    Q_OBJECT
private slots:
    void whatMustBeGoneIsWaitedForThoughItIsGoing() {
        base::SimulatedExecutor executor{1};
        tests::FakeClient server{executor};
        client::InformerFactory informers{server, executor};
        auto& pods = informers.informer(client::resourceOf<corev1::Pod>());
        informers.start();
        corev1::Pod pod;
        pod.metadata.namespace_ = "default";
        pod.metadata.name = "a";
        pod.metadata.deletionTimestamp = api::Time::fromUnix(1'767'225'600);
        server.put(pod);
        executor.runFor(1s);
        const auto shown = pods.get("default", "a");
        QVERIFY(shown != nullptr);

        Expectations expectations;
        expectations.removed("default/job", pods, *shown);
        QVERIFY(expectations.fulfilled("default/job"));
        expectations.gone("default/job", pods, *shown);
        QVERIFY(!expectations.fulfilled("default/job"));
        server.erase(client::resourceOf<corev1::Pod>(), "default", "a");
        executor.runFor(1s);
        QVERIFY(expectations.fulfilled("default/job"));
    }
};

QTEST_APPLESS_MAIN(ExpectationsTest)
#include "expectations_test.moc"
