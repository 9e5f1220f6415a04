#include "vmnodes/host/cluster_layout.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

using namespace qd;
using namespace qd::host;

class ClusterLayoutTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Directories m_directories;
    base::Random m_random{1};

    static ClusterSpec spec(const std::string& name) {
        ClusterSpec spec;
        spec.name = name;
        return spec;
    }
    ClusterLayout layout(const std::string& name) const { return {m_directories, name}; }

private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        const std::string path = m_folder->path().toStdString();
        m_directories = {path + "/data", path + "/state", path + "/cache"};
    }

    void aNewClusterHasItsFoldersItsUuidAndNoOwner() {
        const auto made = layout("dev").create(spec("dev"), m_random);
        QVERIFY(made);
        QCOMPARE(made->uuid.size(), 36U);
        QVERIFY(layout("dev").load().value() == *made);
        QVERIFY(!layout("dev").owner().value());
        struct stat status {};
        QCOMPARE(::stat(layout("dev").folder().c_str(), &status), 0);
        QCOMPARE(status.st_mode & 0777, 0700U);
        QVERIFY(std::filesystem::is_directory(layout("dev").pkiFolder()));
    }

    void aNameIsTakenOnce() {
        QVERIFY(layout("dev").create(spec("dev"), m_random));
        const auto again = layout("dev").create(spec("dev"), m_random);
        QVERIFY(!again);
        QVERIFY(again.error().reason == Reason::AlreadyExists);
        QCOMPARE(listClusters(m_directories).value().size(), 1U);
        // Nothing half-made stays beside it.
        const auto parent = std::filesystem::path(layout("dev").folder()).parent_path();
        QCOMPARE(std::distance(std::filesystem::directory_iterator(parent), {}), 1);
    }

    void invalidSettingsMakeNothing() {
        QVERIFY(!layout("a_b").create(spec("a_b"), m_random));
        QVERIFY(!layout("dev").create(spec("other"), m_random));
        QVERIFY(listClusters(m_directories).value().empty());
    }

    void theOwnerIsKnownWhileItLives() {
        QVERIFY(layout("dev").create(spec("dev"), m_random));
        {
            auto ownership = Ownership::acquire(layout("dev"));
            QVERIFY(ownership);
            QVERIFY(ownership->publish("https://127.0.0.1:6443"));
            const auto owner = layout("dev").owner().value();
            QVERIFY(owner);
            QCOMPARE(owner->pid, ::getpid());
            QCOMPARE(owner->server, std::string("https://127.0.0.1:6443"));
            const auto second = Ownership::acquire(layout("dev"));
            QVERIFY(!second);
            QVERIFY(second.error().reason == Reason::Conflict);
            QVERIFY(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
            QVERIFY(layout("dev").remove().error().reason == Reason::Conflict);
        }
        QVERIFY(!layout("dev").owner().value());
        QVERIFY(Ownership::acquire(layout("dev")));
    }

    void anOwnerThatIsKilledLeavesTheClusterFree() {
        QVERIFY(layout("dev").create(spec("dev"), m_random));
        int ready[2];
        QCOMPARE(::pipe(ready), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto ownership = Ownership::acquire(layout("dev"));
            std::ignore = ::write(ready[1], "x", 1);
            ::pause();
            ::_exit(0);
        }
        char byte = 0;
        QCOMPARE(::read(ready[0], &byte, 1), 1);
        QCOMPARE(layout("dev").owner().value()->pid, child);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        QVERIFY(!layout("dev").owner().value());
        ::close(ready[0]);
        ::close(ready[1]);
    }

    void clustersAreListedByNameAndABrokenOneIsShownAsSuch() {
        for (const char* name : {"zoo", "alpha", "broken"}) QVERIFY(layout(name).create(spec(name), m_random));
        std::ofstream(layout("broken").specFile()) << "nodes: many\n";
        const auto clusters = listClusters(m_directories).value();
        QCOMPARE(clusters.size(), 3U);
        QCOMPARE(clusters[0].name, std::string("alpha"));
        QVERIFY(clusters[0].spec);
        QVERIFY(!clusters[1].spec);
        QVERIFY(clusters[1].spec.error().message.find("cluster.yaml") != std::string::npos);
        QCOMPARE(clusters[2].name, std::string("zoo"));
    }

    void savingReplacesAndRemovingLeavesNothing() {
        auto made = layout("dev").create(spec("dev"), m_random).value();
        made.nodes = 5;
        QVERIFY(layout("dev").save(made));
        QCOMPARE(layout("dev").load().value().nodes, 5);
        std::ofstream(layout("dev").logFile()) << "log";
        QVERIFY(layout("dev").remove());
        QVERIFY(!layout("dev").exists());
        QVERIFY(!std::filesystem::exists(layout("dev").logFile()));
        QVERIFY(layout("dev").load().error().reason == Reason::NotFound);
        QVERIFY(layout("dev").remove());
    }

    void theEnvironmentDecidesWhere() {
        qputenv("XDG_DATA_HOME", "/d");
        qputenv("XDG_STATE_HOME", "relative");
        qputenv("HOME", "/home/u");
        qputenv("QD_CACHE_DIR", "/c");
        const auto directories = Directories::fromEnvironment();
        QCOMPARE(directories.data, std::string("/d/quarterdeck"));
        QCOMPARE(directories.state, std::string("/home/u/.local/state/quarterdeck"));
        QCOMPARE(directories.cache, std::string("/c"));
    }
};

QTEST_APPLESS_MAIN(ClusterLayoutTest)
#include "cluster_layout_test.moc"
