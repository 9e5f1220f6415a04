#include <QtTest>

#include "cluster/api/compare.h"
#include "cluster/api/registry.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/metrics_v1beta1.h"

using namespace qd;
using namespace qd::api;

class ModelTest : public QObject {
    Q_OBJECT
private slots:
    void membersReadAsInGo() {
        corev1::Pod pod;
        pod.metadata.namespace_ = "default";
        pod.spec.containers.push_back({});
        pod.spec.containers[0].livenessProbe.emplace().httpGet.emplace().path = "/healthz";
        pod.spec.volumes.push_back({});
        pod.spec.volumes[0].configMap.emplace().name = "settings";
        pod.status.phase = corev1::PodRunning;
        QCOMPARE(pod.kind(), std::string_view("Pod"));
        QCOMPARE(pod.apiVersion(), std::string_view("v1"));
    }

    void aCopyIsEqualAndItsOwn() {
        appsv1::Deployment deployment;
        deployment.metadata.name = "web";
        deployment.spec.selector.emplace().matchLabels["app"] = "web";
        const auto copy = deployment.clone();
        auto* typed = objectAs<appsv1::Deployment>(*copy);
        QVERIFY(typed);
        QVERIFY(*typed == deployment);
        typed->spec.selector->matchLabels["app"] = "other";
        QCOMPARE(deployment.spec.selector->matchLabels["app"], std::string("web"));
        QVERIFY(*typed != deployment);
    }

    void kindsKnowTheirResources() {
        QCOMPARE(kindNameOf<corev1::Pod>().resource, std::string_view("pods"));
        QVERIFY(kindNameOf<corev1::Pod>().namespaced);
        QVERIFY(!kindNameOf<corev1::Node>().namespaced);
        QCOMPARE(kindNameOf<corev1::Endpoints>().resource, std::string_view("endpoints"));
        QCOMPARE(kindNameOf<metricsv1beta1::NodeMetrics>().resource, std::string_view("nodes"));
        const KindName* policy = findKind("networking.k8s.io/v1", "NetworkPolicy");
        QVERIFY(policy);
        QCOMPARE(policy->resource, std::string_view("networkpolicies"));
        QVERIFY(!findKind("v1", "Deployment"));
        QVERIFY(!findKind("v1", "Status")->make);
    }

    void aKindIsMadeByItsName() {
        const auto object = makeObject("apps/v1", "StatefulSet");
        QVERIFY(object);
        QCOMPARE(object->kind(), std::string_view("StatefulSet"));
        QVERIFY(!makeObject("apps/v1", "Nonsense"));
    }

    void fieldsAreFoundInInlinedStructsToo() {
        std::size_t offset = 0;
        const Field* field = corev1::Volume::kDescriptor.find("configMap", &offset);
        QVERIFY(field);
        corev1::Volume volume;
        volume.configMap.emplace().name = "a";
        const void* member = reinterpret_cast<const char*>(&volume) + offset;
        QCOMPARE(field->type().pointer->get(member), static_cast<const void*>(volume.configMap.get()));
        QVERIFY(!corev1::Volume::kDescriptor.find("nonsense"));
    }

    void descriptorsCarryTagsAndMarkers() {
        const Field* containers = corev1::PodSpec::kDescriptor.find("containers");
        QCOMPARE(containers->number, 2U);
        QCOMPARE(containers->patchStrategy, std::string_view("merge"));
        QCOMPARE(containers->patchMergeKey, std::string_view("name"));
        QVERIFY(containers->merge == MergeKind::Map);
        QCOMPARE(containers->listMapKeys[0], std::string_view("name"));
        const Field* policy = corev1::Container::kDescriptor.find("imagePullPolicy");
        QCOMPARE(policy->enumValues.size(), 3U);
        QVERIFY(policy->omitEmpty && !policy->required);
        const Field* protocol = corev1::ContainerPort::kDescriptor.find("protocol");
        QCOMPARE(protocol->defaultJson, std::string_view("\"TCP\""));
        QVERIFY(corev1::LocalObjectReference::kDescriptor.merge == MergeKind::Atomic);
        QVERIFY(corev1::Pod::kDescriptor.doc.starts_with("Pod is a collection of containers"));
    }
};

QTEST_APPLESS_MAIN(ModelTest)
#include "model_test.moc"
