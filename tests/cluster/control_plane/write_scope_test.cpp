// Writes of this process that do not wait for the disk one by one.
#include "cluster/client/write_scope.h"

#include <sqlite3.h>

#include <QTemporaryDir>
#include <QtTest>
#include <latch>
#include <thread>

#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"
#include "cluster/control_plane/in_process_client.h"
#include "tests/cluster/apiserver/served_store.h"
#include "tests/cluster/store/failing_vfs.h"

using namespace qd;

namespace {

corev1::ConfigMap config(const std::string& name) {
    corev1::ConfigMap object;
    object.metadata.namespace_ = "default";
    object.metadata.name = name;
    return object;
}

struct Bench {
    QTemporaryDir folder;
    testing::ServedStore served{{},
                                {.file = folder.filePath("cluster.db").toStdString(),
                                 .commit = store::CommitMode::WriterThread,
                                 .vfs = "failing"}};
    control_plane::InProcessClient client{
        served.server(), {.name = "tester", .uid = {}, .groups = {}, .extra = {}}, "tester"};
    client::Api<corev1::ConfigMap> configs{client};

    bool isOnDisk(const std::string& name) {
        return *served.server().store().get({"configmaps", "default", name}) != nullptr;
    }
};

// While it lives, the disk takes nothing.
class BusyDisk {
public:
    explicit BusyDisk(Bench& bench) {
        for (int i = 0; !blocks(bench, "first-" + std::to_string(i)); ++i) {
        }
        m_inside.wait();
    }
    ~BusyDisk() {
        m_release.count_down();
        m_left.wait();
    }

private:
    // Blocks the writer's thread, unless the write is on disk before it can.
    bool blocks(Bench& bench, const std::string& name) {
        client::WriteScope first;
        if (!bench.configs.create(config(name))) qFatal("refused");
        bool late = false;
        first.then([this, &late, here = std::this_thread::get_id()](const Result<void>&) {
            if (std::this_thread::get_id() == here) {
                late = true;
                return;
            }
            m_inside.count_down();
            m_release.wait();
            m_left.count_down();
        });
        return !late;
    }

    std::latch m_inside{1};
    std::latch m_release{1};
    std::latch m_left{1};
};

}  // namespace

class WriteScopeTest : public QObject {
    Q_OBJECT
    store::test::FailingVfs& m_disk = store::test::FailingVfs::instance();

private slots:
    void cleanup() { m_disk.writeCode = SQLITE_OK; }

    void aWriteIsAnsweredBeforeItIsOnDisk() {
        Bench bench;
        client::WriteScope writes;
        {
            const BusyDisk busy(bench);
            const auto made = bench.configs.create(config("a"));
            QVERIFY(made);
            QVERIFY(!(*made)->metadata.resourceVersion.empty());
            QVERIFY(!bench.isOnDisk("a"));
        }
        QVERIFY(writes.wait());
        QVERIFY(bench.isOnDisk("a"));
    }

    void withoutAScopeItIsOnDiskWhenItIsAnswered() {
        Bench bench;
        QVERIFY(bench.configs.create(config("a")));
        QVERIFY(bench.isOnDisk("a"));
    }

    void writesAreMadeUponThoseBefore() {
        Bench bench;
        client::WriteScope writes;
        {
            const BusyDisk busy(bench);
            auto made = bench.configs.create(config("a"));
            QVERIFY(made);
            auto changed = **made;
            changed.data["key"] = "value";
            QVERIFY(bench.configs.update(changed));
        }
        QVERIFY(writes.wait());
        QCOMPARE(bench.configs.get("default", "a").value()->data.at("key"), std::string("value"));
    }

    void aReadFindsWhatItsScopeHasWritten() {
        Bench bench;
        const client::WriteScope writes;
        for (int i = 0; i < 20; ++i) {
            const std::string name = "c" + std::to_string(i);
            QVERIFY(bench.configs.create(config(name)));
            QVERIFY(bench.configs.get("default", name));
        }
    }

    void aDiskThatFailsIsToldOnce() {
        Bench bench;
        {
            client::WriteScope writes;
            m_disk.writeCode = SQLITE_FULL;
            QVERIFY(bench.configs.create(config("a")));
            const auto done = writes.wait();
            QVERIFY(!done);
            QCOMPARE(done.error().reason, Reason::ServiceUnavailable);
            m_disk.writeCode = SQLITE_OK;
            QVERIFY(bench.configs.create(config("b")));
            QVERIFY(!writes.wait());  // not all of the scope's
        }
        QVERIFY(!bench.configs.get("default", "a"));
        QVERIFY(bench.configs.get("default", "b"));
    }

    void whoDoesNotBlockIsCalledBackOnce() {
        Bench bench;
        std::atomic<int> calls = 0;
        std::latch called(1);
        {
            const BusyDisk busy(bench);
            client::WriteScope writes;
            for (const char* name : {"a", "b", "c"}) QVERIFY(bench.configs.create(config(name)));
            writes.then([&](const Result<void>& done) {
                if (!done) qFatal("should be on disk");
                ++calls;
                called.count_down();
            });
            QCOMPARE(calls.load(), 0);
        }
        called.wait();
        bench.served.server().store().flush();
        QCOMPARE(calls.load(), 1);
        QVERIFY(bench.isOnDisk("c"));
    }

    void withNothingUnderWayTheCallComesAtOnce() {
        int calls = 0;
        client::WriteScope().then([&](const Result<void>& done) { calls += done ? 1 : 0; });
        QCOMPARE(calls, 1);
    }

    void innerScopesHaveTheirOwnWrites() {
        Bench bench;
        client::WriteScope outer;
        {
            const client::WriteScope inner;
            QVERIFY(bench.configs.create(config("a")));
            QCOMPARE(client::WriteScope::current(), &inner);
        }
        QCOMPARE(client::WriteScope::current(), &outer);
    }
};

QTEST_APPLESS_MAIN(WriteScopeTest)
#include "write_scope_test.moc"
