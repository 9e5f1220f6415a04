#include "vmnodes/agent/server/node_server.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

#include "cluster/base/simulation.h"
#include "tests/vmnodes/agent/fake_cluster.h"
#include "tests/vmnodes/agent/fake_runtime.h"

using namespace qd;
using namespace qd::agent;
using namespace qd::agent::server;
using namespace std::chrono_literals;

namespace {

class NoMounts final : public volumes::Mounter {
public:
    Result<void> mountMemory(const std::string&, std::uint64_t) override { return {}; }
    Result<void> bindBelow(const std::string&, const std::string&, const std::string&) override { return {}; }
    Result<void> unmount(const std::string&) override { return {}; }
};

class NoProbes final : public sync::ProbeSource {
public:
    void follow(const std::shared_ptr<const corev1::Pod>&, const sync::Observed&) override {}
    void forget(const std::string&) override {}
    sync::ProbeTable verdicts(const std::string&) override { return {}; }
};

class RememberedSessions final : public SessionOpener {
public:
    apiserver::Response open(const std::string& url, const apiserver::Request&) override {
        opened.push_back(url);
        apiserver::Response response;
        response.code = 101;
        return response;
    }
    std::vector<std::string> opened;
};

class Importer final : public images::ImageImporter {
public:
    // What it finds in a file is an image's name; an empty one is no archive.
    Result<std::vector<std::string>> import(const std::string& archive) override {
        path = archive;
        std::ifstream file(archive);
        std::string name;
        if (!(file >> name)) return fail(Reason::BadRequest, "unrecognized image format");
        return std::vector<std::string>{name};
    }
    std::string path;
};

std::string bodyOf(const apiserver::Response& response) {
    std::string text;
    for (const http::Bytes& part : response.body) text += *part;
    return text;
}

}  // namespace

class NodeServerTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        const std::string root = m_folder->path().toStdString();
        m_executor = std::make_unique<base::SimulatedExecutor>(1);
        m_runtime = std::make_unique<FakeRuntime>(m_executor->clock());
        m_images = std::make_unique<sync::ImagePuller>(*m_runtime, m_cluster, m_cluster, m_executor->clock());
        m_volumes = std::make_unique<volumes::Volumes>(root, m_mounts, m_cluster);
        m_context.reset(new sync::PodContext{.runtime = *m_runtime,
                                             .images = *m_images,
                                             .volumes = *m_volumes,
                                             .cgroups = nullptr,
                                             .cluster = m_cluster,
                                             .events = m_cluster,
                                             .probes = m_probes,
                                             .executor = *m_executor,
                                             .root = root,
                                             .sandbox = {.dns = {}, .logRoot = root + "/logs"},
                                             .containerLogLinks = root + "/links",
                                             .node = [] { return sync::NodeFacts{}; }});
        m_workers = std::make_unique<sync::PodWorkers>(*m_context);
        m_sessions.opened.clear();
        m_uploads = std::make_unique<images::Uploads>(root + "/uploads", m_executor->clock());
        m_endpoint = std::make_unique<ImageEndpoint>(*m_uploads, m_importer);
        m_server =
            std::make_unique<NodeServer>(*m_executor, *m_runtime, *m_workers, m_sessions, *m_endpoint, Callers{});
        auto pod = std::make_shared<corev1::Pod>();
        pod->metadata.name = "web";
        pod->metadata.namespace_ = "default";
        pod->metadata.uid = "u1";
        pod->spec.restartPolicy = "Always";
        for (const char* name : {"main", "other"}) {
            auto& container = pod->spec.containers.emplace_back();
            container.name = name;
            container.image = std::string(name) == "main" ? "image:1" : "absent:1";
            container.imagePullPolicy = "Never";
        }
        m_runtime->addImage("image:1");
        m_workers->update(pod);
        m_executor->runFor(1s);
        std::ofstream(root + "/logs/default_web_u1/main/0.log") << "2026-01-01T00:00:01Z stdout F one\n"
                                                                   "2026-01-01T00:00:02Z stdout F two\n";
    }
    void cleanup() {
        m_server.reset();
        m_workers.reset();
    }

    void onlyTheApiServerIsAnswered() {
        auto request = to("/healthz");
        request.peer.reset();
        QCOMPARE(m_server->handle(request).code, 401);
        request.peer = apiserver::PeerCertificate{"system:node:n1", {"system:nodes"}, ""};
        QCOMPARE(m_server->handle(request).code, 403);
        QCOMPARE(m_server->handle(to("/healthz")).code, 200);
        QCOMPARE(m_server->handle(to("/nothing")).code, 404);
    }

    void logsAreStreamed() {
        QCOMPARE(readAll(m_server->handle(to("/containerLogs/default/web/main", "tailLines=1"))), std::string("two\n"));
    }

    void whyThereIsNoLogIsSaidInKubeletsWords() {
        const auto said = [&](const char* path, const char* query = "") {
            const auto response = m_server->handle(to(path, query));
            return QString("%1 %2").arg(response.code).arg(QString::fromStdString(bodyOf(response)).trimmed());
        };
        QCOMPARE(said("/containerLogs/default/absent/main"), QString("404 pod does not exist: \"absent\""));
        QCOMPARE(said("/containerLogs/default/web/x"), QString("404 container \"x\" not found in pod \"web\""));
        QCOMPARE(said("/containerLogs/default/web/other"),
                 QString("400 container \"other\" in pod \"web\" is waiting to start: ErrImageNeverPull"));
        QCOMPARE(said("/containerLogs/default/web/main", "previous=true"),
                 QString("400 previous terminated container \"main\" in pod \"web\" not found"));
        QCOMPARE(said("/containerLogs/default/web/main", "tailLines=x"), QString("400 tailLines: x is no number"));
    }

    void thePreviousLogIsThatOfTheInstanceBefore() {
        m_runtime->endContainer("main", 1);
        m_workers->poke("u1");
        m_executor->runFor(1s);
        const std::string folder = m_folder->path().toStdString() + "/logs/default_web_u1/main";
        std::ofstream(folder + "/1.log") << "2026-01-01T00:00:03Z stdout F three\n";
        QCOMPARE(readAll(m_server->handle(to("/containerLogs/default/web/main"))), std::string("three\n"));
        QCOMPARE(readAll(m_server->handle(to("/containerLogs/default/web/main", "previous=true"))),
                 std::string("one\ntwo\n"));
    }

    void anArchiveComesInPartsAndIsImported() {
        QCOMPARE(post("/images/abc-1", "offset=0", "quarterdeck.dev/"), QString("200 {\"size\":16}"));
        QCOMPARE(post("/images/abc-1", "offset=16", "web:1"), QString("200 {\"size\":21}"));
        QCOMPARE(post("/images/abc-1/import", "", ""), QString("200 {\"images\":[\"quarterdeck.dev/web:1\"]}"));
        QVERIFY(!std::filesystem::exists(m_importer.path));
        QCOMPARE(post("/images/abc-1/import", "", ""), QString("404 there is no archive \"abc-1\" here"));
    }

    void aPartThatDoesNotFollowTheOnesBeforeIsRefused() {
        QCOMPARE(post("/images/a", "offset=4", "late"), QString("409 the archive has 0 bytes so far, not 4"));
        QCOMPARE(post("/images/a", "offset=0", "four"), QString("200 {\"size\":4}"));
        QCOMPARE(post("/images/a", "offset=2", "late"), QString("409 the archive has 4 bytes so far, not 2"));
        QCOMPARE(post("/images/a", "offset=0", "anew:1"), QString("200 {\"size\":6}"));
        QCOMPARE(post("/images/a/import", "", ""), QString("200 {\"images\":[\"anew:1\"]}"));
    }

    void anArchiveThatIsNoneIsRefusedAndForgotten() {
        post("/images/a", "offset=0", "");
        QCOMPARE(post("/images/a/import", "", ""), QString("400 unrecognized image format"));
        QVERIFY(!std::filesystem::exists(m_importer.path));
    }

    void badUploadsAreRefused_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("query");
        QTest::addColumn<int>("code");
        QTest::newRow("a path as id") << "POST"
                                      << "/images/..%2fx"
                                      << "offset=0" << 400;
        QTest::newRow("a long id") << "POST"
                                   << "/images/" + QString(65, 'a') << "offset=0" << 400;
        QTest::newRow("no offset") << "POST"
                                   << "/images/a"
                                   << "" << 400;
        QTest::newRow("an offset that is no number") << "POST"
                                                     << "/images/a"
                                                     << "offset=1x" << 400;
        QTest::newRow("no id") << "POST"
                               << "/images"
                               << "offset=0" << 404;
        QTest::newRow("another verb") << "POST"
                                      << "/images/a/b"
                                      << "" << 404;
        QTest::newRow("another method") << "PUT"
                                        << "/images/a"
                                        << "offset=0" << 405;
    }
    void badUploadsAreRefused() {
        QFETCH(QString, method);
        QFETCH(QString, path);
        QFETCH(QString, query);
        QFETCH(int, code);
        auto request = to(path.toStdString().c_str(), query.toStdString().c_str());
        request.method = method.toStdString();
        QCOMPARE(settled(m_server->handle(std::move(request)))->code, code);
    }

    void aPartThatIsTooLongIsRefused() {
        auto request = to("/images/a", "offset=0");
        request.method = "POST";
        request.bodyTooLarge = true;
        QCOMPARE(settled(m_server->handle(std::move(request)))->code, 413);
    }

    void anUploadThatNobodyGoesOnWithIsRemoved() {
        post("/images/old", "offset=0", "x");
        m_executor->runFor(2h);
        post("/images/new", "offset=0", "x");
        QVERIFY(!std::filesystem::exists(m_folder->path().toStdString() + "/uploads/old"));
        QCOMPARE(post("/images/old/import", "", ""), QString("404 there is no archive \"old\" here"));
    }

    void anUploadCanBeForgotten() {
        post("/images/a", "offset=0", "x");
        auto request = to("/images/a");
        request.method = "DELETE";
        QCOMPARE(settled(m_server->handle(std::move(request)))->code, 200);
        QVERIFY(!std::filesystem::exists(m_folder->path().toStdString() + "/uploads/a"));
    }

    void aFollowedLogWaitsAndGoesOn() {
        auto response = m_server->handle(to("/containerLogs/default/web/main", "follow=true&tailLines=0"));
        int woken = 0;
        response.stream->start([&] { ++woken; });
        http::Buffers out;
        QVERIFY(response.stream->next(out) == apiserver::BodySource::State::Waiting);
        std::ofstream(m_folder->path().toStdString() + "/logs/default_web_u1/main/0.log", std::ios::app)
            << "2026-01-01T00:00:09Z stdout F nine\n";
        m_executor->runFor(1s);
        QCOMPARE(woken, 1);
        QVERIFY(response.stream->next(out) == apiserver::BodySource::State::More);
        QCOMPARE(*out.at(0), std::string("nine\n"));
    }

    void aSessionWithAContainerThatDoesNotRunIsRefused() {
        const auto answer = settled(m_server->handle(to("/exec/default/web/other", "command=sh&output=1")));
        QCOMPARE(answer->code, 404);
        QVERIFY(m_sessions.opened.empty());
    }

private:
    static apiserver::Request to(const char* path, const char* query = "") {
        apiserver::Request request;
        request.path = path;
        request.rawQuery = query;
        request.query = http::Query::parse(query);
        request.peer = apiserver::PeerCertificate{"kube-apiserver-kubelet-client", {}, ""};
        return request;
    }
    // What a gated response becomes.
    std::unique_ptr<apiserver::Response> settled(apiserver::Response response) {
        std::unique_ptr<apiserver::Response> result;
        response.gate([&](std::unique_ptr<apiserver::Response> instead) { result = std::move(instead); });
        m_executor->runReady();
        return result;
    }
    QString post(const char* path, const char* query, const char* body) {
        auto request = to(path, query);
        request.method = "POST";
        request.body = body;
        const auto answer = settled(m_server->handle(std::move(request)));
        return QString("%1 %2").arg(answer->code).arg(QString::fromStdString(bodyOf(*answer)).trimmed());
    }
    static std::string readAll(apiserver::Response response) {
        if (!response.stream) return "(no stream) " + bodyOf(response);
        response.stream->start([] {});
        http::Buffers out;
        while (response.stream->next(out) == apiserver::BodySource::State::More) {
        }
        std::string text;
        for (const http::Bytes& part : out) text += *part;
        return text;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<base::SimulatedExecutor> m_executor;
    std::unique_ptr<FakeRuntime> m_runtime;
    FakeCluster m_cluster;
    NoMounts m_mounts;
    NoProbes m_probes;
    std::unique_ptr<sync::ImagePuller> m_images;
    std::unique_ptr<volumes::Volumes> m_volumes;
    std::unique_ptr<sync::PodContext> m_context;
    std::unique_ptr<sync::PodWorkers> m_workers;
    RememberedSessions m_sessions;
    Importer m_importer;
    std::unique_ptr<images::Uploads> m_uploads;
    std::unique_ptr<ImageEndpoint> m_endpoint;
    std::unique_ptr<NodeServer> m_server;
};

QTEST_APPLESS_MAIN(NodeServerTest)
#include "node_server_test.moc"
