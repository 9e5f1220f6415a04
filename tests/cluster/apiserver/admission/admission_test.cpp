#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/node_v1.h"
#include "cluster/api/types/scheduling_v1.h"
#include "cluster/api/types/storage_v1.h"
#include "cluster/apiserver/admission/plugins.h"
#include "tests/cluster/apiserver/admission/known_objects.h"

using namespace qd;
using namespace qd::apiserver;

namespace {

const api::Kind* kindOf(const api::Object& object) {
    const api::KindName& name = *object.descriptor().kind;
    return api::builtinKind(name.group, name.version, name.kind);
}

AdmissionRequest creating(api::Object& object) {
    AdmissionRequest request;
    request.kind = kindOf(object);
    request.namespace_ = object.metadata.namespace_;
    request.name = object.metadata.name;
    request.object = &object;
    return request;
}

corev1::Pod pod() {
    corev1::Pod made;
    made.metadata.name = "web";
    made.metadata.namespace_ = "shop";
    made.spec.containers.emplace_back().name = "main";
    return made;
}

template <typename T>
T named(const std::string& ns, const std::string& name) {
    T object;
    object.metadata.namespace_ = ns;
    object.metadata.name = name;
    return object;
}

KnownObjects shop() {
    KnownObjects known;
    auto ns = named<corev1::Namespace>("", "shop");
    ns.status.phase = "Active";
    known.add("namespaces", ns);
    auto account = named<corev1::ServiceAccount>("shop", "default");
    account.imagePullSecrets.emplace_back().name = "registry";
    known.add("serviceaccounts", account);
    return known;
}

QString text(const Result<void>& outcome) {
    return outcome ? QString() : QString::fromStdString(outcome.error().message);
}

}  // namespace

class AdmissionTest final : public QObject {
    Q_OBJECT
private slots:
    void noPodIsResizedBeyondItsNode() {
        KnownObjects known = shop();
        auto node = named<corev1::Node>("", "n");
        node.metadata.labels["kubernetes.io/os"] = "linux";
        node.status.allocatable = {{"cpu", api::Quantity::of("4")}, {"memory", api::Quantity::of("1Gi")}};
        known.add("nodes", node);
        node.metadata.name = "w";
        node.metadata.labels["kubernetes.io/os"] = "windows";
        known.add("nodes", node);
        const auto plugin = podResizeValidator();
        corev1::Pod before = pod();
        before.spec.nodeName = "n";
        before.spec.overhead["cpu"] = api::Quantity::of("500m");
        const auto resized = [&](const std::string& to, const char* cpu, const char* memory, const std::string& subresource = "resize") {
            corev1::Pod old = before;
            old.spec.nodeName = to;
            corev1::Pod now = old;
            now.spec.containers[0].resources.requests = {{"cpu", api::Quantity::of(cpu)}, {"memory", api::Quantity::of(memory)}};
            AdmissionRequest request = creating(now);
            request.operation = Operation::Update;
            request.subresource = subresource;
            request.old = &old;
            return plugin->validate(request, known);
        };
        QVERIFY(resized("n", "3500m", "1Gi"));
        const auto much = resized("n", "3501m", "2Gi");
        QCOMPARE(text(much), QString("pods \"web\" is forbidden: node didn't have enough allocatable resources: cpu, requested: 4001, "
                                     "allocatable: 4000; memory, requested: 2147483648, allocatable: 1073741824"));
        QCOMPARE(much.error().causes.at(0).reason, std::string("NodeCapacity"));
        const auto elsewhere = resized("w", "1", "1Mi");
        QCOMPARE(text(elsewhere), QString("pods \"web\" is forbidden: pod resize is only supported on linux nodes, node \"w\" is \"windows\""));
        QCOMPARE(elsewhere.error().causes.at(0).reason, std::string("UnsupportedPlatform"));
        QCOMPARE(text(resized("gone", "1", "1Mi")), QString("pods \"web\" is forbidden: node \"gone\" not found"));
        QVERIFY2(resized("", "9", "9Gi"), "on no node yet");
        QVERIFY2(resized("n", "9", "9Gi", ""), "no resize");
    }

    void nothingIsWrittenIntoANamespaceThatIsAbsent() {
        auto object = pod();
        object.metadata.namespace_ = "nowhere";
        auto request = creating(object);
        const auto outcome = namespaceLifecycle()->mutate(request, shop());
        QCOMPARE(text(outcome), QStringLiteral("namespaces \"nowhere\" not found"));
        QCOMPARE(outcome.error().reason, Reason::NotFound);
    }

    void nothingIsMadeInANamespaceThatGoesButWhatIsThereMayChange() {
        KnownObjects known;
        auto ns = named<corev1::Namespace>("", "shop");
        ns.status.phase = "Terminating";
        known.add("namespaces", ns);
        auto object = pod();
        auto request = creating(object);
        const auto refused = namespaceLifecycle()->mutate(request, known);
        QCOMPARE(text(refused), QStringLiteral("pods \"web\" is forbidden: unable to create new content in namespace "
                                               "shop because it is being terminated"));
        QCOMPARE(refused.error().causes.front().reason, std::string("NamespaceTerminating"));
        request.operation = Operation::Update;
        QVERIFY(namespaceLifecycle()->mutate(request, known));
    }

    void systemNamespacesStay() {
        auto ns = named<corev1::Namespace>("", "kube-system");
        auto request = creating(ns);
        request.operation = Operation::Delete;
        QCOMPARE(text(namespaceLifecycle()->mutate(request, {shop()})),
                 QStringLiteral("namespaces \"kube-system\" is forbidden: this namespace may not be deleted"));
    }

    void aPodGetsItsServiceAccountsTokenAndPullSecrets() {
        base::Random random(1);
        auto object = pod();
        auto request = creating(object);
        QVERIFY(serviceAccount(random)->mutate(request, shop()));
        QCOMPARE(object.spec.serviceAccountName, std::string("default"));
        QCOMPARE(object.spec.serviceAccount, std::string("default"));
        QCOMPARE(object.spec.imagePullSecrets.front().name, std::string("registry"));
        QCOMPARE(object.spec.volumes.size(), std::size_t(1));
        const auto& volume = object.spec.volumes.front();
        QVERIFY(volume.name.starts_with("kube-api-access-"));
        QCOMPARE(volume.projected->sources.size(), std::size_t(3));
        QCOMPARE(*volume.projected->sources[0].serviceAccountToken->expirationSeconds, std::int64_t(3607));
        QCOMPARE(object.spec.containers[0].volumeMounts.front().name, volume.name);
    }

    void aPodThatMountsSomethingThereItselfGetsNoToken() {
        base::Random random(1);
        auto object = pod();
        object.spec.containers[0].volumeMounts.emplace_back().mountPath =
            "/var/run/secrets/kubernetes.io/serviceaccount";
        auto request = creating(object);
        QVERIFY(serviceAccount(random)->mutate(request, shop()));
        QVERIFY(object.spec.volumes.empty());
    }

    void aPodMayRefuseTheToken() {
        base::Random random(1);
        auto object = pod();
        object.spec.automountServiceAccountToken = false;
        auto request = creating(object);
        QVERIFY(serviceAccount(random)->mutate(request, shop()));
        QVERIFY(object.spec.volumes.empty());
    }

    void aMissingDefaultServiceAccountMayComeSoonAndAnotherOneNot() {
        base::Random random(1);
        auto object = pod();
        object.metadata.namespace_ = "new";
        bool mayCome = false;
        auto request = creating(object);
        request.mayComeSoon = &mayCome;
        const auto refused = serviceAccount(random)->mutate(request, shop());
        QCOMPARE(text(refused), QStringLiteral("pods \"web\" is forbidden: error looking up service account "
                                               "new/default: serviceaccount \"default\" not found"));
        QVERIFY(mayCome);
        mayCome = false;
        object.spec.serviceAccountName = "robot";
        QVERIFY(!serviceAccount(random)->mutate(request, shop()));
        QVERIFY(!mayCome);
    }

    void aMirrorPodIsLeftAloneAndNamesNoAccount() {
        base::Random random(1);
        auto object = pod();
        object.metadata.annotations["kubernetes.io/config.mirror"] = "x";
        auto request = creating(object);
        QVERIFY(serviceAccount(random)->mutate(request, shop()));
        QVERIFY(object.spec.serviceAccountName.empty());
        object.spec.serviceAccountName = "default";
        QCOMPARE(text(serviceAccount(random)->mutate(request, shop())),
                 QStringLiteral("pods \"web\" is forbidden: a mirror pod may not reference service accounts"));
    }

    void aPriorityClassBecomesANumberAndNoOtherNumberIsTaken() {
        KnownObjects known = shop();
        auto important = named<schedulingv1::PriorityClass>("", "important");
        important.value = 1000;
        important.preemptionPolicy = "Never";
        known.add("priorityclasses.scheduling.k8s.io", important);
        auto object = pod();
        object.spec.priorityClassName = "important";
        auto request = creating(object);
        QVERIFY(priority()->mutate(request, known));
        QCOMPARE(*object.spec.priority, 1000);
        QCOMPARE(*object.spec.preemptionPolicy, std::string("Never"));
        object.spec.priority = 7;
        QVERIFY(text(priority()->mutate(request, known))
                    .contains(QStringLiteral("the integer value of priority (7) must not be provided in pod spec")));
        object.spec.priorityClassName = "none";
        QCOMPARE(text(priority()->mutate(request, known)),
                 QStringLiteral("pods \"web\" is forbidden: no PriorityClass with name none was found"));
    }

    void thereIsOneDefaultPriorityClass() {
        KnownObjects known = shop();
        auto first = named<schedulingv1::PriorityClass>("", "first");
        first.globalDefault = true;
        known.add("priorityclasses.scheduling.k8s.io", first);
        auto second = first;
        second.metadata.name = "second";
        auto request = creating(second);
        QVERIFY(text(priority()->validate(request, known))
                    .endsWith(QStringLiteral(
                        "PriorityClass first is already marked as default. Only one default can exist")));
        request.object = &first;
        request.operation = Operation::Update;
        QVERIFY(priority()->validate(request, known));
    }

    void tolerationsThatAreGivenAreNotGivenAgain() {
        auto object = pod();
        auto& all = object.spec.tolerations.emplace_back();
        all.key = "node.kubernetes.io/unreachable";
        all.operator_ = "Exists";
        auto request = creating(object);
        QVERIFY(defaultTolerationSeconds()->mutate(request, shop()));
        QCOMPARE(object.spec.tolerations.size(), std::size_t(2));
        QCOMPARE(object.spec.tolerations[1].key, std::string("node.kubernetes.io/not-ready"));
        QVERIFY(defaultTolerationSeconds()->mutate(request, shop()));
        QCOMPARE(object.spec.tolerations.size(), std::size_t(2));
    }

    void aRuntimeClassBringsItsOverheadAndPlacement() {
        KnownObjects known = shop();
        auto sandboxed = named<nodev1::RuntimeClass>("", "sandboxed");
        sandboxed.overhead.emplace().podFixed["cpu"] = *api::Quantity::parse("250m");
        sandboxed.scheduling.emplace().nodeSelector["sandbox"] = "yes";
        known.add("runtimeclasses.node.k8s.io", sandboxed);
        auto object = pod();
        object.spec.runtimeClassName = "sandboxed";
        auto request = creating(object);
        QVERIFY(runtimeClass()->mutate(request, known));
        QCOMPARE(object.spec.overhead.at("cpu").milliValue(), std::int64_t(250));
        QCOMPARE(object.spec.nodeSelector.at("sandbox"), std::string("yes"));
        QVERIFY(runtimeClass()->validate(request, known));
        object.spec.overhead["cpu"] = *api::Quantity::parse("1");
        QVERIFY(text(runtimeClass()->mutate(request, known))
                    .contains(QStringLiteral("doesn't match RuntimeClass's defined Overhead")));
    }

    void theNewestMarkedStorageClassIsTheDefault() {
        KnownObjects known = shop();
        for (const int hour : {1, 3, 2}) {
            auto each = named<storagev1::StorageClass>("", "class-" + std::to_string(hour));
            each.metadata.annotations["storageclass.kubernetes.io/is-default-class"] = "true";
            each.metadata.creationTimestamp = api::Time(base::WallTime(std::chrono::hours(hour)));
            known.add("storageclasses.storage.k8s.io", each);
        }
        auto claim = named<corev1::PersistentVolumeClaim>("shop", "data");
        auto request = creating(claim);
        QVERIFY(defaultStorageClass()->mutate(request, known));
        QCOMPARE(*claim.spec.storageClassName, std::string("class-3"));
        claim.spec.storageClassName = "";
        QVERIFY(defaultStorageClass()->mutate(request, known));
        QCOMPARE(*claim.spec.storageClassName, std::string());
    }

    void aLimitRangeFillsInWhatContainersDoNotSay() {
        KnownObjects known = shop();
        auto range = named<corev1::LimitRange>("shop", "limits");
        auto& item = range.spec.limits.emplace_back();
        item.type = "Container";
        item.default_["cpu"] = api::Quantity::of("500m");
        item.defaultRequest["cpu"] = api::Quantity::of("100m");
        item.max["memory"] = api::Quantity::of("64Mi");
        known.add("limitranges", range);
        auto object = pod();
        object.spec.containers[0].resources.requests["cpu"] = api::Quantity::of("200m");
        auto request = creating(object);
        QVERIFY(limitRanger()->mutate(request, known));
        const auto& resources = object.spec.containers[0].resources;
        QCOMPARE(resources.requests.at("cpu").toString(), std::string("200m"));
        QCOMPARE(resources.limits.at("cpu").toString(), std::string("500m"));
        QCOMPARE(resources.requests.at("memory").toString(), std::string("64Mi"));
        QCOMPARE(
            object.metadata.annotations.at("kubernetes.io/limit-ranger"),
            std::string(
                "LimitRanger plugin set: memory request for container main; cpu, memory limit for container main"));
        QVERIFY(limitRanger()->validate(request, known));
    }

    void aLimitRangeRefusesWhatIsTooLittleTooMuchOrOutOfProportion() {
        KnownObjects known = shop();
        auto range = named<corev1::LimitRange>("shop", "limits");
        auto& item = range.spec.limits.emplace_back();
        item.type = "Container";
        item.min["cpu"] = api::Quantity::of("50m");
        item.maxLimitRequestRatio["cpu"] = api::Quantity::of("8");
        auto& whole = range.spec.limits.emplace_back();
        whole.type = "Pod";
        whole.max["memory"] = api::Quantity::of("100Mi");
        known.add("limitranges", range);
        auto object = pod();
        auto& resources = object.spec.containers[0].resources;
        resources.requests["cpu"] = api::Quantity::of("10m");
        resources.limits["cpu"] = api::Quantity::of("500m");
        resources.limits["memory"] = api::Quantity::of("200Mi");
        auto request = creating(object);
        QCOMPARE(text(limitRanger()->validate(request, known)),
                 QStringLiteral("pods \"web\" is forbidden: [minimum cpu usage per Container is 50m, but request is "
                                "10m, cpu max limit to request ratio per Container is 8, but provided ratio "
                                "is 50.000000, maximum memory usage per Pod is 100Mi, but limit is 200Mi]"));
    }

    void anObjectWithoutANameYetIsCalledByItsPrefix() {
        base::Random random(1);
        auto object = pod();
        object.metadata.name.clear();
        object.metadata.generateName = "web-";
        object.spec.serviceAccountName = "robot";
        auto request = creating(object);
        QVERIFY(text(serviceAccount(random)->mutate(request, shop()))
                    .startsWith(QStringLiteral("pods \"web-\" is forbidden")));
    }
};

QTEST_APPLESS_MAIN(AdmissionTest)
#include "admission_test.moc"
