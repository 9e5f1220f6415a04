#include <QtTest>

#include "cluster/api/kinds/core/bootstrap_token.h"
#include "cluster/base/pki/detached_signature.h"
#include "cluster/controllers/bootstrap/bootstrap_signer_controller.h"
#include "cluster/controllers/bootstrap/token_cleaner_controller.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

using Data = std::map<std::string, std::string>;

corev1::Secret tokenSecret(const std::string& id, const Data& more = {}) {
    corev1::Secret made;
    made.metadata.namespace_ = "kube-system";
    made.metadata.name = "bootstrap-token-" + id;
    made.type = "bootstrap.kubernetes.io/token";
    Data data = {{"token-id", id}, {"token-secret", "0123456789abcdef"}, {"usage-bootstrap-signing", "true"}, {"usage-bootstrap-authentication", "true"}};
    for (const auto& [key, value] : more) data[key] = value;
    for (const auto& [key, value] : data) made.data[key].data = value;
    return made;
}

corev1::ConfigMap clusterInfo(const std::string& kubeconfig = "apiVersion: v1\n") {
    corev1::ConfigMap made;
    made.metadata.namespace_ = "kube-public";
    made.metadata.name = "cluster-info";
    made.data = {{"kubeconfig", kubeconfig}};
    return made;
}

class Bootstrap : public Scene {
public:
    Bootstrap()
        : Scene({{.name = "bootstrap-signer-controller", .alias = "bootstrapsigner", .make = [](Context& context) { return std::make_unique<BootstrapSignerController>(context); }},
                 {.name = "token-cleaner-controller", .alias = "tokencleaner", .make = [](Context& context) { return std::make_unique<TokenCleanerController>(context); }}}) {}

    std::string after(base::Duration length) { return api::Time(executor.clock().now() + length).toString(); }
    // The ids of the tokens with which it is signed, and the signatures.
    Data signatures() const {
        Data found;
        for (const auto& [key, value] : client.stored<corev1::ConfigMap>("kube-public", "cluster-info")->data) {
            if (key.starts_with("jws-kubeconfig-")) found[key.substr(15)] = value;
        }
        return found;
    }
    bool hasSecret(const std::string& id) const { return client.stored<corev1::Secret>("kube-system", "bootstrap-token-" + id) != nullptr; }
};

}  // namespace

class BootstrapTest : public QObject {
    Q_OBJECT
private slots:
    void tokensAreReadAsUpstreamReadsThem_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("good");
        QTest::newRow("good") << "abcdef.0123456789abcdef" << true;
        QTest::newRow("capitals") << "Abcdef.0123456789abcdef" << false;
        QTest::newRow("a short secret") << "abcdef.0123456789abcde" << false;
        QTest::newRow("no dot") << "abcdef00123456789abcdef" << false;
        QTest::newRow("a long id") << "abcdefg.0123456789abcdef" << false;
        QTest::newRow("nothing") << "" << false;
    }
    void tokensAreReadAsUpstreamReadsThem() {
        QFETCH(QString, text);
        QTEST(api::parseBootstrapToken(text.toStdString()).has_value(), "good");
    }

    void groupsAreThoseOfTheToken_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("groups");
        QTest::newRow("as it is") << "description" << "x" << "system:bootstrappers";
        QTest::newRow("more groups, sorted") << "auth-extra-groups" << "system:bootstrappers:z,system:bootstrappers:a:b" << "system:bootstrappers system:bootstrappers:a:b system:bootstrappers:z";
        QTest::newRow("a group that it may not have") << "auth-extra-groups" << "system:masters" << "refused";
        QTest::newRow("a group without a name") << "auth-extra-groups" << "system:bootstrappers:a," << "refused";
        QTest::newRow("a group that ends badly") << "auth-extra-groups" << "system:bootstrappers:a-" << "refused";
        QTest::newRow("another secret") << "token-secret" << "0123456789abcdee" << "refused";
        QTest::newRow("another id") << "token-id" << "aaaaaa" << "refused";
        QTest::newRow("not for this") << "usage-bootstrap-authentication" << "yes" << "refused";
        QTest::newRow("good for another while") << "expiration" << "2026-03-01T00:00:01Z" << "system:bootstrappers";
        QTest::newRow("over") << "expiration" << "2026-03-01T00:00:00Z" << "refused";
        QTest::newRow("until nobody knows") << "expiration" << "soon" << "refused";
    }
    void groupsAreThoseOfTheToken() {
        QFETCH(QString, key);
        QFETCH(QString, value);
        const base::WallTime now{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
        const auto groups = api::groupsForToken(tokenSecret("abcdef", {{key.toStdString(), value.toStdString()}}), {"abcdef", "0123456789abcdef"}, now);
        QStringList shown;
        for (const auto& group : groups.value_or(std::vector<std::string>{"refused"})) shown << QString::fromStdString(group);
        QTEST(shown.join(' '), "groups");
    }

    void everySigningTokenSigns() {
        Bootstrap scene;
        scene.client.put(clusterInfo());
        scene.client.put(tokenSecret("abcdef"));
        scene.client.put(tokenSecret("ghijkl"));
        scene.client.put(tokenSecret("nosign", {{"usage-bootstrap-signing", "false"}}));
        auto misnamed = tokenSecret("mnopqr");
        misnamed.metadata.name = "bootstrap-token-other1";
        scene.client.put(misnamed);
        scene.settle();
        const auto found = scene.signatures();
        QCOMPARE(found.size(), 2U);
        QCOMPARE(found.at("abcdef"), pki::detachedSignature("apiVersion: v1\n", "abcdef", "0123456789abcdef"));
        QVERIFY(found.at("ghijkl") != found.at("abcdef"));
        scene.client.takeWrites();
        scene.runFor(60s);
        QVERIFY(scene.client.takeWrites().empty());
    }

    void aSignatureGoesWithItsToken() {
        Bootstrap scene;
        scene.client.put(clusterInfo());
        scene.client.put(tokenSecret("abcdef"));
        scene.settle();
        QCOMPARE(scene.signatures().size(), 1U);
        scene.client.erase(client::resourceOf<corev1::Secret>(), "kube-system", "bootstrap-token-abcdef");
        scene.settle();
        QVERIFY(scene.signatures().empty());
    }

    void aChangedTextIsSignedAnew() {
        Bootstrap scene;
        scene.client.put(clusterInfo());
        scene.client.put(tokenSecret("abcdef"));
        scene.settle();
        const auto before = scene.signatures();
        auto moved = *scene.client.stored<corev1::ConfigMap>("kube-public", "cluster-info");
        moved.data["kubeconfig"] = "elsewhere\n";
        scene.client.put(moved);
        scene.settle();
        QVERIFY(scene.signatures() != before);
        QCOMPARE(scene.signatures().size(), 1U);
    }

    void tokensEndOnTime() {
        Bootstrap scene;
        scene.client.put(clusterInfo());
        scene.client.put(tokenSecret("abcdef", {{"expiration", scene.after(60s)}}));
        scene.client.put(tokenSecret("keepme"));
        scene.client.put(tokenSecret("broken", {{"expiration", "tomorrow"}}));
        scene.runFor(58s);
        QVERIFY(scene.hasSecret("abcdef"));
        QVERIFY(!scene.hasSecret("broken"));
        scene.runFor(4s);
        QVERIFY(!scene.hasSecret("abcdef"));
        QVERIFY(scene.hasSecret("keepme"));
        QCOMPARE(scene.signatures().size(), 1U);
    }

    void otherSecretsNeverEnd() {
        Bootstrap scene;
        auto other = tokenSecret("abcdef", {{"expiration", scene.after(-60s)}});
        other.metadata.namespace_ = "shop";
        scene.client.put(other);
        scene.settle();
        QVERIFY(scene.client.takeWrites().empty());
    }

    void failedWritesAreTriedAgain() {
        Bootstrap scene;
        int refusals = 3;
        scene.client.refuse = [&](const std::string& what) -> std::optional<Error> {
            if ((!what.starts_with("update") && !what.starts_with("remove")) || refusals-- <= 0) return std::nullopt;
            return Error{Reason::InternalError, "no"};
        };
        scene.client.put(clusterInfo());
        scene.client.put(tokenSecret("abcdef"));
        scene.client.put(tokenSecret("ending", {{"expiration", scene.after(-1s)}}));
        scene.runFor(30s);
        QCOMPARE(scene.signatures().size(), 1U);
        QVERIFY(!scene.hasSecret("ending"));
    }
};

QTEST_APPLESS_MAIN(BootstrapTest)
#include "bootstrap_test.moc"
