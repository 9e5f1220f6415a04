// Images on their way from this machine into nodes, whose agents' servers run here on loopback; only containerd is played.
#include "app/cluster/image_load.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <fstream>

#include "cluster/apiserver/transport/server.h"
#include "cluster/base/pki/certificate.h"
#include "vmnodes/agent/server/image_endpoint.h"

using namespace qd;
using namespace qd::cluster;

namespace {

// Counts what it is given.
class Importer final : public agent::images::ImageImporter {
public:
    Result<std::vector<std::string>> import(const std::string& archive) override {
        std::ifstream file(archive, std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(file), {}};
        bytes = content.size();
        if (!refuseWith.empty()) return fail(Reason::BadRequest, refuseWith);
        return std::vector<std::string>{"docker.io/library/web:1"};
    }
    std::size_t bytes = 0;
    std::string refuseWith;
};

// A node with its agent's server.
struct Node {
    Node(const std::string& folder, const pki::Authority& authority, const base::Clock& clock) : uploads(folder, clock) {
        const auto validity = pki::Validity::from(clock.now(), std::chrono::days(1));
        apiserver::ServerOptions options;
        options.listen = {{"127.0.0.1", 0}};
        const auto identity = authority.issueServer({.commonName = "node", .ipAddresses = {"127.0.0.1"}}, validity);
        options.identity = {identity->certificatePem, identity->keyPem};
        options.clientAuthoritiesPem = authority.certificate().pem();
        server = apiserver::Server::start(std::move(options), clock, [this](const apiserver::Request& request) {
                     if (!request.peer || request.peer->organizations != std::vector<std::string>{"system:masters"}) {
                         apiserver::Response refused;
                         refused.code = 403;
                         return refused;
                     }
                     largest = std::max(largest, request.body.size());
                     const bool import = request.path.ends_with("/import");
                     const std::string id = request.path.substr(8, request.path.find('/', 8) - 8);
                     return endpoint.handle(import ? std::vector<std::string>{id, "import"} : std::vector{id}, request);
                 }).value();
    }
    std::string url() const { return "https://127.0.0.1:" + std::to_string(server->addresses().front().port); }

    agent::images::Uploads uploads;
    Importer importer;
    agent::server::ImageEndpoint endpoint{uploads, importer};
    std::size_t largest = 0;
    std::unique_ptr<apiserver::Server> server;
};

ClusterView running() {
    ClusterView view;
    view.spec.name = "one";
    view.state = "Running";
    for (const char* name : {"node-1", "node-2"}) {
        NodeView node;
        node.name = name;
        node.address = std::string("192.0.2.1") + name[5];
        view.nodes.push_back(node);
    }
    return view;
}

}  // namespace

class ImageLoadTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        const auto validity = pki::Validity::from(m_clock.now(), std::chrono::days(1));
        const auto authority = pki::Authority::create("test", validity).value();
        const auto admin = authority.issueClient({.commonName = "admin", .organizations = {"system:masters"}}, validity).value();
        m_access = {authority.certificate().pem(), admin.certificatePem, admin.keyPem};
        m_first = std::make_unique<Node>(path("first"), authority, m_clock);
        m_second = std::make_unique<Node>(path("second"), authority, m_clock);
        m_targets = {{"node-1", m_first->url()}, {"node-2", m_second->url()}};
        m_steps.clear();
    }
    void cleanup() {
        m_first.reset();
        m_second.reset();
    }

    void everyNodeGetsTheWholeArchive() {
        const auto outcomes = load({write("web.tar", 5'000'000)});
        QCOMPARE(outcomes.size(), std::size_t{2});
        for (const LoadedArchive& one : outcomes) {
            QVERIFY2(!one.error, one.error ? one.error->message.c_str() : "");
            QCOMPARE(one.images, std::vector<std::string>{"docker.io/library/web:1"});
        }
        QCOMPARE(outcomes[0].node, std::string("node-1"));
        QCOMPARE(outcomes[1].node, std::string("node-2"));
        for (const Node* node : {m_first.get(), m_second.get()}) {
            QCOMPARE(node->importer.bytes, std::size_t{5'000'000});
            QVERIFY(node->largest <= 2 << 20);
        }
        QVERIFY(std::filesystem::is_empty(path("first")));
    }

    void progressIsToldForEachNode() {
        load({write("web.tar", 5'000'000)});
        for (const char* node : {"node-1", "node-2"}) {
            std::vector<StepReport> own;
            for (const StepReport& step : m_steps)
                if (step.id == std::string(node) + "/" + path("web.tar")) own.push_back(step);
            QVERIFY(own.size() >= 5);
            QCOMPARE(own.front().title, std::string("Load web.tar into ") + node);
            QVERIFY(std::ranges::is_sorted(own, {}, [](const StepReport& step) {
                return step.state == StepState::Done ? 2.0 : step.fraction;
            }));
            QVERIFY(std::ranges::any_of(own, [](const StepReport& step) { return step.detail == "4.0 of 4.8 MiB"; }));
            QVERIFY(own.back().state == StepState::Done);
            QCOMPARE(own.back().detail, std::string("docker.io/library/web:1"));
        }
    }

    void oneNodesFailureLeavesTheOthersAlone() {
        m_first->importer.refuseWith = "containerd cannot import the archive: unrecognized image format";
        m_targets.push_back({"node-3", "https://127.0.0.1:1"});
        const auto outcomes = load({write("web.tar", 1000)});
        QCOMPARE(outcomes.size(), std::size_t{3});
        QCOMPARE(outcomes[0].error->message, m_first->importer.refuseWith);
        QVERIFY(outcomes[0].error->reason == Reason::BadRequest);
        QVERIFY(!outcomes[1].error);
        QVERIFY(outcomes[2].error->reason == Reason::ServiceUnavailable);
        QCOMPARE(std::ranges::count(m_steps, StepState::Failed, &StepReport::state), 2);
    }

    void severalArchivesComeOneAfterTheOther() {
        const auto outcomes = load({write("a.tar", 1000), write("b.tar", 2000)});
        QCOMPARE(outcomes.size(), std::size_t{4});
        QCOMPARE(outcomes[0].archive, path("a.tar"));
        QCOMPARE(outcomes[1].archive, path("a.tar"));
        QCOMPARE(outcomes[3].archive, path("b.tar"));
    }

    void aCancelledLoadLeavesNothingOnTheNode() {
        std::stop_source stop;
        stop.request_stop();
        const auto outcomes = loadImages(m_access, m_targets, {write("web.tar", 1000)}, {}, stop.get_token());
        QVERIFY(outcomes[0].error.has_value());
        QCOMPARE(outcomes[0].error->message, std::string("cancelled"));
        QVERIFY(std::filesystem::is_empty(path("first")));
    }

    void theNodesThatAreNamedAreTheTargets() {
        QCOMPARE(imageTargets(running(), {}).value().size(), std::size_t{2});
        const auto one = imageTargets(running(), {"node-2"});
        QVERIFY(one && one->size() == 1);
        QVERIFY(one->front() == (ImageTarget{"node-2", "https://192.0.2.12:10250"}));
        QCOMPARE(imageTargets(running(), {"node-9"}).error().message, std::string("the cluster \"one\" has no node \"node-9\""));
    }

    void aClusterThatDoesNotRunHasNoTargets() {
        ClusterView view = running();
        view.state = "Stopped";
        QVERIFY(imageTargets(view, {}).error().reason == Reason::ServiceUnavailable);
    }

    void whatIsNoArchiveIsSaidBeforeAnythingIsSent_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("words");
        QTest::newRow("an image's name") << "web:1" << "there is no file web:1; an image is saved into one by \"docker save web:1 -o FILE.tar\" or \"podman save web:1 -o FILE.tar\"";
        QTest::newRow("a folder") << "/proc" << "/proc cannot be read, or is empty";
        QTest::newRow("an empty file") << "/dev/null" << "/dev/null cannot be read, or is empty";
        QTest::newRow("something else") << "/proc/self/maps" << "/proc/self/maps is not an archive of images (tar, with gzip or zstd around it or not)";
    }
    void whatIsNoArchiveIsSaidBeforeAnythingIsSent() {
        QFETCH(QString, file);
        QFETCH(QString, words);
        const auto checked = checkArchives({file.toStdString()});
        QVERIFY(!checked);
        QCOMPARE(QString::fromStdString(checked.error().message), words);
    }

    void archivesAreKnownByTheirFirstBytes() { QVERIFY(checkArchives({write("web.tar", 1000)}).has_value()); }

private:
    std::string path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)).toStdString(); }
    // A file that looks like a tar archive.
    std::string write(const char* name, std::size_t size) const {
        std::string content(size, 'x');
        content.replace(257, 5, "ustar");
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }
    std::vector<LoadedArchive> load(const std::vector<std::string>& archives) {
        return loadImages(m_access, m_targets, archives, [this](const StepReport& step) { m_steps.push_back(step); }, {});
    }

    base::SystemClock m_clock;
    std::unique_ptr<QTemporaryDir> m_folder;
    ImageLoadAccess m_access;
    std::unique_ptr<Node> m_first, m_second;
    std::vector<ImageTarget> m_targets;
    std::vector<StepReport> m_steps;
};

QTEST_GUILESS_MAIN(ImageLoadTest)
#include "image_load_test.moc"
