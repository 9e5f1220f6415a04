#include "vmnodes/agent/volumes/volumes.h"

#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/vmnodes/agent/fake_cluster.h"
#include "vmnodes/agent/volumes/atomic_writer.h"
#include "cluster/api/downward/expansion.h"

using namespace qd;
using namespace qd::agent;
using namespace qd::agent::volumes;
namespace fs = std::filesystem;

namespace {

// Remembers mounts and makes the folders that a real one would show.
class FakeMounter final : public Mounter {
public:
    Result<void> mountMemory(const std::string& folder, std::uint64_t bytes) override {
        memory[folder] = bytes;
        return {};
    }
    Result<void> bindBelow(const std::string& volume, const std::string& relative, const std::string& target) override {
        bound[target] = volume + "/" + relative;
        fs::create_directories(target);
        return {};
    }
    Result<void> unmount(const std::string& path) override {
        unmounted.insert(path);
        return {};
    }
    std::map<std::string, std::uint64_t> memory;
    std::map<std::string, std::string> bound;
    std::set<std::string> unmounted;
};

std::string read(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

int mode(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777) : -1;
}

}  // namespace

class VolumesTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_root = m_folder->path().toStdString();
        m_mounter = std::make_unique<FakeMounter>();
        m_cluster = std::make_unique<FakeCluster>();
        m_volumes = std::make_unique<Volumes>(m_root, *m_mounter, *m_cluster);
        m_pod = {};
        m_pod.metadata.name = "web";
        m_pod.metadata.namespace_ = "default";
        m_pod.metadata.uid = "u1";
        m_pod.metadata.labels = {{"app", "web"}, {"note", "a \"b\""}};
    }

    void aConfigMapBecomesFilesAndAChangeShowsAtOnce() {
        m_cluster->configMaps["cm"].data = {{"a.txt", "one"}, {"b.txt", "two"}};
        corev1::Volume& volume = add("config");
        volume.configMap.emplace().name = "cm";
        const std::string path = setUp().hostPaths.at("config");
        QCOMPARE(read(path + "/a.txt"), std::string("one"));
        QCOMPARE(mode(path + "/a.txt"), 0644);
        const fs::path before = fs::read_symlink(path + "/..data");
        setUp();
        QVERIFY(fs::read_symlink(path + "/..data") == before);  // nothing changed
        m_cluster->configMaps["cm"].data = {{"a.txt", "three"}};
        setUp();
        QCOMPARE(read(path + "/a.txt"), std::string("three"));
        QVERIFY(!fs::exists(path + "/b.txt"));
        QVERIFY(!fs::exists(path + "/" + before.string()));
    }

    void chosenItemsHaveTheirPathsAndModes() {
        m_cluster->secrets["s"].data["user"].data = "joe";
        m_cluster->secrets["s"].data["other"].data = "x";
        corev1::Volume& volume = add("secret");
        volume.secret.emplace().secretName = "s";
        volume.secret->defaultMode = 0400;
        corev1::KeyToPath item;
        item.key = "user";
        item.path = "deep/name";
        volume.secret->items = {item};
        const std::string path = setUp().hostPaths.at("secret");
        QCOMPARE(read(path + "/deep/name"), std::string("joe"));
        QCOMPARE(mode(path + "/deep/name"), 0400);
        QVERIFY(!fs::exists(path + "/other"));
        QVERIFY(m_mounter->memory.contains(path));
    }

    void aMissingObjectStopsThePodUnlessItIsOptional() {
        corev1::Volume& volume = add("config");
        volume.configMap.emplace().name = "absent";
        const auto refused = m_volumes->setUp(m_pod, {}, {});
        QCOMPARE(refused.error().message,
                 std::string("MountVolume.SetUp failed for volume \"config\" : configmap \"absent\" not found"));
        volume.configMap->optional = true;
        QVERIFY(m_volumes->setUp(m_pod, {}, {}));
    }

    void aProjectedVolumeJoinsItsSourcesAndSaysWhenItsTokenAges() {
        m_cluster->configMaps["kube-root-ca.crt"].data = {{"ca.crt", "PEM"}};
        m_cluster->now = base::WallTime(std::chrono::hours(1000));
        corev1::Volume& volume = add("kube-api-access");
        auto& sources = volume.projected.emplace().sources;
        sources.resize(3);
        sources[0].serviceAccountToken.emplace().path = "token";
        sources[0].serviceAccountToken->expirationSeconds = 3600;
        sources[1].configMap.emplace().name = "kube-root-ca.crt";
        auto& item = sources[2].downwardAPI.emplace().items.emplace_back();
        item.path = "namespace";
        item.fieldRef.emplace().fieldPath = "metadata.namespace";
        const auto made = m_volumes->setUp(m_pod, {}, m_cluster->now);
        QVERIFY(made);
        const std::string path = made->hostPaths.at("kube-api-access");
        QCOMPARE(read(path + "/token"), std::string("token-for-"));
        QCOMPARE(read(path + "/ca.crt"), std::string("PEM"));
        QCOMPARE(read(path + "/namespace"), std::string("default"));
        QVERIFY(made->refreshAt == m_cluster->now + std::chrono::minutes(48));
    }

    void theDownwardApiKnowsThePod_data() {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("value");
        QTest::newRow("name") << "metadata.name"
                              << "web";
        QTest::newRow("label") << "metadata.labels['app']"
                               << "web";
        QTest::newRow("labels") << "metadata.labels"
                                << "app=\"web\"\nnote=\"a \\\"b\\\"\"";
        QTest::newRow("ip") << "status.podIP"
                            << "10.244.1.5";
        QTest::newRow("ips") << "status.hostIPs"
                             << "192.168.77.11";
    }
    void theDownwardApiKnowsThePod() {
        QFETCH(QString, path);
        QFETCH(QString, value);
        const api::downward::DownwardFacts facts{{"10.244.1.5"}, {"192.168.77.11"}, 2000, 1 << 30};
        QCOMPARE(QString::fromStdString(*api::downward::fieldValue(m_pod, path.toStdString(), facts)), value);
    }

    void resourcesAreDividedAndRoundedUp() {
        corev1::Container container;
        container.resources.limits["memory"] = api::Quantity::of("100Mi");
        container.resources.requests["cpu"] = api::Quantity::of("250m");
        corev1::ResourceFieldSelector selector;
        const api::downward::DownwardFacts facts{{}, {}, 2000, 1 << 30};
        const auto value = [&](const char* resource, const char* divisor) {
            selector.resource = resource;
            selector.divisor = api::Quantity::of(divisor);
            return *api::downward::resourceValue(m_pod, container, selector, facts);
        };
        QCOMPARE(value("limits.memory", "1Mi"), std::string("100"));
        QCOMPARE(value("requests.cpu", "1"), std::string("1"));
        QCOMPARE(value("requests.cpu", "1m"), std::string("250"));
        QCOMPARE(value("limits.cpu", "1"), std::string("2"));  // the node's
    }

    void anEmptyDirIsWritableByAllAndKeepsItsContent() {
        add("scratch").emptyDir.emplace();
        const std::string path = setUp().hostPaths.at("scratch");
        QCOMPARE(mode(path), 0777);
        std::ofstream(path + "/kept") << "x";
        setUp();
        QVERIFY(fs::exists(path + "/kept"));
        auto& memory = add("memory").emptyDir.emplace();
        memory.medium = "Memory";
        memory.sizeLimit = api::Quantity::of("8Mi");
        QCOMPARE(m_mounter->memory[setUp().hostPaths.at("memory")], 8U << 20);
    }

    void aHostPathMustBeWhatItSays() {
        auto& source = add("host").hostPath.emplace();
        source.path = m_root + "/new";
        source.type = "Directory";
        QVERIFY(!m_volumes->setUp(m_pod, {}, {}));
        source.type = "DirectoryOrCreate";
        QCOMPARE(setUp().hostPaths.at("host"), m_root + "/new");
        source.type = "File";
        QCOMPARE(m_volumes->setUp(m_pod, {}, {}).error().message,
                 "MountVolume.SetUp failed for volume \"host\" : hostPath type check failed: " + m_root +
                     "/new is not a file");
    }

    void aSubPathIsBoundToAFolderOfItsOwn() {
        add("scratch").emptyDir.emplace();
        corev1::Container container;
        container.name = "main";
        corev1::VolumeMount mount;
        mount.name = "scratch";
        mount.mountPath = "data";
        mount.subPathExpr = "$(NAME)/logs";
        container.volumeMounts = {mount};
        const SetUp made = setUp();
        const auto mounts = m_volumes->containerMounts(m_pod, container, made, {{"NAME", "web"}});
        QCOMPARE(mounts->at(0).containerPath, std::string("/data"));
        QCOMPARE(m_mounter->bound[mounts->at(0).hostPath], made.hostPaths.at("scratch") + "/web/logs");
        QVERIFY(!m_volumes->containerMounts(m_pod, container, made, {}));  // NAME is not known
    }

    void tearingDownUnmountsAndDeletes() {
        m_cluster->secrets["s"].data["a"].data = "b";
        add("secret").secret.emplace().secretName = "s";
        const std::string path = setUp().hostPaths.at("secret");
        QVERIFY(m_volumes->tearDown("u1"));
        QVERIFY(m_mounter->unmounted.contains(path));
        QVERIFY(!fs::exists(m_root + "/pods/u1"));
        QVERIFY(m_volumes->tearDown("u1"));
    }

    void pathsThatLeaveTheVolumeAreRefused() {
        for (const char* bad : {"../x", "/x", "a/../../x", "..data/x"})
            QVERIFY(!writeAtomically(m_root, {{bad, {"", 0644}}}, std::nullopt));
    }

    void referencesAreExpanded_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("result");
        QTest::newRow("known") << "a $(A) b"
                               << "a 1 b";
        QTest::newRow("unknown") << "$(B)"
                                 << "$(B)";
        QTest::newRow("escaped") << "$$(A)"
                                 << "$(A)";
        QTest::newRow("open") << "$(A"
                              << "$(A";
        QTest::newRow("dollar") << "5$"
                                << "5$";
        QTest::newRow("twice") << "$(A)$(A)"
                               << "11";
    }
    void referencesAreExpanded() {
        QFETCH(QString, text);
        QFETCH(QString, result);
        QCOMPARE(QString::fromStdString(api::downward::expand(text.toStdString(), {{"A", "1"}})), result);
    }

private:
    corev1::Volume& add(const char* name) {
        corev1::Volume& volume = m_pod.spec.volumes.emplace_back();
        volume.name = name;
        return volume;
    }
    SetUp setUp() {
        auto made = m_volumes->setUp(m_pod, {}, {});
        if (!made) qFatal("%s", made.error().message.c_str());
        return *made;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_root;
    std::unique_ptr<FakeMounter> m_mounter;
    std::unique_ptr<FakeCluster> m_cluster;
    std::unique_ptr<Volumes> m_volumes;
    corev1::Pod m_pod;
};

QTEST_APPLESS_MAIN(VolumesTest)
#include "volumes_test.moc"
