// Who may do what, as the bundled kubectl sees it: tokens of a file and of service accounts, the default roles, acting as
// somebody else, and nobody at all.
#include <QJsonArray>
#include <QJsonObject>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;
using qd::test::Outcome;

namespace {

// Written before the process starts, which is told its name.
class TokenFile {
public:
    TokenFile() {
        QFile file(path());
        if (file.open(QFile::WriteOnly)) file.write("admin-token,root,1,system:masters\nann-token,ann,2,\"devs,ops\"\n");
    }
    QString path() const { return m_folder.filePath("tokens.csv"); }

private:
    QTemporaryDir m_folder;
};

}  // namespace

class AccessTest : public QObject {
    Q_OBJECT

    TokenFile m_tokens;
    ControlPlaneProcess m_cluster{{"--token-file", m_tokens.path()}};
    QString m_stranger;  // a kubeconfig without credentials

    Outcome withToken(const QString& token, const QString& line) { return m_cluster.kubectl("--kubeconfig " + m_stranger + " --token " + token + " " + line); }
    // kubectl asks for a name when it has none; the server knows no passwords and takes whoever sends one for nobody.
    Outcome asNobody(const QString& line) { return m_cluster.kubectl("--kubeconfig " + m_stranger + " --username x --password y " + line); }
    QString userOf(const QString& token) {
        const Outcome answer = withToken(token, "auth whoami -o jsonpath={.status.userInfo.username}");
        return answer.ok() ? answer.out.trimmed() : answer.error;
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        const QString authority = m_cluster.value("config view --raw -o jsonpath={.clusters[0].cluster.certificate-authority-data}");
        const QString text = QString("apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n"
                                     "clusters: [{name: c, cluster: {server: '%1', certificate-authority-data: '%2'}}]\n")
                                 .arg(m_cluster.server(), authority);
        m_stranger = m_cluster.write("stranger", text.toUtf8());
        VERIFY_OK(m_cluster.kubectl("create namespace shop"));
        QTRY_VERIFY_WITH_TIMEOUT(m_cluster.kubectl("get serviceaccount default -n shop").ok(), 20'000);
    }

    void aTokenOfTheFileIsItsUsers() {
        QCOMPARE(userOf("admin-token"), QString("root"));
        QCOMPARE(userOf("ann-token"), QString("ann"));
        VERIFY_OK(withToken("admin-token", "get secrets -A"));
        const Outcome refused = withToken("ann-token", "get pods -n shop");
        QVERIFY2(refused.error.contains("User \"ann\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\""), refused.text().constData());
        QVERIFY(withToken("nobodys-token", "get pods").error.contains("Unauthorized"));
    }

    void aServiceAccountsTokenIsItsOwn() {
        VERIFY_OK(m_cluster.kubectl("create serviceaccount robot -n shop"));
        const QString token = m_cluster.value("create token robot -n shop --duration 20m");
        QCOMPARE(userOf(token), QString("system:serviceaccount:shop:robot"));
        QVERIFY(!withToken(token, "get configmaps -n shop").ok());
        VERIFY_OK(m_cluster.kubectl("create rolebinding robot --clusterrole view --serviceaccount shop:robot -n shop"));
        QTRY_VERIFY_WITH_TIMEOUT(withToken(token, "get configmaps -n shop").ok(), 10'000);
        QVERIFY(!withToken(token, "get secrets -n shop").ok());
        QVERIFY(!withToken(token, "get configmaps -n default").ok());
        VERIFY_OK(m_cluster.kubectl("delete serviceaccount robot -n shop"));
        QVERIFY(userOf(token).contains("Unauthorized") || !withToken(token, "get configmaps -n shop").ok());
    }

    void aSecretOfAServiceAccountGetsAToken() {
        VERIFY_OK(m_cluster.kubectl("create -f -", "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n"
                                                   "metadata: {name: legacy, namespace: shop, annotations: {kubernetes.io/service-account.name: default}}\n"));
        const auto encoded = [&] { return m_cluster.value("get secret legacy -n shop -o jsonpath={.data.token}"); };
        QTRY_VERIFY_WITH_TIMEOUT(encoded().size() > 100, 10'000);
        const QString token = QString::fromUtf8(QByteArray::fromBase64(encoded().toUtf8()));
        QCOMPARE(userOf(token), QString("system:serviceaccount:shop:default"));
        VERIFY_OK(m_cluster.kubectl("delete secret legacy -n shop"));
        QVERIFY(!withToken(token, "get --raw /api").ok());
    }

    void tokensOutliveTheControlPlane() {
        const QString token = m_cluster.value("create token default -n shop");
        QVERIFY(m_cluster.terminate());
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        QFile file(m_stranger);
        QVERIFY(file.open(QFile::ReadOnly));
        QString text = QString::fromUtf8(file.readAll());
        text.replace(QRegularExpression("https://127.0.0.1:\\d+"), m_cluster.server());
        m_stranger = m_cluster.write("stranger", text.toUtf8());
        QCOMPARE(userOf(token), QString("system:serviceaccount:shop:default"));
    }

    void nobodyKnowsThatTheServerIsWell() {
        for (const char* path : {"/healthz", "/livez", "/readyz"}) {
            const Outcome answer = asNobody(QString("get --raw ") + path);
            QVERIFY2(answer.ok() && answer.out.startsWith("ok"), answer.text().constData());
        }
        QVERIFY(asNobody("get --raw /version").ok());
        const Outcome refused = asNobody("get --raw /api/v1/namespaces");
        QVERIFY2(refused.error.contains("User \"system:anonymous\" cannot list resource \"namespaces\""), refused.text().constData());
        QVERIFY(!asNobody("get --raw /metrics").ok());
    }

    void anAdministratorActsAsOthers() {
        QCOMPARE(m_cluster.value("auth whoami --as bob --as-group devs -o jsonpath={.status.userInfo.groups}"), QString("[\"devs\",\"system:authenticated\"]"));
        QCOMPARE(m_cluster.kubectl("auth can-i delete pods --as bob -n shop").out.trimmed(), QString("no"));
        VERIFY_OK(m_cluster.kubectl("create rolebinding bob --clusterrole edit --user bob -n shop"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.kubectl("auth can-i delete pods --as bob -n shop").out.trimmed(), QString("yes"), 10'000);
        QVERIFY(m_cluster.kubectl("auth can-i --list --as bob -n shop").out.contains("deployments.apps/scale"));
        QVERIFY(withToken("ann-token", "get pods --as bob").error.contains("cannot impersonate"));
    }

    void nobodyGivesWhatHeLacks() {
        VERIFY_OK(m_cluster.kubectl("create rolebinding carl --clusterrole admin --user carl -n shop"));
        QTRY_COMPARE_WITH_TIMEOUT(m_cluster.kubectl("auth can-i create rolebindings --as carl -n shop").out.trimmed(), QString("yes"), 10'000);
        VERIFY_OK(m_cluster.kubectl("create rolebinding friend --clusterrole view --user dora -n shop --as carl"));
        const Outcome refused = m_cluster.kubectl("create rolebinding enemy --clusterrole cluster-admin --user dora -n shop --as carl");
        QVERIFY2(refused.error.contains("is attempting to grant RBAC permissions not currently held"), refused.text().constData());
        VERIFY_OK(m_cluster.kubectl("auth reconcile -f - --as carl", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: shop}\n"
                                                                        "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n"));
    }

    void aNodeSeesWhatIsItsOwn() {
        const QString node = " --as system:node:worker --as-group system:nodes";
        VERIFY_OK(m_cluster.kubectl("get pods -A --field-selector spec.nodeName=worker" + node));
        QVERIFY(m_cluster.kubectl("get pods -A" + node).error.contains("can only list/watch pods with spec.nodeName field selector"));
        QVERIFY(m_cluster.kubectl("get secrets -n shop" + node).error.contains("No Object name found"));
        QVERIFY(m_cluster.kubectl("get nodes" + node).error.contains("node 'worker' cannot read all nodes, only its own Node object"));
        VERIFY_OK(m_cluster.kubectl("create -f -" + node, "apiVersion: v1\nkind: Node\nmetadata: {name: worker}\n"));
        VERIFY_OK(m_cluster.kubectl("get node worker" + node));
        const Outcome refused = m_cluster.kubectl("create -f -" + node, "apiVersion: v1\nkind: Node\nmetadata: {name: other}\n");
        QVERIFY2(refused.error.contains("node \"worker\" is not allowed to modify node \"other\""), refused.text().constData());
    }
};

QTEST_GUILESS_MAIN(AccessTest)
#include "access_test.moc"
