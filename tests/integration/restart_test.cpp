// The control plane is ended in every way that there is; what was acknowledged is there afterwards.
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

class RestartTest : public QObject {
    Q_OBJECT
private slots:
    void sigtermEndsItCleanly() {
        ControlPlaneProcess cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.log()));
        QVERIFY2(cluster.terminate(), qPrintable(cluster.log()));
    }

    void sigkillLosesNothingThatWasAcknowledged() {
        ControlPlaneProcess cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.log()));
        const QString server = cluster.server();
        QStringList made;
        for (int round = 0; round < 3; ++round) {
            for (int index = 0; index < 5; ++index) {
                const QString name = QString("kept-%1-%2").arg(round).arg(index);
                QVERIFY(cluster.kubectl("create configmap " + name + " --from-literal=round=" + QString::number(round)).ok());
                made << "configmap/" + name;
            }
            QVERIFY(cluster.kubectl("label configmap kept-0-0 --overwrite round=" + QString::number(round)).ok());
            const QString uid = cluster.value("get cm kept-0-0 -o jsonpath={.metadata.uid}/{.metadata.resourceVersion}");
            cluster.kill();
            QVERIFY2(cluster.start(), qPrintable(cluster.log()));
            QCOMPARE(cluster.server(), server);
            QStringList found = cluster.value("get configmaps -o name").split('\n');
            found.removeAll("configmap/kube-root-ca.crt");
            found.sort();
            made.sort();
            QCOMPARE(found, made);
            QCOMPARE(cluster.value("get cm kept-0-0 -o jsonpath={.metadata.uid}/{.metadata.resourceVersion}"), uid);
            QCOMPARE(cluster.value("get cm kept-0-0 -o jsonpath={.metadata.labels.round}"), QString::number(round));
        }
    }

    void defaultObjectsAreMadeAndMendedUnlessTheUserTookThemOver() {
        ControlPlaneProcess cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.log()));
        QCOMPARE(cluster.value("get flowschemas -o name").split('\n').size(), 11);
        QCOMPARE(cluster.value("get prioritylevelconfigurations -o name").split('\n').size(), 8);
        QVERIFY(cluster.kubectl("patch flowschema service-accounts --type=merge --patch={\"\"\"spec\"\"\":{\"\"\"matchingPrecedence\"\"\":9001}}").ok());
        QVERIFY(cluster.kubectl("patch flowschema global-default --type=merge --patch={\"\"\"spec\"\"\":{\"\"\"matchingPrecedence\"\"\":9901}}").ok());
        QVERIFY(cluster.kubectl("annotate flowschema global-default --overwrite apf.kubernetes.io/autoupdate-spec=false").ok());
        QVERIFY(cluster.kubectl("delete flowschema probes").ok());
        QVERIFY2(cluster.terminate(), qPrintable(cluster.log()));
        QVERIFY2(cluster.start(), qPrintable(cluster.log()));
        QCOMPARE(cluster.value("get flowschema service-accounts -o jsonpath={.spec.matchingPrecedence}"), QString("9000"));
        QCOMPARE(cluster.value("get flowschema global-default -o jsonpath={.spec.matchingPrecedence}"), QString("9901"));
        QCOMPARE(cluster.value("get flowschema probes -o jsonpath={.spec.matchingPrecedence}"), QString("2"));
    }

    void aSecondOneOverTheSameDataIsRefused() {
        ControlPlaneProcess cluster;
        QVERIFY2(cluster.start(), qPrintable(cluster.log()));
        QProcess second;
        second.start(QStringLiteral(QD_QDECK), {"control-plane", "--data-dir", cluster.folder() + "/data", "--port", "0"});
        QVERIFY(second.waitForFinished(20'000));
        QCOMPARE(second.exitCode(), 1);
        QVERIFY(!second.readAllStandardError().isEmpty());
        QCOMPARE(cluster.value("get --raw /readyz"), QString("ok"));
    }
};

QTEST_GUILESS_MAIN(RestartTest)
#include "restart_test.moc"
