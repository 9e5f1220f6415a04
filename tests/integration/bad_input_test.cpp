// What is wrong is refused with a Status that says so, changes nothing and crashes nothing. By hand over TLS: no client
// would send most of this.
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QSslSocket>
#include <QUrl>
#include <QtTest>

#include "tests/integration/control_plane_process.h"

using qd::test::ControlPlaneProcess;

namespace {

constexpr int kWaitMs = 20'000;
const QByteArray kJson = "application/json";
const QByteArray kYaml = "application/yaml";
const QByteArray kMaps = "/api/v1/namespaces/t/configmaps";
const QByteArray kPods = "/api/v1/namespaces/t/pods";
const QByteArray kServices = "/api/v1/namespaces/t/services";
const QByteArray kDeployments = "/apis/apps/v1/namespaces/t/deployments";

struct HttpAnswer {
    int code = 0;  // 0: the connection was closed without one
    QJsonObject status;
    QByteArray body;
};

QByteArray map(const QByteArray& name, const QByteArray& more = {}) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"("})" + more + "}";
}
QByteArray pod(const QByteArray& name, const QByteArray& spec) {
    return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name + R"("},"spec":)" + spec + "}";
}

}  // namespace

class BadInputTest : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--controllers", "*"}};
    QUrl m_server;
    QSslConfiguration m_asAdministrator;
    QSslConfiguration m_asNobody;
    QByteArray m_before;

    QByteArray data(const QString& key) const {
        QFile file(m_cluster.kubeconfig());
        if (!file.open(QIODevice::ReadOnly)) return {};
        const QRegularExpression pattern(key + "-data: \"?([A-Za-z0-9+/=]+)");
        return QByteArray::fromBase64(pattern.match(QString::fromUtf8(file.readAll())).captured(1).toLatin1());
    }

    std::unique_ptr<QSslSocket> connected(bool asAdministrator = true) const {
        auto socket = std::make_unique<QSslSocket>();
        socket->setSslConfiguration(asAdministrator ? m_asAdministrator : m_asNobody);
        socket->connectToHostEncrypted(m_server.host(), static_cast<quint16>(m_server.port()));
        if (!socket->waitForEncrypted(kWaitMs)) qWarning() << socket->errorString();
        return socket;
    }

    static HttpAnswer read(QSslSocket& socket) {
        QByteArray all;
        while (socket.state() == QAbstractSocket::ConnectedState && socket.waitForReadyRead(kWaitMs)) all += socket.readAll();
        all += socket.readAll();
        HttpAnswer answer;
        if (!all.startsWith("HTTP/1.1 ")) return answer;
        answer.code = all.mid(9, 3).toInt();
        answer.body = all.mid(all.indexOf("\r\n\r\n") + 4);
        answer.status = QJsonDocument::fromJson(answer.body).object();
        return answer;
    }

    HttpAnswer ask(const QByteArray& method, const QByteArray& path, const QByteArray& type, const QByteArray& body,
                   const QByteArray& token = {}) const {
        const auto socket = connected(token.isEmpty());
        QByteArray head = method + " " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: " +
                          QByteArray::number(body.size()) + "\r\nContent-Type: " + type + "\r\n";
        if (!token.isEmpty()) head += "Authorization: Bearer " + token + "\r\n";
        socket->write(head + "\r\n" + body);
        return read(*socket);
    }

    // Everything that bad input could have changed.
    QByteArray everything() const {
        QByteArray all;
        for (const char* what : {"configmaps,secrets,pods,services -n t -o name", "deployments -n t -o name", "namespaces -o name"})
            all += m_cluster.value(QString("get ") + what).toUtf8() + "\n";
        return all + m_cluster.value("get configmap -n t kept -o jsonpath={.metadata.resourceVersion}").toUtf8() +
               m_cluster.value("get service -n t kept -o jsonpath={.metadata.resourceVersion}").toUtf8();
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        m_server = QUrl(m_cluster.server());
        m_asNobody = QSslConfiguration::defaultConfiguration();
        m_asNobody.setCaCertificates(QSslCertificate::fromData(data("certificate-authority")));
        m_asAdministrator = m_asNobody;
        m_asAdministrator.setLocalCertificate(QSslCertificate(data("client-certificate")));
        const QByteArray key = data("client-key");
        m_asAdministrator.setPrivateKey(QSslKey(key, key.contains("EC PRIVATE") || !key.contains("RSA") ? QSsl::Ec : QSsl::Rsa));
        QVERIFY(m_cluster.kubectl("create namespace t").ok());
        QVERIFY(m_cluster.kubectl("create configmap kept -n t --from-literal=a=b").ok());
        QVERIFY(m_cluster.kubectl("create service clusterip kept -n t --tcp=80").ok());
        QTRY_VERIFY(m_cluster.kubectl("get serviceaccount default -n t").ok());
        QTRY_VERIFY(m_cluster.kubectl("get configmap kube-root-ca.crt -n t").ok());
        QCOMPARE(ask("POST", kMaps + "?dryRun=All", kJson, map("fine")).code, 201);  // by hand works at all
        m_before = everything();
    }

    void isRefused_data() {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("path");
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("reason");
        QTest::addColumn<QByteArray>("words");  // that the message must have
        const auto row = [](const char* name, const char* method, const QByteArray& path, const QByteArray& type,
                            const QByteArray& body, int code, const char* reason, const char* words) {
            QTest::newRow(name) << QByteArray(method) << path << type << body << code << QByteArray(reason) << QByteArray(words);
        };
        const QByteArray strict = "?fieldValidation=Strict";
        const QByteArray unknown = map("a", R"(,"dada":{"x":"y"})");
        const QByteArray numbers = map("a", R"(,"data":{"x":1})");
        const QByteArray list = map("a", R"(,"data":["x"])");
        const QByteArray text = map("a", R"(,"data":"x")");
        const QByteArray twice = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{},"data":{}})";
        const QByteArray deep = QByteArray(200'000, '[');
        const QByteArray noContainers = pod("a", R"({"containers":[]})");
        const QByteArray noImage = pod("a", R"({"containers":[{"name":"c"}]})");
        const QByteArray badPort = pod("a", R"({"containers":[{"name":"c","image":"i","ports":[{"containerPort":70000}]}]})");
        const QByteArray badMemory = pod("a", R"({"containers":[{"name":"c","image":"i","resources":{"limits":{"memory":"lots"}}}]})");
        const QByteArray selector = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"c"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})";
        const QByteArray address = R"({"spec":{"clusterIP":"10.96.0.77"}})";
        const QByteArray immutable = R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"kept","uid":"00000000-0000-0000-0000-000000000000"}})";

        row("JSON that breaks off", "POST", kMaps, kJson, "{\"apiVersion\":\"v1\",\"kind\":\"Conf", 400, "BadRequest", "");
        row("no JSON at all", "POST", kMaps, kJson, "hello", 400, "BadRequest", "(68656c6c6f)");
        row("nothing", "POST", kMaps, kJson, "", 400, "BadRequest", "");
        row("arrays within arrays without end", "POST", kMaps, kJson, deep, 400, "BadRequest", "");
        row("YAML with a tab", "POST", kMaps, kYaml, "apiVersion: v1\n\tkind: ConfigMap\n", 400, "BadRequest", "yaml");
        row("YAML that refers to itself", "POST", kMaps, kYaml, "a: &a [*a]\n", 400, "BadRequest", "");
        row("bytes as protobuf", "POST", kMaps, "application/vnd.kubernetes.protobuf", QByteArray("k8s\0\xff\xff\xff\xff", 8), 400, "BadRequest", "");
        row("a media type of its own", "POST", kMaps, "application/x-things", map("a"), 415, "UnsupportedMediaType", "");
        row("an unknown field", "POST", kMaps + strict, kJson, unknown, 400, "BadRequest", "unknown field \"dada\"");
        row("a field given twice", "POST", kMaps + strict, kJson, twice, 400, "BadRequest", "duplicate field \"data\"");
        row("a number for a string", "POST", kMaps, kJson, numbers, 400, "BadRequest", "cannot unmarshal number");
        row("an array for an object", "POST", kMaps, kJson, list, 400, "BadRequest", "cannot unmarshal array");
        row("a string for an object", "POST", kMaps, kJson, text, 400, "BadRequest", "cannot unmarshal string");
        row("another kind", "POST", kMaps, kJson, pod("a", "{}"), 400, "BadRequest", "");
        row("no kind of its group", "POST", kDeployments, kJson, R"({"apiVersion":"apps/v1","kind":"Nope"})", 400, "BadRequest",
            "Nope in version \"v1\" cannot be handled as a Deployment: no kind \"Nope\" is registered for version \"apps/v1\"");
        row("a name in capitals", "POST", kMaps, kJson, map("Capital"), 422, "Invalid", "metadata.name");
        row("a name that is too long", "POST", kMaps, kJson, map(QByteArray(254, 'a')), 422, "Invalid", "must be no more than 253");
        row("a name that climbs", "POST", kMaps, kJson, map("../a"), 422, "Invalid", "metadata.name");
        row("no namespace of that name", "POST", "/api/v1/namespaces/nowhere/configmaps", kJson, map("a"), 404, "NotFound", "namespaces \"nowhere\" not found");
        row("a Pod without containers", "POST", kPods, kJson, noContainers, 422, "Invalid", "spec.containers: Required value");
        row("a container without an image", "POST", kPods, kJson, noImage, 422, "Invalid", "spec.containers[0].image: Required value");
        row("a port beyond all ports", "POST", kPods, kJson, badPort, 422, "Invalid", "spec.containers[0].ports[0].containerPort");
        row("an amount that is none", "POST", kPods, kJson, badMemory, 400, "BadRequest", "quantities must match the regular expression");
        row("a selector beside its labels", "POST", kDeployments, kJson, selector, 422, "Invalid", "`selector` does not match template `labels`");
        row("an immutable field", "PATCH", kServices + "/kept", "application/merge-patch+json", address, 422, "Invalid", "may not change once set");
        row("another identity", "PUT", kMaps + "/kept", kJson, immutable, 409, "Conflict", "Precondition failed: UID");
        row("a patch that is no list", "PATCH", kMaps + "/kept", "application/json-patch+json", "{}", 400, "BadRequest", "");
        row("a patch of what is not there", "PATCH", kMaps + "/kept", "application/json-patch+json",
            R"([{"op":"remove","path":"/data/zzz"}])", 422, "Invalid", "");
        row("an apply without a manager", "PATCH", kMaps + "/kept", "application/apply-patch+yaml", map("kept"), 422, "Invalid", "fieldManager");
        row("four MiB", "POST", kMaps, kJson, map("a", ",\"data\":{\"x\":\"" + QByteArray(4 << 20, 'x') + "\"}"), 413, "RequestEntityTooLarge", "limit is 3145728");
        row("more data than a ConfigMap takes", "POST", kMaps, kJson, map("a", ",\"data\":{\"x\":\"" + QByteArray((1 << 20) + 1, 'x') + "\"}"), 422, "Invalid", "Too long");
        row("a path that is none", "POST", "/apis/example.com/v1/things", kJson, "{}", 404, "NotFound", "");
        row("a verb that is none", "PUT", kMaps, kJson, map("a"), 405, "MethodNotAllowed", "");
        row("a limit that is no number", "GET", kMaps + "?limit=many", kJson, "", 400, "BadRequest", "");
    }
    void isRefused() {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, path);
        QFETCH(QByteArray, type);
        QFETCH(QByteArray, body);
        QFETCH(int, code);
        QFETCH(QByteArray, reason);
        QFETCH(QByteArray, words);
        const HttpAnswer answer = ask(method, path, type, body);
        QVERIFY2(answer.code == code, answer.body.left(600).constData());
        QCOMPARE(answer.status["kind"].toString(), QString("Status"));
        QCOMPARE(answer.status["status"].toString(), QString("Failure"));
        QCOMPARE(answer.status["code"].toInt(), code);
        QCOMPARE(answer.status["reason"].toString().toUtf8(), reason);
        const QByteArray message = answer.status["message"].toString().toUtf8();
        QVERIFY2(!message.isEmpty() && message.contains(words), message.left(600).constData());
    }

    void wrongTokensAreNobody() {
        for (const QByteArray token : {"nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ."}) {
            const HttpAnswer answer = ask("GET", kMaps, kJson, "", token);
            QCOMPARE(answer.code, 401);
            QCOMPARE(answer.status["reason"].toString(), QString("Unauthorized"));
        }
    }

    void requestsThatBreakOffDoNothing() {
        const QByteArray whole = map("half");
        for (const qsizetype length : {qsizetype(0), whole.size() / 2, whole.size() - 1}) {
            const auto socket = connected();
            socket->write("POST " + kMaps + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: " +
                          QByteArray::number(whole.size()) + "\r\n\r\n" + whole.left(length));
            QVERIFY(socket->waitForBytesWritten(kWaitMs));
            socket->abort();
        }
        const auto socket = connected();
        socket->write("POST " + kMaps + " HTTP/1.1\r\nHost: te");
        QVERIFY(socket->waitForBytesWritten(kWaitMs));
        socket->abort();
        QCOMPARE(ask("GET", kMaps + "/half", kJson, "").code, 404);
    }

    void whatIsNoHttpIsAnsweredOrCut() {
        for (const QByteArray noise : {"\x16\x03\x01 hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}) {
            const auto socket = connected();
            socket->write(noise);
            const HttpAnswer answer = read(*socket);
            QVERIFY2(answer.code == 0 || answer.code == 400 || answer.code == 505, answer.body.constData());
        }
    }

    void nothingHasChangedAndItStillServes() {
        QCOMPARE(everything(), m_before);
        QVERIFY(m_cluster.kubectl("get --raw /readyz").ok());
        QVERIFY2(m_cluster.terminate(), qPrintable(m_cluster.log()));
    }
};

QTEST_GUILESS_MAIN(BadInputTest)
#include "bad_input_test.moc"
