#include "cluster/client/informer.h"

#include <QtTest>

#include "cluster/client/typed.h"
#include "cluster/api/types/core_v1.h"
#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

corev1::ConfigMap map(const std::string& ns, const std::string& name, const std::string& value) {
    corev1::ConfigMap made;
    made.metadata.namespace_ = ns;
    made.metadata.name = name;
    made.data = {{"v", value}};
    return made;
}

std::string valueOf(const api::ObjectPtr& object) { return object ? static_cast<const corev1::ConfigMap&>(*object).data.at("v") : ""; }

}  // namespace

class InformerTest : public QObject {
    Q_OBJECT
private slots:
    void theCopyFollowsAndItsHandlersHearEachChange() {
        base::SimulatedExecutor executor(1);
        FakeClient server(executor);
        server.put(map("a", "x", "1"));
        client::Informer informer(server, client::resourceOf<corev1::ConfigMap>(), executor, {});
        QStringList heard;
        informer.addHandler([&](const api::ObjectPtr& old, const api::ObjectPtr& now) { heard << QString::fromStdString(valueOf(old) + ">" + valueOf(now)); });
        informer.start();
        executor.runReady();
        QVERIFY(informer.synced());
        server.put(map("a", "x", "2"));
        server.put(map("b", "y", "3"));
        executor.runReady();
        server.erase(client::resourceOf<corev1::ConfigMap>(), "a", "x");
        executor.runReady();
        QCOMPARE(heard.join(' '), QString(">1 1>2 >3 2>"));
        QCOMPARE(informer.list("a").size(), 0U);
        QCOMPARE(informer.list("b").size(), 1U);
    }

    // What waits for a revision is woken by a handler: the revision must be there by then.
    void theRevisionIsAsNewAsWhatAHandlerIsGiven() {
        base::SimulatedExecutor executor(1);
        FakeClient server(executor);
        for (int i = 0; i < 5; ++i) server.put(map("a", std::to_string(i), "1"));
        client::Informer informer(server, client::resourceOf<corev1::ConfigMap>(), executor, {});
        int behind = 0;
        int calls = 0;
        informer.addHandler([&](const api::ObjectPtr&, const api::ObjectPtr& now) {
            ++calls;
            if (informer.resourceVersion().empty() || std::stoull(informer.resourceVersion()) < std::stoull(now->metadata.resourceVersion)) ++behind;
            if (calls <= 5 && informer.size() != 5) ++behind;
        });
        informer.start();
        executor.runReady();
        server.put(map("a", "0", "2"));
        executor.runReady();
        QCOMPARE(calls, 6);
        QCOMPARE(behind, 0);
    }

    // The copy is as new as it was: who waits for a revision that it shows must not be told that it shows none.
    void theRevisionStaysWhileTheWatchMustBeginAnew() {
        base::SimulatedExecutor executor(1);
        FakeClient server(executor);
        server.put(map("a", "x", "1"));
        bool expired = true;
        server.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!expired || !request.starts_with("watch")) return std::nullopt;
            return Error{Reason::Expired, "too old"};
        };
        client::Informer informer(server, client::resourceOf<corev1::ConfigMap>(), executor, {});
        informer.start();
        executor.runReady();
        const std::string version = informer.resourceVersion();
        QVERIFY(!version.empty());
        server.put(map("a", "x", "2"));
        expired = false;
        executor.runFor(1s);
        QCOMPARE(valueOf(informer.get("a", "x")), std::string("2"));
        QVERIFY(informer.resourceVersion() != version);
    }

    void indicesFollowTheirObjects() {
        base::SimulatedExecutor executor(1);
        FakeClient server(executor);
        client::Informer informer(server, client::resourceOf<corev1::ConfigMap>(), executor, {});
        informer.addIndex("value", [](const api::Object& object) { return std::vector<std::string>{static_cast<const corev1::ConfigMap&>(object).data.at("v")}; });
        informer.start();
        server.put(map("a", "x", "1"));
        server.put(map("a", "y", "1"));
        executor.runReady();
        QCOMPARE(informer.byIndex("value", "1").size(), 2U);
        server.put(map("a", "x", "2"));
        executor.runReady();
        QCOMPARE(informer.byIndex("value", "1").size(), 1U);
        QCOMPARE(informer.byIndex("value", "2").size(), 1U);
    }

    void noHandlerRunsAfterStop() {
        base::ThreadPool pool("test", 2);
        base::SimulatedExecutor clockwork(1);
        FakeClient server(clockwork);
        for (int i = 0; i < 200; ++i) server.put(map("a", std::to_string(i), "1"));
        client::Informer informer(server, client::resourceOf<corev1::ConfigMap>(), pool, {});
        std::atomic<int> calls{0};
        std::atomic<bool> stopped{false};
        std::atomic<int> late{0};
        informer.addHandler([&](const api::ObjectPtr&, const api::ObjectPtr&) {
            ++calls;
            if (stopped) ++late;
        });
        informer.start();
        while (calls == 0) std::this_thread::yield();
        informer.stop();
        stopped = true;
        QCOMPARE(late.load(), 0);
        const int afterStop = calls;
        pool.stop();
        QCOMPARE(calls.load(), afterStop);
    }
};

QTEST_APPLESS_MAIN(InformerTest)
#include "informer_test.moc"
