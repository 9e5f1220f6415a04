#include "cluster/control_plane/joining.h"

#include <QtTest>

#include "tests/support/fake_client.h"

using namespace qd;
using namespace qd::control_plane;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

constexpr char kUrl[] = "https://192.0.2.1:6443";

struct Scene {
    // Does something else's work just before the first request of that line.
    void before(std::string line, std::function<void()> work) {
        client.refuse = [line = std::move(line), work = std::move(work),
                         done = false](const std::string& request) mutable -> std::optional<Error> {
            if (request == line && !std::exchange(done, true)) work();
            return std::nullopt;
        };
    }
    corev1::ConfigMap info() const { return *client.stored<corev1::ConfigMap>("kube-public", "cluster-info"); }
    std::shared_ptr<const corev1::Secret> secret() const {
        return client.stored<corev1::Secret>("kube-system", "bootstrap-token-abcdef");
    }
    base::WallTime now() const { return executor.clock().now(); }

    base::SimulatedExecutor executor{1};
    FakeClient client{executor};
    const api::BootstrapToken token{"abcdef", "0123456789abcdef"};
};

QString problemOf(const Result<void>& result) {
    return result ? QString() : QString::fromStdString(result.error().message);
}

}  // namespace

class JoiningTest : public QObject {
    Q_OBJECT
private slots:
    void aSignatureThatComesBetweenIsKept() {
        Scene scene;
        QCOMPARE(problemOf(publishClusterInfo(scene.client, "https://127.0.0.1:1", "authority")), QString());
        scene.before("update configmaps kube-public/cluster-info", [&] {
            corev1::ConfigMap theirs = scene.info();
            theirs.data["jws-kubeconfig-abcdef"] = "signature";
            scene.client.put(theirs);
        });
        QCOMPARE(problemOf(publishClusterInfo(scene.client, kUrl, "authority")), QString());
        const corev1::ConfigMap info = scene.info();
        QVERIFY(info.data.at("kubeconfig").contains(kUrl));
        QCOMPARE(info.data.at("jws-kubeconfig-abcdef"), std::string("signature"));
        scene.client.takeWrites();
        QCOMPARE(problemOf(publishClusterInfo(scene.client, kUrl, "authority")), QString());
        QVERIFY(scene.client.takeWrites().empty());
    }

    void whoeverIsAlwaysOutrunGivesUpWithTheReason() {
        Scene scene;
        QCOMPARE(problemOf(publishClusterInfo(scene.client, "https://127.0.0.1:1", "authority")), QString());
        scene.client.refuse = [](const std::string& request) -> std::optional<Error> {
            if (request.starts_with("update")) return Error{Reason::Conflict, "the object has been modified"};
            return std::nullopt;
        };
        QCOMPARE(problemOf(publishClusterInfo(scene.client, kUrl, "authority")),
                 QString("cluster-info: the object has been modified"));
    }

    void aTokenAdmitsUntilItsEndAndCanBeMadeGoodForLonger() {
        Scene scene;
        QCOMPARE(problemOf(admitBootstrapToken(scene.client, scene.token, scene.now() + 1h)), QString());
        QVERIFY(api::holdsBootstrapToken(*scene.secret()));
        const auto groups = api::groupsForToken(*scene.secret(), scene.token, scene.now());
        QVERIFY(groups.has_value());
        QVERIFY((*groups == std::vector<std::string>{"system:bootstrappers",
                                                     "system:bootstrappers:quarterdeck:default-node-token"}));
        QVERIFY(api::signingToken(*scene.secret(), scene.now()) == scene.token);
        QVERIFY(!api::groupsForToken(*scene.secret(), scene.token, scene.now() + 1h));
        QCOMPARE(problemOf(admitBootstrapToken(scene.client, scene.token, scene.now() + 24h)), QString());
        QVERIFY(api::groupsForToken(*scene.secret(), scene.token, scene.now() + 23h));
    }

    void aTokenThatIsCleanedAwayMeanwhileIsMadeAnew() {
        Scene scene;
        QCOMPARE(problemOf(admitBootstrapToken(scene.client, scene.token, scene.now() - 1h)), QString());
        scene.before("update secrets kube-system/bootstrap-token-abcdef", [&] {
            scene.client.erase({"", "v1", "secrets"}, "kube-system", "bootstrap-token-abcdef");
        });
        QCOMPARE(problemOf(admitBootstrapToken(scene.client, scene.token, scene.now() + 1h)), QString());
        QVERIFY(api::groupsForToken(*scene.secret(), scene.token, scene.now()));
    }

    void tokensAreDifferentAndWellFormed() {
        const auto one = newBootstrapToken(), other = newBootstrapToken();
        QVERIFY(one && other && !(*one == *other));
        QVERIFY(api::parseBootstrapToken(api::textOf(*one)) == *one);
    }
};

QTEST_APPLESS_MAIN(JoiningTest)
#include "joining_test.moc"
