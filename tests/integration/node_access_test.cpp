// kubectl logs, exec and the proxies against a node agent that the test itself plays on loopback.
#include <QFile>
#include <QJsonArray>
#include <QJsonObject>
#include <QtTest>
#include <mutex>

#include "cluster/apiserver/transport/server.h"
#include "cluster/base/executor.h"
#include "cluster/base/pki/certificate.h"
#include "tests/integration/control_plane_process.h"

using namespace qd;
using qd::test::ControlPlaneProcess;
using qd::test::Outcome;

namespace {

const QByteArray kObjects = R"(apiVersion: v1
kind: Node
metadata: {name: played}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeName: played
  containers:
  - {name: main, image: img}
  - {name: side, image: img}
---
apiVersion: v1
kind: Pod
metadata: {name: waiting}
spec:
  containers:
  - {name: main, image: img}
)";

std::string contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

// Runs "commands": says which one it was given, and that it succeeded.
class Command final : public http::ChannelHandler {
public:
    explicit Command(std::string what) : m_what(std::move(what)) {}
    void opened(std::shared_ptr<http::Channel> channel) override {
        channel->send({http::bytes("\x01" + m_what + "\n")});
        channel->send({http::bytes("\x03{\"metadata\":{},\"status\":\"Success\"}")});
        channel->close();
    }
    void received(std::string, bool) override {}
    void closed(std::uint16_t, std::string_view) override {}

private:
    std::string m_what;
};

apiserver::Response text(std::string body, int code = 200) {
    apiserver::Response response;
    response.code = code;
    response.headers = {{"Content-Type", "text/plain"}};
    response.body = {http::bytes(std::move(body))};
    return response;
}

apiserver::Response playAgent(const apiserver::Request& request) {
    if (!request.peer || request.peer->commonName != "kube-apiserver-kubelet-client") return text("who are you?", 401);
    if (request.path.starts_with("/containerLogs/default/web/")) {
        if (request.query.has("previous"))
            return text("previous terminated container \"side\" in pod \"web\" not found", 400);
        return text("log of " + request.path + "?" + request.rawQuery + "\n");
    }
    if (request.path.starts_with("/exec/")) {
        apiserver::Response response;
        response.code = 101;
        std::string what;
        for (const auto part : request.query.all("command")) what += (what.empty() ? "" : " ") + std::string(part);
        response.upgrade = apiserver::Upgrade{
            .protocol = "websocket", .subprotocol = "v5.channel.k8s.io", .handler = std::make_shared<Command>(what)};
        return response;
    }
    return text("agent says: " + request.path + "?" + request.rawQuery);
}

}  // namespace

class NodeAccessTest final : public QObject {
    Q_OBJECT

    ControlPlaneProcess m_cluster{{"--controllers", "serviceaccount", "--hollow-nodes", "0"}};
    base::SystemClock m_clock;
    std::unique_ptr<apiserver::Server> m_agent;

    void startAgent() {
        const QString pki = m_cluster.folder() + "/data/pki/";
        const auto authority = pki::Authority::load(contentOf(pki + "ca.crt"), contentOf(pki + "ca.key"));
        QVERIFY(authority.has_value());
        const auto identity = authority->issueServer({.commonName = "system:node:played", .ipAddresses = {"127.0.0.1"}},
                                                     pki::Validity::from(m_clock.now(), std::chrono::days(1)));
        QVERIFY(identity.has_value());
        apiserver::ServerOptions options;
        options.listen = {{"127.0.0.1", 0}};
        options.identity = {identity->certificatePem, identity->keyPem};
        options.clientAuthoritiesPem = authority->certificate().pem();
        auto started = apiserver::Server::start(std::move(options), m_clock, playAgent);
        QVERIFY(started.has_value());
        m_agent = std::move(*started);
    }

private slots:
    void initTestCase() {
        QVERIFY2(m_cluster.start(), qPrintable(m_cluster.log()));
        startAgent();
        VERIFY_OK(m_cluster.kubectl("apply -f " + m_cluster.write("objects.yaml", kObjects)));
        const QString status =
            QString(
                R"({"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":%1}}}})")
                .arg(m_agent->addresses().front().port);
        VERIFY_OK(m_cluster.kubectl(
            QStringList{"patch", "node", "played", "--subresource=status", "--type=merge", "-p", status}));
    }

    void logsComeFromTheNodesAgent() {
        const Outcome logs = m_cluster.kubectl("logs web -c side --tail 5 --timestamps");
        VERIFY_OK(logs);
        QCOMPARE(logs.out.trimmed(),
                 QString("log of /containerLogs/default/web/side?stream=All&tailLines=5&timestamps=true"));
    }

    void aPodWithSeveralContainersNeedsOneNamed() {
        const Outcome logs = m_cluster.kubectl("get --raw /api/v1/namespaces/default/pods/web/log");
        QVERIFY2(logs.error.contains("a container name must be specified for pod web, choose one of: [main side]"),
                 logs.text().constData());
        const Outcome unknown = m_cluster.kubectl("logs web -c none");
        QVERIFY2(unknown.error.contains("container none is not valid for pod web"), unknown.text().constData());
    }

    void whatTheAgentRefusesIsToldInItsWords() {
        const Outcome logs = m_cluster.kubectl("logs web -c side --previous");
        QVERIFY2(logs.error.contains("previous terminated container \"side\" in pod \"web\" not found"),
                 logs.text().constData());
    }

    void aPodThatIsNowhereHasNoLogsAndRunsNoCommands() {
        const Outcome logs = m_cluster.kubectl("get --raw /api/v1/namespaces/default/pods/waiting/log");
        VERIFY_OK(logs);
        QCOMPARE(logs.out, QString());
        const Outcome command = m_cluster.kubectl("exec waiting -- true");
        QVERIFY2(command.error.contains("pod waiting does not have a host assigned"), command.text().constData());
    }

    void aCommandRunsOverAWebSocket() {
        const Outcome command = m_cluster.kubectl("exec web -c main -- echo a b");
        VERIFY_OK(command);
        QCOMPARE(command.out.trimmed(), QString("echo a b"));
    }

    void theAgentItselfIsReachedThroughTheNodesProxy() {
        const Outcome answer = m_cluster.kubectl("get --raw /api/v1/nodes/played/proxy/stats/summary?only=cpu");
        VERIFY_OK(answer);
        QCOMPARE(answer.out, QString("agent says: /stats/summary?only=cpu"));
    }

    void noProxyLeadsToTheHostItself() {
        VERIFY_OK(m_cluster.kubectl(QStringList{"patch", "pod", "web", "--subresource=status", "--type=merge", "-p",
                                                R"({"status":{"podIP":"127.0.0.1","podIPs":[{"ip":"127.0.0.1"}]}})"}));
        const Outcome answer = m_cluster.kubectl("get --raw /api/v1/namespaces/default/pods/web:6443/proxy/");
        QVERIFY2(answer.error.contains("address not allowed"), answer.text().constData());
    }

    void aServiceWithoutPodsSaysSo() {
        const Outcome answer =
            m_cluster.kubectl("get --raw /api/v1/namespaces/default/services/kubernetes:8080/proxy/");
        QVERIFY2(answer.error.contains("no service port 8080 found for service \"kubernetes\""),
                 answer.text().constData());
    }

    void wrongLogOptionsAreRefusedByField() {
        const Outcome answer = m_cluster.kubectl("get --raw /api/v1/namespaces/default/pods/web/log?tailLines=-1");
        QVERIFY2(answer.error.contains("tailLines: Invalid value: -1: must be greater than or equal to 0"),
                 answer.text().constData());
    }

    void cleanupTestCase() { QVERIFY(m_cluster.terminate()); }
};

QTEST_GUILESS_MAIN(NodeAccessTest)
#include "node_access_test.moc"
