// The bundled kubectl against `qdeck control-plane`, with controllers and two hollow nodes: what a person does all day.
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;
using qd::test::Outcome;

namespace {

const QByteArray kConfigMap = R"(apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: shop}
data:
  colour: blue
)";

}  // namespace

class KubectlTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster;

    QString manifest(const QByteArray& yaml) { return m_cluster.write("manifest.yaml", yaml); }
    // The editor is a program that gets the file's name.
    void setEditor(const QByteArray& script) {
        const QString path = m_cluster.write("editor", "#!/bin/sh\n" + script + "\n");
        QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }

private slots:
    void initTestCase() { QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log())); }

    void init() { VERIFY_OK(m_cluster.kubectl("create namespace t")); }

    void cleanup() {
        m_cluster.kubectl("delete configmap,secret,deployment --all -n t --wait=false");
        m_cluster.kubectl("delete configmap,secret,deployment --all --wait=false");
        m_cluster.kubectl("delete namespace t --wait=false");
        QTRY_VERIFY_WITH_TIMEOUT(!m_cluster.kubectl("get namespace t").ok(), 20'000);
    }

    void theServerSaysThatItIsReady() { QCOMPARE(m_cluster.value("get --raw /readyz"), QString("ok")); }

    void theRootListsPathsThatAllAnswer() {
        const QJsonArray paths = QJsonDocument::fromJson(m_cluster.value("get --raw /").toUtf8())["paths"].toArray();
        for (const char* known : {"/api/v1", "/apis/apps/v1", "/apis/metrics.k8s.io", "/openapi/v3", "/readyz/etcd", "/version"})
            QVERIFY2(paths.contains(QString(known)), known);
        for (const auto& path : paths) VERIFY_OK(m_cluster.kubectl({"get", "--raw", path.toString()}));
    }

    void theKindsAreListedWithTheirShortNames() {
        const Outcome kinds = m_cluster.kubectl("api-resources");
        VERIFY_OK(kinds);
        for (const char* word : {"configmaps", "cm", "deployments", "deploy", "Deployment", "endpointslices"})
            QVERIFY2(kinds.out.contains(word), word);
        const QStringList versions = m_cluster.value("api-versions").split('\n');
        for (const char* version : {"v1", "apps/v1", "discovery.k8s.io/v1", "rbac.authorization.k8s.io/v1"})
            QVERIFY2(versions.contains(version), version);
    }

    void anObjectIsCreatedReadChangedAndDeleted() {
        VERIFY_OK(m_cluster.kubectl("create configmap a --from-literal=x=1 -n t"));
        QCOMPARE(m_cluster.value("get cm a -n t -o jsonpath={.data.x}"), QString("1"));
        VERIFY_OK(m_cluster.kubectl({"patch", "cm", "a", "-n", "t", "-p", R"({"data":{"x":"2","y":"3"}})"}));
        VERIFY_OK(m_cluster.kubectl({"patch", "cm", "a", "-n", "t", "--type=merge", "-p", R"({"data":{"y":null}})"}));
        VERIFY_OK(m_cluster.kubectl({"patch", "cm", "a", "-n", "t", "--type=json", "-p", R"([{"op":"add","path":"/data/z","value":"4"}])"}));
        QCOMPARE(m_cluster.object("cm a -n t")["data"].toObject(), (QJsonObject{{"x", "2"}, {"z", "4"}}));
        VERIFY_OK(m_cluster.kubectl("label cm a tier=front -n t"));
        VERIFY_OK(m_cluster.kubectl("annotate cm a note=hello -n t"));
        QCOMPARE(m_cluster.value("get cm -l tier=front -n t -o name"), QString("configmap/a"));
        VERIFY_OK(m_cluster.kubectl("delete cm a -n t"));
        const Outcome gone = m_cluster.kubectl("get cm a -n t");
        QCOMPARE(gone.code, 1);
        QCOMPARE(gone.error.trimmed(), QString("Error from server (NotFound): configmaps \"a\" not found"));
    }

    void aSecondCreateSaysAlreadyExists() {
        VERIFY_OK(m_cluster.kubectl("create configmap a -n t"));
        QCOMPARE(m_cluster.kubectl("create configmap a -n t").error.trimmed(),
                 QString("error: failed to create configmap: configmaps \"a\" already exists"));
    }

    void applyCreatesThenConfiguresThenLeavesAlone_data() {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<QString>("created");
        QTest::addColumn<QString>("changed");
        QTest::addColumn<QString>("same");
        QTest::newRow("client side") << "" << "configmap/settings created" << "configmap/settings configured" << "configmap/settings unchanged";
        QTest::newRow("server side") << "--server-side" << "configmap/settings serverside-applied" << "configmap/settings serverside-applied"
                                     << "configmap/settings serverside-applied";
    }
    void applyCreatesThenConfiguresThenLeavesAlone() {
        QFETCH(QString, mode);
        const auto apply = [&](const QByteArray& yaml) {
            QStringList arguments{"apply", "-n", "t", "-f", manifest(yaml)};
            if (!mode.isEmpty()) arguments << mode;
            return m_cluster.kubectl(arguments);
        };
        QTEST(apply(kConfigMap).out.trimmed(), "created");
        const QByteArray green = QByteArray(kConfigMap).replace("blue", "green");
        QTEST(apply(green).out.trimmed(), "changed");
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.data.colour}"), QString("green"));
        const QString version = m_cluster.value("get cm settings -n t -o jsonpath={.metadata.resourceVersion}");
        QTEST(apply(green).out.trimmed(), "same");
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.metadata.resourceVersion}"), version);
        // What the file no longer says goes.
        QVERIFY(apply(QByteArray(kConfigMap).replace("  labels: {app: shop}\n", "")).ok());
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.metadata.labels}"), QString());
    }

    void anotherManagersFieldIsAConflict() {
        VERIFY_OK(m_cluster.kubectl({"apply", "--server-side", "--field-manager=one", "-n", "t", "-f", manifest(kConfigMap)}));
        const QString file = manifest(QByteArray(kConfigMap).replace("blue", "red"));
        const Outcome conflict = m_cluster.kubectl({"apply", "--server-side", "--field-manager=two", "-n", "t", "-f", file});
        QVERIFY(!conflict.ok());
        QVERIFY2(conflict.error.contains("conflict with \"one\"") && conflict.error.contains(".data.colour"), conflict.text().constData());
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.data.colour}"), QString("blue"));
        VERIFY_OK(m_cluster.kubectl({"apply", "--server-side", "--force-conflicts", "--field-manager=two", "-n", "t", "-f", file}));
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.data.colour}"), QString("red"));
    }

    void diffShowsWhatApplyWouldDoAndChangesNothing() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-n", "t", "-f", manifest(kConfigMap)}));
        const Outcome diff = m_cluster.kubectl({"diff", "-n", "t", "-f", manifest(QByteArray(kConfigMap).replace("blue", "green"))});
        QCOMPARE(diff.code, 1);
        QVERIFY2(diff.out.contains("-  colour: blue") && diff.out.contains("+  colour: green"), diff.text().constData());
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.data.colour}"), QString("blue"));
    }

    void aServerSideDryRunAnswersAndChangesNothing() {
        const Outcome dry = m_cluster.kubectl({"apply", "--dry-run=server", "-n", "t", "-f", manifest(kConfigMap), "-o", "jsonpath={.data.colour}"});
        VERIFY_OK(dry);
        QCOMPARE(dry.out, QString("blue"));
        QVERIFY(!m_cluster.kubectl("get cm settings -n t").ok());
    }

    void editWritesBackWhatTheEditorMade() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-n", "t", "-f", manifest(kConfigMap)}));
        setEditor("sed -i s/blue/violet/ \"$1\"");
        VERIFY_OK(m_cluster.kubectl("edit cm settings -n t"));
        QCOMPARE(m_cluster.value("get cm settings -n t -o jsonpath={.data.colour}"), QString("violet"));
    }

    void explainTellsWhatAFieldMeans() {
        const Outcome told = m_cluster.kubectl("explain deployment.spec.replicas");
        VERIFY_OK(told);
        QVERIFY2(told.out.contains("FIELD: replicas <integer>") && told.out.contains("Number of desired pods"), told.text().constData());
    }

    void describeShowsTheObject() {
        VERIFY_OK(m_cluster.kubectl({"apply", "-n", "t", "-f", manifest(kConfigMap)}));
        const Outcome described = m_cluster.kubectl("describe cm settings -n t");
        VERIFY_OK(described);
        QVERIFY2(described.out.contains("colour:") && described.out.contains("app=shop"), described.text().constData());
    }

    void anAdministratorMayDoEverything() {
        QCOMPARE(m_cluster.value("auth can-i create pods"), QString("yes"));
        QCOMPARE(m_cluster.value("auth can-i '*' '*'"), QString("yes"));
    }

    void waitSeesADeletion() {
        VERIFY_OK(m_cluster.kubectl("create configmap a -n t"));
        VERIFY_OK(m_cluster.kubectl("delete cm a -n t --wait=false"));
        VERIFY_OK(m_cluster.kubectl("wait --for=delete cm/a -n t --timeout=10s"));
    }

    void everyDocumentOfAFileIsApplied() {
        const QByteArray three = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n" +
                                 QByteArray(kConfigMap).replace("name: settings", "name: settings\n  namespace: shop") +
                                 "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
                                 "spec:\n  selector: {app: web}\n  ports: [{port: 80}]\n";
        const Outcome applied = m_cluster.kubectl({"apply", "-f", manifest(three)});
        VERIFY_OK(applied);
        QCOMPARE(applied.out.split('\n', Qt::SkipEmptyParts),
                 (QStringList{"namespace/shop created", "configmap/settings created", "service/web created"}));
        VERIFY_OK(m_cluster.kubectl("delete namespace shop --timeout=30s"));
        QVERIFY(!m_cluster.kubectl("get namespace shop").ok());
    }
};

QTEST_GUILESS_MAIN(KubectlTest)
#include "kubectl_test.moc"
