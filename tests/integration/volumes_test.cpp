// Volumes through kubectl: made for claims, attached where their Pods go, moved, grown and deleted, on hollow nodes.
#include <QJsonArray>
#include <QJsonObject>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kSoon = 60'000;  // ms

const QByteArray kDatabase = R"(apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: db
          image: quarterdeck.dev/lab:1
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Gi}}
)";

const QByteArray kScratch = R"(apiVersion: v1
kind: Pod
metadata: {name: scratch}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: c, image: "quarterdeck.dev/lab:1"}
  volumes:
    - name: space
      ephemeral:
        volumeClaimTemplate:
          metadata: {labels: {kind: scratch}}
          spec:
            accessModes: [ReadWriteOnce]
            resources: {requests: {storage: 2Gi}}
)";

const QByteArray kLater = R"(apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: later}
spec:
  storageClassName: hollow-wait
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
)";

const QByteArray kConsumer = R"(apiVersion: v1
kind: Pod
metadata: {name: consumer}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: c, image: "quarterdeck.dev/lab:1"}
  volumes:
    - {name: data, persistentVolumeClaim: {claimName: later}}
)";

}  // namespace

class VolumesTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--hollow-nodes", "2"}};

    QString field(const QString& what, const QString& path) {
        return m_cluster.value("get " + what + " -o jsonpath={" + path + "}");
    }
    QString apply(const char* file, const QByteArray& content) {
        const auto outcome = m_cluster.kubectl({"apply", "-f", m_cluster.write(file, content)});
        return outcome.ok() ? QString() : outcome.text();
    }
    // The nodes that have a volume.
    QString holders(const QString& volume) {
        QStringList nodes;
        const auto list = m_cluster.object("volumeattachments").value("items").toArray();
        for (const auto& each : list) {
            const QJsonObject spec = each.toObject().value("spec").toObject();
            if (spec.value("source").toObject().value("persistentVolumeName").toString() != volume) continue;
            if (each.toObject().value("status").toObject().value("attached").toBool())
                nodes << spec.value("nodeName").toString();
        }
        return nodes.join(' ');
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("get storageclasses").contains("hollow (default)"), kSoon);
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get csinodes -o name").count("hollow-node-"), 2, kSoon);
        QCOMPARE(apply("db.yaml", kDatabase), QString());
        VERIFY_OK(m_cluster.kubectl("rollout status statefulset/db --timeout=60s"));
    }

    void eachPodOfAStatefulSetGetsAVolumeOfItsOwn() {
        for (const QString name : {"0", "1"}) {
            const QString volume = field("pvc data-db-" + name, ".spec.volumeName");
            QCOMPARE(field("pvc data-db-" + name, ".status.phase"), QString("Bound"));
            QCOMPARE(field("pv " + volume, ".status.phase"), QString("Bound"));
            QCOMPARE(field("pv " + volume, ".spec.csi.driver"), QString("hollow.quarterdeck.dev"));
            QCOMPARE(holders(volume), field("pod db-" + name, ".spec.nodeName"));
        }
        const QString told = m_cluster.value("get events -o jsonpath={.items[*].message}");
        QVERIFY2(told.contains("Successfully provisioned volume pvc-"), qPrintable(told));
        QVERIFY2(told.contains("AttachVolume.Attach succeeded for volume \"pvc-"), qPrintable(told));
    }

    void aPodThatMovesTakesItsVolumeAlong() {
        const QString volume = field("pvc data-db-0", ".spec.volumeName");
        const QString before = field("pod db-0", ".spec.nodeName");
        VERIFY_OK(m_cluster.kubectl("cordon " + before));
        VERIFY_OK(m_cluster.kubectl("delete pod db-0 --timeout=30s"));
        QTRY_COMPARE_WITH_TIMEOUT(field("pod db-0", ".status.phase"), QString("Running"), kSoon);
        const QString after = field("pod db-0", ".spec.nodeName");
        QVERIFY(after != before);
        QCOMPARE(field("pvc data-db-0", ".spec.volumeName"), volume);
        QCOMPARE(holders(volume), after);
        QTRY_VERIFY_WITH_TIMEOUT(!field("node " + before, ".status.volumesAttached[*].name").contains(volume), kSoon);
        QVERIFY(field("node " + after, ".status.volumesInUse[*]").contains(volume));
        VERIFY_OK(m_cluster.kubectl("uncordon " + before));
    }

    void aClaimGrowsWithItsVolumeAndFileSystem() {
        VERIFY_OK(m_cluster.kubectl(
            {"patch", "pvc", "data-db-1", "-p", R"({"spec":{"resources":{"requests":{"storage":"3Gi"}}}})"}));
        QTRY_COMPARE_WITH_TIMEOUT(field("pvc data-db-1", ".status.capacity.storage"), QString("3Gi"), kSoon);
        QCOMPARE(field("pv " + field("pvc data-db-1", ".spec.volumeName"), ".spec.capacity.storage"), QString("3Gi"));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.value("describe pvc data-db-1").contains("FileSystemResizeSuccessful"),
                                 kSoon);
    }

    void anEphemeralVolumeLivesAsLongAsItsPod() {
        QCOMPARE(apply("scratch.yaml", kScratch), QString());
        QTRY_COMPARE_WITH_TIMEOUT(field("pod scratch", ".status.phase"), QString("Running"), kSoon);
        QCOMPARE(field("pvc scratch-space", ".metadata.ownerReferences[0].name"), QString("scratch"));
        QCOMPARE(field("pvc scratch-space", ".metadata.labels.kind"), QString("scratch"));
        const QString volume = field("pvc scratch-space", ".spec.volumeName");
        VERIFY_OK(m_cluster.kubectl("delete pod scratch --timeout=30s"));
        VERIFY_OK(m_cluster.kubectl("wait --for=delete pvc/scratch-space pv/" + volume + " --timeout=60s"));
    }

    void aClaimWaitsForItsFirstConsumer() {
        QCOMPARE(apply("later.yaml", kLater), QString());
        QTRY_VERIFY_WITH_TIMEOUT(
            m_cluster.value("describe pvc later").contains("waiting for first consumer to be created before binding"),
            kSoon);
        QCOMPARE(field("pvc later", ".status.phase"), QString("Pending"));
        QCOMPARE(apply("consumer.yaml", kConsumer), QString());
        QTRY_COMPARE_WITH_TIMEOUT(field("pod consumer", ".status.phase"), QString("Running"), kSoon);
        QCOMPARE(field("pvc later", ".metadata.annotations.volume\\.kubernetes\\.io/selected-node"),
                 field("pod consumer", ".spec.nodeName"));
        VERIFY_OK(m_cluster.kubectl("delete pod/consumer pvc/later --timeout=60s"));
    }

    void whatIsDeletedTakesItsStorageAlong() {
        VERIFY_OK(m_cluster.kubectl("delete statefulset db --timeout=60s"));
        VERIFY_OK(m_cluster.kubectl("delete pvc --all --timeout=60s"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.value("get pv,volumeattachments -o name"), QString(), kSoon);
    }
};

QTEST_GUILESS_MAIN(VolumesTest)
#include "volumes_test.moc"
