#include <QtTest>

#include "cluster/controllers/controllers.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;

namespace {

std::vector<Descriptor> alone() {
    Options options;
    options.rootCa = "PEM";
    options.makeToken = [](const corev1::Secret& secret, const corev1::ServiceAccount& account) -> Result<std::string> { return secret.metadata.name + " for " + account.metadata.uid; };
    std::vector<Descriptor> chosen;
    for (auto& descriptor : controllerDescriptors(options)) {
        if (descriptor.alias == "serviceaccount-token") chosen.push_back(std::move(descriptor));
    }
    return chosen;
}

corev1::ServiceAccount account(const std::string& uid = "account-1") {
    corev1::ServiceAccount made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = "robot";
    made.metadata.uid = uid;
    return made;
}

corev1::Secret secret(const std::string& type = "kubernetes.io/service-account-token") {
    corev1::Secret made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = "robot-token";
    made.metadata.annotations["kubernetes.io/service-account.name"] = "robot";
    made.type = type;
    return made;
}

std::shared_ptr<const corev1::Secret> stored(Scene& scene) {
    const auto found = scene.client.get(client::resourceOf<corev1::Secret>(), "shop", "robot-token", "");
    return found ? api::objectAs<corev1::Secret>(*found) : nullptr;
}

}  // namespace

class ServiceAccountTokenTest : public QObject {
    Q_OBJECT
private slots:
    void aSecretIsFilled() {
        Scene scene(alone());
        scene.client.put(account());
        scene.client.put(secret());
        scene.settle();
        const auto filled = stored(scene);
        QVERIFY(filled);
        QCOMPARE(filled->data.at("token").data, std::string("robot-token for account-1"));
        QCOMPARE(filled->data.at("ca.crt").data, std::string("PEM"));
        QCOMPARE(filled->data.at("namespace").data, std::string("shop"));
        QCOMPARE(filled->metadata.annotations.at("kubernetes.io/service-account.uid"), std::string("account-1"));
    }

    void aTokenThatIsThereStays() {
        Scene scene(alone());
        scene.client.put(account());
        corev1::Secret present = secret();
        present.data["token"].data = "mine";
        scene.client.put(present);
        scene.settle();
        QCOMPARE(stored(scene)->data.at("token").data, std::string("mine"));
    }

    void otherSecretsAreLeftAlone() {
        Scene scene(alone());
        scene.client.put(account());
        scene.client.put(secret("Opaque"));
        scene.settle();
        QVERIFY(stored(scene)->data.empty());
    }

    void aSecretGoesWithItsAccount() {
        Scene scene(alone());
        scene.client.put(account());
        scene.client.put(secret());
        scene.settle();
        QVERIFY(stored(scene));
        (void)scene.client.remove(client::resourceOf<corev1::ServiceAccount>(), "shop", "robot", {});
        scene.settle();
        QVERIFY(!stored(scene));
    }

    void aSecretOfAnEarlierAccountGoes() {
        Scene scene(alone());
        scene.client.put(account("account-2"));
        corev1::Secret old = secret();
        old.metadata.annotations["kubernetes.io/service-account.uid"] = "account-1";
        scene.client.put(old);
        scene.settle();
        QVERIFY(!stored(scene));
    }
};

QTEST_APPLESS_MAIN(ServiceAccountTokenTest)
#include "serviceaccount_token_test.moc"
