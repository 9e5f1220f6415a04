// The agent's own server in the real node image, under plain qemu, with containerd behind it: a command's input ends,
// its exit code and its terminal's size arrive; an image that no registry has is brought and run.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <future>
#include <map>
#include <memory>
#include <mutex>

#include "cluster/base/pki/certificate.h"
#include "cluster/client/transport/http_client.h"
#include "tests/vmnodes/image/machine.h"

using namespace qd;
using namespace std::chrono_literals;
using image::Machine;

namespace {

constexpr int kBootSeconds = 180;
constexpr int kPodSeconds = 180;  // emulated: a sandbox alone takes up to ten seconds
constexpr int kSessionTime = 60'000;  // ms; a failure takes three times as long, as Qt Test goes on waiting
constexpr const char* kNodeAddress = "192.0.2.11";

constexpr const char* kWeb = R"yaml(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: main
    image: quarterdeck.dev/lab:1
)yaml";

constexpr const char* kLoaded = R"yaml(apiVersion: v1
kind: Pod
metadata: {name: loaded}
spec:
  containers:
  - name: main
    image: quarterdeck.dev/brought:1
    imagePullPolicy: Never
)yaml";

constexpr const char* kImages = R"json([{
  "name": "quarterdeck.dev/brought:1",
  "files": {"/lab": "lab"},
  "entrypoint": ["/lab"],
  "env": ["PATH=/", "LAB_VERSION=brought"]
}])json";

void write(const QString& path, const QByteArray& text) {
    QFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write(text);
}

// What a WebSocket client of v5.channel.k8s.io has received, by channel.
class Session final : public http::ChannelHandler {
public:
    void opened(std::shared_ptr<http::Channel> channel) override {
        const std::lock_guard lock(m_mutex);
        m_channel = std::move(channel);
    }
    void received(std::string message, bool) override {
        const std::lock_guard lock(m_mutex);
        if (!message.empty()) m_received[static_cast<unsigned char>(message.front())] += message.substr(1);
    }
    void closed(std::uint16_t code, std::string_view) override {
        const std::lock_guard lock(m_mutex);
        m_closedWith = code;
    }

    void send(int channel, const std::string& text) {
        const std::lock_guard lock(m_mutex);
        if (m_channel) m_channel->send({http::bytes(static_cast<char>(channel) + text)});
    }
    void endInput() { send(255, std::string(1, '\0')); }
    QString text(int channel) const {
        const std::lock_guard lock(m_mutex);
        const auto found = m_received.find(channel);
        return found == m_received.end() ? QString() : QString::fromStdString(found->second);
    }
    QJsonObject status() const { return QJsonDocument::fromJson(text(3).toUtf8()).object(); }
    int closedWith() const {
        const std::lock_guard lock(m_mutex);
        return m_closedWith;
    }

private:
    mutable std::mutex m_mutex;
    std::shared_ptr<http::Channel> m_channel;
    std::map<int, std::string> m_received;
    int m_closedWith = 0;
};

}  // namespace

class NodeServerBootTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        QProcess build;
        build.start(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/build"), {"--path"});
        build.waitForFinished();
        const QString image = QString::fromUtf8(build.readAllStandardOutput()).trimmed();
        QVERIFY2(build.exitCode() == 0 && !image.isEmpty(), "the node image is not built: run vmnodes/image/build");
        m_machine = std::make_unique<Machine>(image);
        const QString folder = m_machine->folder();
        makeArchive(folder);
        QCOMPARE(QProcess::execute(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/pack-agent"),
                                   {QD_AGENT, folder + "/agent.erofs"}),
                 0);
        configure(folder);
        for (const auto& [key, value] : {std::pair{"hostname", "n1"},
                                         {"address", "192.0.2.11/24"},
                                         {"podcidr", "10.244.1.0/24"},
                                         {"mac", "52:54:00:00:00:01"},
                                         {"emulated", "1"},
                                         {"debug", "shell"}})
            m_machine->setSetting(key, value);
        m_machine->addDataDisk("12G");
        m_machine->addDisk("qd-config", folder + "/config.tar", "raw", true);
        m_machine->addDisk("qd-agent", folder + "/agent.erofs", "raw", true);
        const int port = m_machine->forwardPort(kNodeAddress, 10250);
        QVERIFY(m_machine->start());
        QVERIFY2(m_machine->waitForConsole("containerd://", kBootSeconds), qPrintable(m_machine->console()));
        client::HttpClientOptions options;
        options.server = "https://127.0.0.1:" + std::to_string(port);
        options.authoritiesPem = m_authority->certificate().pem();
        options.certificatePem = m_caller.certificatePem;
        options.keyPem = m_caller.keyPem;
        auto created = client::HttpClient::create(m_threads, options, m_clock);
        QVERIFY(created.has_value());
        m_client = std::move(*created);
        QVERIFY(waitForStatus("web-n1_default", "Running ready=True"));
    }

    void cleanup() {
        if (QTest::currentTestFailed()) qInfo().noquote() << "the guest's console:\n" << m_machine->console();
    }

    void aCommandsInputEndsAndSoDoesTheCommand() {
        const auto session = exec("command=/lab&command=cat&input=1&output=1&error=1");
        QVERIFY(session != nullptr);
        const std::string line = "a line\n";
        std::string much;
        while (much.size() < 300'000) much += line;
        session->send(0, much);
        session->endInput();
        QTRY_VERIFY_WITH_TIMEOUT(session->closedWith() != 0, kSessionTime);
        QCOMPARE(session->text(1).size(), qsizetype(much.size()));
        QVERIFY(session->text(1) == QString::fromStdString(much));
        QCOMPARE(session->status()["status"].toString(), "Success");
        QCOMPARE(session->closedWith(), 1000);
    }

    void theExitCodeArrives() {
        const auto session = exec("command=/lab&command=exit&command=7&output=1&error=1");
        QVERIFY(session != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(session->closedWith() != 0, kSessionTime);
        const QJsonObject status = session->status();
        QCOMPARE(status["reason"].toString(), "NonZeroExitCode");
        const QJsonObject cause = status["details"].toObject()["causes"].toArray().at(0).toObject();
        QCOMPARE(cause["reason"].toString(), "ExitCode");
        QCOMPARE(cause["message"].toString(), "7");
    }

    void bothOutputsArriveOnTheirChannels() {
        const auto session = exec("command=/lab&command=ls&command=/none&output=1&error=1");
        QVERIFY(session != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(session->closedWith() != 0, kSessionTime);
        QVERIFY2(session->text(2).contains("no such file"), qPrintable(session->text(2)));
        QCOMPARE(session->text(1), "");
    }

    void aTerminalHasTheSizeThatIsWished() {
        const auto session = exec("command=/lab&command=cat&input=1&output=1&tty=1");
        QVERIFY(session != nullptr);
        session->send(0, "hello\n");
        QTRY_VERIFY_WITH_TIMEOUT(session->text(1).count("hello") == 2, kSessionTime);  // the terminal's echo, and cat
        session->send(4, R"({"Width":123,"Height":45})");
        const QString size =
            "for p in $(pidof lab); do grep -q cat /proc/$p/cmdline && stty -F /proc/$p/fd/0 size; done";
        QTRY_COMPARE_WITH_TIMEOUT(m_machine->shell(size, 60).trimmed(), "45 123", kSessionTime);
        session->send(0, "\x04");  // end of input, at a terminal
        QTRY_VERIFY_WITH_TIMEOUT(session->closedWith() != 0, kSessionTime);
        QCOMPARE(session->status()["status"].toString(), "Success");
    }

    void aCommandThatIsNotThereIsAnErrorInItsStatus() {
        const auto session = exec("command=/none&output=1&error=1");
        QVERIFY(session != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(session->closedWith() != 0, kSessionTime);
        QCOMPARE(session->status()["status"].toString(), "Failure");
        QVERIFY2(session->text(3).contains("/none"), qPrintable(session->text(3)));
    }

    void whatIsNoArchiveIsRefused() {
        QCOMPARE(post("/images/bad?offset=0", "no archive at all").first, 200);
        const auto [code, words] = post("/images/bad/import", "");
        QCOMPARE(code, 400);
        QVERIFY2(words.startsWith("containerd cannot import the archive: "), qPrintable(words));
    }

    void anImageThatIsBroughtIsRun() {
        QFile archive(m_archive);
        QVERIFY(archive.open(QIODevice::ReadOnly));
        qint64 offset = 0;
        for (QByteArray part = archive.read(2 << 20); !part.isEmpty(); part = archive.read(2 << 20)) {
            const auto [code, words] = post("/images/first?offset=" + std::to_string(offset), part.toStdString());
            QVERIFY2(code == 200, qPrintable(words));
            offset += part.size();
        }
        QElapsedTimer timer;
        timer.start();
        const auto [code, words] = post("/images/first/import", "");
        QVERIFY2(code == 200, qPrintable(words));
        QCOMPARE(words.trimmed(), R"({"images":["quarterdeck.dev/brought:1"]})");
        qInfo("%lld bytes were imported in %.1f s", static_cast<long long>(offset),
              static_cast<double>(timer.elapsed()) / 1000);
        QVERIFY(waitForStatus("loaded-n1_default", "Running ready=True"));
        QVERIFY(m_machine->shell("ls /var/lib/kubelet/image-uploads").trimmed().isEmpty());
    }

private:
    // An OCI archive, packed by gzip, of an image that the node image does not hold.
    void makeArchive(const QString& folder) {
        QProcess go;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("GOTOOLCHAIN", QD_GO_TOOLCHAIN);
        environment.insert("CGO_ENABLED", "0");
        environment.insert("GOFLAGS", "-buildvcs=false");
        go.setProcessEnvironment(environment);
        go.setProcessChannelMode(QProcess::ForwardedChannels);
        const auto build = [&](const QString& module) {
            go.setWorkingDirectory(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/") + module);
            go.start(QD_GO, {"build", "-trimpath", "-o", folder + "/" + module, "."});
            QVERIFY(go.waitForFinished(300'000));
            QCOMPARE(go.exitCode(), 0);
        };
        build("lab");
        build("oci");
        write(folder + "/images.json", kImages);
        const QString tar = folder + "/brought.tar";
        QCOMPARE(QProcess::execute(folder + "/oci", {"-programs", folder, "-output", tar, folder + "/images.json"}), 0);
        QCOMPARE(QProcess::execute("gzip", {"-1", tar}), 0);
        m_archive = tar + ".gz";
    }

    void configure(const QString& folder) {
        const auto validity = pki::Validity::from(m_clock.now(), std::chrono::days(2));
        m_authority = std::make_unique<pki::Authority>(pki::Authority::create("test", validity).value());
        const pki::Identity server =
            m_authority->issueServer({.commonName = "n1", .ipAddresses = {kNodeAddress, "127.0.0.1"}}, validity)
                .value();
        m_caller =
            m_authority->issueClient({.commonName = "admin", .organizations = {"system:masters"}}, validity).value();
        const QString config = folder + "/config";
        QDir(folder).mkpath("config/manifests");
        write(config + "/manifests/web.yaml", kWeb);
        write(config + "/manifests/loaded.yaml", kLoaded);
        write(config + "/ca.crt", QByteArray::fromStdString(m_authority->certificate().pem()));
        write(config + "/serving.crt", QByteArray::fromStdString(server.certificatePem));
        write(config + "/serving.key", QByteArray::fromStdString(server.keyPem));
        QCOMPARE(QProcess::execute("tar", {"--format=ustar", "-cf", folder + "/config.tar", "-C", config, "manifests",
                                           "ca.crt", "serving.crt", "serving.key"}),
                 0);
    }

    std::shared_ptr<Session> exec(const std::string& query) {
        auto session = std::make_shared<Session>();
        std::promise<QString> opened;
        auto outcome = opened.get_future();
        m_client->openWebSocket({.target = "/exec/default/web-n1/main?" + query}, {"v5.channel.k8s.io"}, session,
                                [&](Result<std::string> result) {
                                    opened.set_value(result ? QString::fromStdString(*result)
                                                            : QString::fromStdString(result.error().message));
                                });
        const QString said = outcome.get();
        if (said == "v5.channel.k8s.io") return session;
        qWarning().noquote() << "no session:" << said;
        return nullptr;
    }

    std::pair<int, QString> post(const std::string& target, const std::string& body) {
        const auto response = m_client->send({.method = "POST", .target = target, .body = body}, 300s);
        if (!response) return {0, QString::fromStdString(response.error().message)};
        return {response->code, QString::fromStdString(response->body)};
    }

    bool waitForStatus(const QString& pod, const QString& status) {
        return QTest::qWaitFor(
            [&] {
                for (const QString& line : m_machine->console().split('\n'))
                    if (line.contains(pod) && line.contains(status)) return true;
                return false;
            },
            kPodSeconds * 1000);
    }

    base::SystemClock m_clock;
    client::HttpThreads m_threads;
    std::unique_ptr<client::HttpClient> m_client;
    std::unique_ptr<Machine> m_machine;
    std::unique_ptr<pki::Authority> m_authority;
    pki::Identity m_caller;
    QString m_archive;
};

QTEST_GUILESS_MAIN(NodeServerBootTest)
#include "node_server_boot_test.moc"
