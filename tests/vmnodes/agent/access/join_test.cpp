// A node joins a real control plane on loopback by a bootstrap token, and renews: the approval, the signature, the
// roles and the authenticators are those of the API server. Only the agent's clock is the test's.
#include <QTemporaryDir>
#include <QtTest>
#include <atomic>

#include "cluster/api/types/authentication_v1.h"
#include "cluster/api/types/certificates_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/client/kubeconfig/kubeconfig.h"
#include "cluster/client/typed.h"
#include "cluster/control_plane/control_plane.h"
#include "cluster/control_plane/joining.h"
#include "vmnodes/agent/access/certificate_manager.h"
#include "vmnodes/agent/access/client_certificate.h"
#include "vmnodes/agent/access/connect.h"

using namespace qd;
using namespace qd::agent;
using namespace std::chrono_literals;
using certificatesv1::CertificateSigningRequest;

namespace {

constexpr int kPatienceMs = 20'000;
constexpr char kJoinGroup[] = "system:bootstrappers:quarterdeck:default-node-token";
constexpr std::int32_t kShortest = 600;  // seconds; the API server takes no less

// Real threads and a clock that the test sets ahead.
class AheadExecutor final : public base::Executor, public base::Clock {
public:
    void post(base::Task task) override { m_pool.post(std::move(task)); }
    base::Timer postAfter(base::Duration delay, base::Task task) override {
        return m_pool.postAfter(delay, std::move(task));
    }
    const base::Clock& clock() const override { return *this; }
    bool mayBlock() const override { return true; }
    base::WallTime now() const override { return m_pool.clock().now() + m_ahead.load(); }
    base::SteadyTime steady() const override { return m_pool.clock().steady(); }
    void setAhead(base::Duration by) { m_ahead = by; }
    void stop() { m_pool.stop(); }

private:
    base::ThreadPool m_pool{"agent", 4};
    std::atomic<base::Duration> m_ahead{base::Duration(0)};
};

// The part of an agent that knows who it is. Started again: another one over the same folder.
class Agent {
public:
    Agent(const QString& folder, base::Duration ahead, std::optional<std::int32_t> life = {}) {
        executor.setAhead(ahead);
        connection = connectToJoin((folder + "/bootstrap-kubeconfig").toStdString(), executor.clock()).value();
        manager = std::make_unique<CertificateManager>(
            executor, random,
            CertificateManager::Options{.nodeName = "n1", .folder = (folder + "/pki").toStdString(), .life = life},
            *connection.client, connection.bootstrap.get(), [this](const pki::Identity& now) {
                QVERIFY(connection.client->setCertificate(now.certificatePem, now.keyPem).has_value());
            });
        manager->start();
    }
    ~Agent() {
        manager->stop();
        executor.stop();
    }
    client::Client& client() { return *connection.client; }
    // Who the API server thinks that it is, and by which certificate.
    authenticationv1::UserInfo user() {
        const auto review = client::Api<authenticationv1::SelfSubjectReview>(client()).create({});
        return review ? (*review)->status.userInfo : authenticationv1::UserInfo{};
    }

    // "X509SHA256=..." of the certificate that it is known by.
    std::string credential() {
        const auto extra = user().extra;
        const auto found = extra.find("authentication.kubernetes.io/credential-id");
        return found == extra.end() || found->second.empty() ? std::string() : found->second.front();
    }

    AheadExecutor executor;
    base::Random random;
    Connection connection;
    std::unique_ptr<CertificateManager> manager;
};

}  // namespace

class JoinTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<control_plane::ControlPlane> m_plane;
    api::BootstrapToken m_token;

    void admit(base::Duration life) {
        const auto until = m_plane->executor().clock().now() + life;
        const auto admitted = control_plane::admitBootstrapToken(*m_plane->client("test"), m_token, until);
        QVERIFY2(admitted.has_value(), admitted ? "" : admitted.error().message.c_str());
    }
    // Of the node: oldest first.
    std::vector<std::shared_ptr<const CertificateSigningRequest>> requests() {
        const auto admin = m_plane->client("test");
        std::vector<std::shared_ptr<const CertificateSigningRequest>> found;
        const auto list = admin->list(client::resourceOf<CertificateSigningRequest>(), "", {}).value();
        for (const auto& object : list.items)
            found.push_back(client::as<CertificateSigningRequest>(object));
        std::ranges::sort(found, {}, [](const auto& one) { return std::stoull(one->metadata.resourceVersion); });
        return found;
    }
    QString agentFolder(const char* name) {
        const QString folder = m_folder.filePath(name);
        QDir().mkpath(folder);
        client::KubeconfigEntry entry;
        entry.name = "default";
        entry.server = m_plane->serverUrl();
        entry.authorityPem = m_plane->authorityPem();
        entry.token = api::textOf(m_token);
        const auto file = (folder + "/bootstrap-kubeconfig").toStdString();
        return pki::writePrivateFile(file, client::newKubeconfig(entry)) ? folder : QString();
    }
    std::string stored(const QString& folder) {
        const auto read = readClientCertificate((folder + "/pki/kubelet-client-current.pem").toStdString(), "n1");
        return read ? "X509SHA256=" + read->certificate.sha256() : read.error().message;
    }

private slots:
    void init() {
        control_plane::Options options;
        options.dataDir = m_folder.filePath(QString("data-") + QTest::currentTestFunction()).toStdString();
        options.scheduler = false;
        options.controllers = {"certificatesigningrequest-signing-controller",
                               "certificatesigningrequest-approving-controller", "bootstrap-signer-controller"};
        auto started = control_plane::ControlPlane::start(std::move(options));
        QVERIFY2(started.has_value(), started ? "" : started.error().message.c_str());
        m_plane = std::move(*started);
        m_token = control_plane::newBootstrapToken().value();
        admit(1h);
    }
    void cleanup() { m_plane.reset(); }

    void aNodeJoinsRenewsAndKeepsItsWatch() {
        const QString folder = agentFolder("renewing");
        std::string first;
        std::atomic<int> seen = 0, broken = 0;
        {
            Agent agent(folder, 0s, kShortest);
            QTRY_VERIFY_WITH_TIMEOUT(agent.manager->hasCertificate(), kPatienceMs);
            const authenticationv1::UserInfo user = agent.user();
            QCOMPARE(user.username, std::string("system:node:n1"));
            QVERIFY(std::ranges::find(user.groups, "system:nodes") != user.groups.end());
            first = stored(folder);
            QCOMPARE(agent.credential(), first);
            QCOMPARE(requests().size(), 1U);
            const auto asked = requests()[0];
            QVERIFY(asked->spec.username.starts_with("system:bootstrap:"));
            QVERIFY(std::ranges::find(asked->spec.groups, kJoinGroup) != asked->spec.groups.end());
        }
        // Started again, it is who it was, and asks nobody.
        Agent agent(folder, 0s, kShortest);
        QTRY_VERIFY_WITH_TIMEOUT(agent.manager->hasCertificate(), kPatienceMs);
        QCOMPARE(agent.credential(), first);
        QCOMPARE(requests().size(), 1U);

        client::ListOptions own;
        own.fieldSelector = "metadata.name=n1";
        const auto watch = agent.client().watch(client::resourceOf<corev1::Node>(), "", own, agent.executor,
                                                [&](std::vector<client::WatchEvent> events) {
                                                    for (const auto& event : events) {
                                                        if (event.error) ++broken;
                                                        if (event.object) ++seen;
                                                    }
                                                });
        QVERIFY(watch.has_value());
        corev1::Node node;
        node.metadata.name = "n1";
        client::Api<corev1::Node> nodes(agent.client());
        const auto made = nodes.create(node);
        QVERIFY2(made.has_value(), made ? "" : made.error().message.c_str());
        QTRY_VERIFY_WITH_TIMEOUT(seen > 0, kPatienceMs);

        agent.executor.setAhead(9min);  // with the five minutes by which it begins earlier: more than 90 % of its life
        agent.manager->look();
        QTRY_COMPARE_WITH_TIMEOUT(requests().size(), 2U, kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(stored(folder) != first, kPatienceMs);
        QCOMPARE(requests()[1]->spec.username, std::string("system:node:n1"));
        QTRY_COMPARE_WITH_TIMEOUT(agent.credential(), stored(folder), kPatienceMs);
        const int before = seen;
        corev1::Node changed = **nodes.get("", "n1");
        changed.metadata.labels["seen"] = "yes";
        QVERIFY(nodes.update(changed).has_value());
        QTRY_VERIFY_WITH_TIMEOUT(seen > before, kPatienceMs);
        QCOMPARE(broken.load(), 0);
    }

    void aCertificateThatHasEndedIsReplacedByTokenAsLongAsThatIsGood() {
        const QString folder = agentFolder("ended");
        {
            Agent agent(folder, 0s, kShortest);
            QTRY_VERIFY_WITH_TIMEOUT(agent.manager->hasCertificate(), kPatienceMs);
        }
        const std::string first = stored(folder);
        admit(-1s);
        Agent agent(folder, 20min);
        const auto refused = client::Api<CertificateSigningRequest>(*agent.connection.bootstrap).get("", "csr-1");
        QCOMPARE(refused.error().reason, Reason::Unauthorized);
        QVERIFY(!agent.manager->hasCertificate());
        QCOMPARE(stored(folder), first);
        admit(1h);  // as the owner does when the cluster is started
        QTRY_VERIFY_WITH_TIMEOUT(agent.manager->hasCertificate(), kPatienceMs);
        QVERIFY(stored(folder) != first);
    }

    void aCertificateOfAnotherAuthorityIsReplacedByToken() {
        const QString folder = agentFolder("stranger");
        const auto now = m_plane->executor().clock().now();
        const auto stranger = *pki::Authority::create("elsewhere", {now - 1h, now + 24h});
        QVERIFY(writeClientCertificate((folder + "/pki/kubelet-client-current.pem").toStdString(),
                                       *stranger.issueClient(nodeSubject("n1"), {now - 1h, now + 24h})).has_value());
        Agent agent(folder, 0s);
        QTRY_COMPARE_WITH_TIMEOUT(requests().size(), 1U, kPatienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(agent.user().username, std::string("system:node:n1"), kPatienceMs);
    }

    void aTokenThatIsOverAdmitsNobody() {
        admit(-1s);
        const QString folder = agentFolder("late");
        Agent agent(folder, 0s);
        const auto refused = client::Api<CertificateSigningRequest>(*agent.connection.bootstrap).get("", "csr-1");
        QCOMPARE(refused.error().reason, Reason::Unauthorized);
        QVERIFY(!agent.manager->hasCertificate());
        QCOMPARE(requests().size(), 0U);
    }
};

QTEST_GUILESS_MAIN(JoinTest)
#include "join_test.moc"
