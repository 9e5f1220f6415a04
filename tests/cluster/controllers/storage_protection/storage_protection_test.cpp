#include "cluster/controllers/storage_protection/storage_protection.h"

#include <QtTest>

#include "tests/cluster/controllers/builders.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;

namespace {

template <typename T>
Descriptor descriptorOf(std::string_view name) {
    return {.name = name, .alias = name, .make = [](Context& context) { return std::make_unique<T>(context); }};
}

class Storage : public Scene {
public:
    Storage() : Scene({descriptorOf<ClaimProtection>("claims"), descriptorOf<VolumeProtection>("volumes"), descriptorOf<AttributesClassProtection>("classes")}) {}
    template <typename T>
    bool has(const std::string& ns, const std::string& name) {
        return client.stored<T>(ns, name) != nullptr;
    }
    template <typename T>
    void remove(const std::string& ns, const std::string& name) {
        QVERIFY(client.remove(client::resourceOf<T>(), ns, name, {}));
        settle();
    }
};

corev1::PersistentVolumeClaim claim(const std::string& name) {
    corev1::PersistentVolumeClaim made;
    made.metadata.namespace_ = "default";
    made.metadata.name = name;
    made.metadata.finalizers = {"kubernetes.io/pvc-protection"};
    return made;
}

corev1::Pod podWith(const std::string& name, const std::string& claimName, const std::string& node) {
    auto made = pod(name);
    made.spec.nodeName = node;
    auto& volume = made.spec.volumes.emplace_back();
    volume.name = "data";
    volume.persistentVolumeClaim.emplace().claimName = claimName;
    return made;
}

}  // namespace

class StorageProtectionTest : public QObject {
    Q_OBJECT
private slots:
    void aDeletedClaimStaysUntilItsPodIsGone() {
        Storage storage;
        storage.client.put(claim("data"));
        storage.client.put(podWith("web", "data", "n"));
        storage.client.put(podWith("waiting", "data", ""));
        storage.settle();
        storage.remove<corev1::PersistentVolumeClaim>("default", "data");
        QVERIFY(storage.has<corev1::PersistentVolumeClaim>("default", "data"));
        storage.remove<corev1::Pod>("default", "web");
        QVERIFY(!storage.has<corev1::PersistentVolumeClaim>("default", "data"));
    }

    void aClaimThatNobodyUsesGoesAtOnce() {
        Storage storage;
        storage.client.put(claim("data"));
        storage.client.put(podWith("web", "another", "n"));
        storage.settle();
        storage.remove<corev1::PersistentVolumeClaim>("default", "data");
        QVERIFY(!storage.has<corev1::PersistentVolumeClaim>("default", "data"));
    }

    void aVolumeStaysWhileItIsBound() {
        Storage storage;
        corev1::PersistentVolume volume;
        volume.metadata.name = "v";
        volume.status.phase = "Bound";
        storage.client.put(volume);
        storage.settle();
        auto stored = *storage.client.stored<corev1::PersistentVolume>("", "v");
        QCOMPARE(stored.metadata.finalizers, std::vector<std::string>{"kubernetes.io/pv-protection"});
        storage.remove<corev1::PersistentVolume>("", "v");
        QVERIFY(storage.has<corev1::PersistentVolume>("", "v"));
        stored = *storage.client.stored<corev1::PersistentVolume>("", "v");
        stored.status.phase = "Released";
        storage.client.put(stored);
        storage.settle();
        QVERIFY(!storage.has<corev1::PersistentVolume>("", "v"));
    }

    void anAttributesClassStaysWhileAClaimNamesIt() {
        Storage storage;
        storagev1::VolumeAttributesClass attributes;
        attributes.metadata.name = "gold";
        storage.client.put(attributes);
        auto user = claim("data");
        user.spec.volumeAttributesClassName = "gold";
        storage.client.put(user);
        storage.settle();
        storage.remove<storagev1::VolumeAttributesClass>("", "gold");
        QVERIFY(storage.has<storagev1::VolumeAttributesClass>("", "gold"));
        storage.remove<corev1::PersistentVolumeClaim>("default", "data");
        QVERIFY(!storage.has<storagev1::VolumeAttributesClass>("", "gold"));
    }
};

QTEST_APPLESS_MAIN(StorageProtectionTest)
#include "storage_protection_test.moc"
