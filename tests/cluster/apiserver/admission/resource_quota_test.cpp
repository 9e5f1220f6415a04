#include "cluster/apiserver/admission/resource_quota.h"

#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "cluster/apiserver/admission/store_reader.h"
#include "cluster/store/api_codec.h"

using namespace qd;
using namespace qd::apiserver;

namespace {

corev1::ResourceQuota quota(const std::string& name, api::Map<api::Quantity> hard, api::Map<api::Quantity> used) {
    corev1::ResourceQuota made;
    made.metadata.name = name;
    made.metadata.namespace_ = "shop";
    made.spec.hard = made.status.hard = std::move(hard);
    made.status.used = std::move(used);
    return made;
}

corev1::Pod pod(const std::string& name, const std::string& cpu = {}) {
    corev1::Pod made;
    made.metadata.name = name;
    made.metadata.namespace_ = "shop";
    auto& container = made.spec.containers.emplace_back();
    container.name = "web";
    if (!cpu.empty()) container.resources.requests["cpu"] = api::Quantity::of(cpu);
    return made;
}

api::Quantity amount(const char* text) { return api::Quantity::of(text); }

}  // namespace

class ResourceQuotaTest : public QObject {
    Q_OBJECT

    store::ApiCodec m_codec;
    base::SystemClock m_clock;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<StoreReader> m_reader;
    std::unique_ptr<ResourceQuotaAdmission> m_plugin;

    void put(const corev1::ResourceQuota& object) {
        auto submitted = m_store->submit({.operation = store::Operation::Create,
                                          .key = {"resourcequotas", "shop", object.metadata.name},
                                          .object = object.clone(),
                                          .actor = "test"});
        QVERIFY(submitted.has_value());
        m_store->flush();
    }
    Result<void> ask(api::Object& object, Operation operation = Operation::Create, const api::Object* old = nullptr, bool dryRun = false) {
        AdmissionRequest request;
        request.operation = operation;
        request.kind = api::builtinKind(object.descriptor().kind->group, object.descriptor().kind->version, object.descriptor().kind->kind);
        request.namespace_ = "shop";
        request.name = object.metadata.name;
        request.object = &object;
        request.old = old;
        request.dryRun = dryRun;
        return m_plugin->validate(request, *m_reader);
    }
    QString refusal(api::Object&& object) {
        const auto answer = ask(object);
        return answer ? QString("allowed") : QString::fromStdString(answer.error().message);
    }
    QString used(const std::string& name, const std::string& resource) {
        const auto found = api::objectAs<corev1::ResourceQuota>(m_reader->get("resourcequotas", "shop", name));
        const auto at = found->status.used.find(resource);
        return at == found->status.used.end() ? QString("none") : QString::fromStdString(at->second.toString());
    }

private slots:
    void init() {
        m_plugin.reset();
        m_reader.reset();
        m_store.reset();
        m_store = std::move(*store::Store::open({.file = {}, .commit = store::CommitMode::WriterThread}, m_codec, m_clock));
        m_reader = std::make_unique<StoreReader>(*m_store);
        m_plugin = std::make_unique<ResourceQuotaAdmission>(*m_store, m_clock);
    }

    void whatIsAdmittedIsCharged() {
        put(quota("all", {{"pods", amount("2")}, {"requests.cpu", amount("1")}}, {{"pods", amount("0")}, {"requests.cpu", amount("0")}}));
        QCOMPARE(refusal(pod("a", "300m")), QString("allowed"));
        QCOMPARE(used("all", "pods"), QString("1"));
        QCOMPARE(used("all", "requests.cpu"), QString("300m"));
    }

    void whatGoesBeyondIsRefusedInUpstreamsWordsAndNotCharged() {
        put(quota("all", {{"pods", amount("5")}, {"requests.cpu", amount("1")}}, {{"pods", amount("2")}, {"requests.cpu", amount("900m")}}));
        QCOMPARE(refusal(pod("a", "200m")),
                 QString("pods \"a\" is forbidden: exceeded quota: all, requested: requests.cpu=200m, used: requests.cpu=900m, limited: requests.cpu=1"));
        QCOMPARE(used("all", "pods"), QString("2"));
    }

    void oneQuotaThatRefusesKeepsTheOthersFromBeingCharged() {
        put(quota("loose", {{"pods", amount("5")}}, {{"pods", amount("0")}}));
        put(quota("tight", {{"pods", amount("0")}}, {{"pods", amount("0")}}));
        QVERIFY(refusal(pod("a")).contains("exceeded quota: tight"));
        QCOMPARE(used("loose", "pods"), QString("0"));
    }

    void eachContainerMustSayWhatAQuotaOnComputeResourcesAsksFor() {
        put(quota("all", {{"limits.memory", amount("1Gi")}, {"requests.cpu", amount("1")}}, {{"limits.memory", amount("0")}, {"requests.cpu", amount("0")}}));
        QCOMPARE(refusal(pod("a")), QString("pods \"a\" is forbidden: failed quota: all: must specify limits.memory for: web; requests.cpu for: web"));
    }

    void untilAQuotaHasBeenMeasuredNothingIsAdmitted() {
        put(quota("new", {{"pods", amount("5")}}, {}));
        QCOMPARE(refusal(pod("a")), QString("pods \"a\" is forbidden: status unknown for quota: new, resources: pods"));
    }

    void aDryRunIsCheckedButNotCharged() {
        put(quota("all", {{"pods", amount("1")}}, {{"pods", amount("0")}}));
        corev1::Pod a = pod("a");
        QVERIFY(ask(a, Operation::Create, nullptr, true).has_value());
        QCOMPARE(used("all", "pods"), QString("0"));
    }

    void objectsOfAnyKindAreCounted() {
        put(quota("all", {{"count/configmaps", amount("1")}, {"configmaps", amount("9")}}, {{"count/configmaps", amount("1")}, {"configmaps", amount("1")}}));
        corev1::ConfigMap map;
        map.metadata.name = "m";
        map.metadata.namespace_ = "shop";
        QCOMPARE(refusal(std::move(map)), QString("configmaps \"m\" is forbidden: exceeded quota: all, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1"));
    }

    void anUpdateIsChargedWithTheDifference() {
        put(quota("all", {{"services", amount("1")}, {"services.nodeports", amount("3")}}, {{"services", amount("1")}, {"services.nodeports", amount("1")}}));
        corev1::Service old;
        old.metadata.name = "web";
        old.metadata.namespace_ = "shop";
        old.metadata.resourceVersion = "1";
        old.spec.type = "NodePort";
        old.spec.ports.resize(1);
        corev1::Service now = old;
        now.spec.ports.resize(3);
        QVERIFY(ask(now, Operation::Update, &old).has_value());
        QCOMPARE(used("all", "services.nodeports"), QString("3"));
        QCOMPARE(used("all", "services"), QString("1"));
    }

    void aQuotaWithScopesConcernsOnlyWhatIsWithinThem() {
        auto scoped = quota("ending", {{"pods", amount("0")}}, {{"pods", amount("0")}});
        scoped.spec.scopes = {"Terminating"};
        put(scoped);
        QCOMPARE(refusal(pod("a")), QString("allowed"));
        corev1::Pod ending = pod("b");
        ending.spec.activeDeadlineSeconds = 60;
        QVERIFY(refusal(std::move(ending)).contains("exceeded quota: ending"));
    }

    void aSelectorOfPriorityClassesTakesThoseItNames() {
        auto scoped = quota("high", {{"pods", amount("0")}}, {{"pods", amount("0")}});
        scoped.spec.scopeSelector = corev1::ScopeSelector{};
        auto& scope = scoped.spec.scopeSelector->matchExpressions.emplace_back();
        scope.scopeName = "PriorityClass";
        scope.operator_ = "In";
        scope.values = {"high"};
        put(scoped);
        corev1::Pod low = pod("low");
        low.spec.priorityClassName = "low";
        QCOMPARE(refusal(std::move(low)), QString("allowed"));
        corev1::Pod high = pod("high");
        high.spec.priorityClassName = "high";
        QVERIFY(refusal(std::move(high)).contains("exceeded quota: high"));
    }

    void createsAtTheSameTimeNeverOverrunAQuota() {
        put(quota("all", {{"pods", amount("25")}}, {{"pods", amount("0")}}));
        put(quota("other", {{"count/pods", amount("1000")}}, {{"count/pods", amount("0")}}));
        constexpr int kCreates = 200;
        std::atomic<int> admitted = 0;
        std::atomic<int> refused = 0;
        std::atomic<int> otherwise = 0;
        std::atomic<int> left = kCreates;
        QSemaphore done;
        base::ThreadPool pool("creates", 8);
        for (int i = 0; i < kCreates; ++i) {
            pool.post([&, i] {
                corev1::Pod each = pod("p" + std::to_string(i));
                const auto answer = ask(each);
                if (answer) ++admitted;
                else if (answer.error().message.find("exceeded quota: all") != std::string::npos) ++refused;
                else ++otherwise;
                if (--left == 0) done.release();
            });
        }
        done.acquire();
        QCOMPARE(admitted.load(), 25);
        QCOMPARE(refused.load(), kCreates - 25);
        QCOMPARE(otherwise.load(), 0);
        QCOMPARE(used("all", "pods"), QString("25"));
        QCOMPARE(used("other", "count/pods"), QString("25"));
    }
};

QTEST_APPLESS_MAIN(ResourceQuotaTest)
#include "resource_quota_test.moc"
