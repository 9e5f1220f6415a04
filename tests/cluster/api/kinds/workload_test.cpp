#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

namespace {

const Kind& pods() { return *builtinKind("", "v1", "Pod"); }
const Kind& services() { return *builtinKind("", "v1", "Service"); }
const Kind& deployments() { return *builtinKind("apps", "v1", "Deployment"); }

std::string pod(const std::string& spec, const std::string& containers = R"([{"name":"c","image":"i:1"}])") {
    return R"({"metadata":{"name":"p"},"spec":{"containers":)" + containers + (spec.empty() ? "" : "," + spec) + "}}";
}

std::string deployment(const std::string& selector, const std::string& labels) {
    return R"({"metadata":{"name":"d"},"spec":{"selector":)" + selector + R"(,"template":{"metadata":{"labels":)" + labels +
           R"(},"spec":{"containers":[{"name":"c","image":"i"}]}}}})";
}

std::string cell(const Kind& kind, const std::string& json, std::size_t column) {
    const auto object = decoded(kind, json);
    return std::get<std::string>(kind.cells(*object, qd::base::WallTime(std::chrono::seconds(1000)))[column]);
}

}  // namespace

class WorkloadTest : public QObject {
    Q_OBJECT
private slots:
    void everyKindsExampleDefaultsTwiceTheSame() {
        auto object = decoded(pods(), pod(R"("hostNetwork":true,"volumes":[{"name":"v"},{"name":"s","secret":{"secretName":"x"}}])"));
        const std::string once = encodeJson(*object);
        pods().defaults(*object);
        QCOMPARE(encodeJson(*object), once);
    }

    void theTagDecidesWhenAnImageIsPulled_data() {
        QTest::addColumn<QString>("image");
        QTest::addColumn<QString>("policy");
        QTest::newRow("no tag") << "nginx" << "Always";
        QTest::newRow("latest") << "registry:5000/a/nginx:latest" << "Always";
        QTest::newRow("a version") << "nginx:1.2" << "IfNotPresent";
        QTest::newRow("a digest") << QString("nginx@sha256:" + QString(64, 'a')) << "IfNotPresent";
        QTest::newRow("no image name") << "Not Valid" << "IfNotPresent";
    }
    void theTagDecidesWhenAnImageIsPulled() {
        QFETCH(QString, image);
        QFETCH(QString, policy);
        const auto tried = create(pods(), pod("", R"([{"name":"c","image":")" + image.toStdString() + R"("}])"));
        QVERIFY(tried.json().find("\"imagePullPolicy\":\"" + policy.toStdString() + "\"") != std::string::npos);
    }

    void resourcesDecideTheQualityOfService_data() {
        QTest::addColumn<QString>("resources");
        QTest::addColumn<QString>("qosClass");
        QTest::newRow("none") << "{}" << "BestEffort";
        QTest::newRow("requests") << R"({"requests":{"cpu":"1"}})" << "Burstable";
        QTest::newRow("limits alone") << R"({"limits":{"cpu":"1","memory":"1Gi"}})" << "Guaranteed";
    }
    void resourcesDecideTheQualityOfService() {
        QFETCH(QString, resources);
        QFETCH(QString, qosClass);
        const auto tried = create(pods(), pod("", R"([{"name":"c","image":"i","resources":)" + resources.toStdString() + "}]"));
        QVERIFY(tried.json().find("\"qosClass\":\"" + qosClass.toStdString() + "\"") != std::string::npos);
    }

    void faultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        QTest::newRow("no containers") << QString::fromStdString(pod("", "[]")) << "spec.containers: Required value";
        QTest::newRow("a missing volume") << QString::fromStdString(pod("", R"([{"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"}]}])"))
                                          << R"(spec.containers[0].volumeMounts[0].name: Not found: "v")";
        QTest::newRow("more than the limit") << QString::fromStdString(
                                                    pod("", R"([{"name":"c","image":"i","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"2"}}}])"))
                                             << R"(spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1)";
        QTest::newRow("two names") << QString::fromStdString(pod("", R"([{"name":"c","image":"i"},{"name":"c","image":"i"}])"))
                                   << R"(spec.containers[1].name: Duplicate value: "c")";
    }
    void faultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(create(pods(), json.toStdString()).faults, faults.toStdString());
    }

    void theImageOfAPodMayChangeAndItsCommandMayNot() {
        QCOMPARE(update(pods(), pod(""), pod("", R"([{"name":"c","image":"i:2"}])")).faults, std::string());
        const auto tried = update(pods(), pod(""), pod("", R"([{"name":"c","image":"i:1","command":["x"]}])"));
        QVERIFY(tried.faults.starts_with("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`"));
    }

    void aSpecThatChangesCountsAGeneration() {
        QCOMPARE(update(pods(), pod(""), pod("", R"([{"name":"c","image":"i:2"}])")).object->metadata.generation, std::int64_t(2));
        QCOMPARE(update(pods(), pod(""), pod("")).object->metadata.generation, std::int64_t(1));
    }

    void aPodThatIsNotBoundIsDeletedAtOnce() {
        auto object = decoded(pods(), pod(""));
        QVERIFY(!pods().gracePeriodSeconds(*object, std::nullopt));
        object = decoded(pods(), pod(R"("nodeName":"n")"));
        QCOMPARE(pods().gracePeriodSeconds(*object, std::nullopt), std::optional<std::int64_t>(30));
        QCOMPARE(pods().gracePeriodSeconds(*object, 5), std::optional<std::int64_t>(5));
    }

    void theRowOfAPodTellsWhatGoesOn() {
        const std::string start = R"({"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"a"},{"name":"b"}],"containers":[{"name":"c"}]},"status":)";
        QCOMPARE(cell(pods(), start + R"({"phase":"Pending","initContainerStatuses":[{"name":"a","state":{"running":{}}},{"name":"b","state":{}}]}})", 2),
                 std::string("Init:0/2"));
        const std::string crash = R"({"phase":"Running","containerStatuses":[{"name":"c","restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},)"
                                  R"("lastState":{"terminated":{"exitCode":1,"finishedAt":"1970-01-01T00:16:30Z"}}}]}})";
        QCOMPARE(cell(pods(), start + crash, 2), std::string("CrashLoopBackOff"));
        QCOMPARE(cell(pods(), start + crash, 3), std::string("3 (10s ago)"));
    }

    void aServiceIsOfTypeClusterIPAndTargetsItsPort() {
        const auto tried = create(services(), R"({"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}})");
        QCOMPARE(tried.faults, std::string());
        QVERIFY(tried.json().find(R"("ports":[{"protocol":"TCP","port":80,"targetPort":80}])") != std::string::npos);
        QVERIFY(tried.json().find(R"("type":"ClusterIP")") != std::string::npos);
    }

    void severalPortsNeedNames() {
        QCOMPARE(create(services(), R"({"metadata":{"name":"s"},"spec":{"ports":[{"port":80},{"port":81}]}})").faults,
                 std::string("spec.ports[0].name: Required value\nspec.ports[1].name: Required value"));
    }

    void aDeploymentSelectsItsOwnPods() {
        QCOMPARE(create(deployments(), deployment(R"({"matchLabels":{"a":"b"}})", R"({"a":"b"})")).faults, std::string());
        QCOMPARE(create(deployments(), deployment(R"({"matchLabels":{"a":"b"}})", R"({"a":"c"})")).faults,
                 std::string(R"(spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`)"));
    }

    void theSelectorOfADeploymentStays() {
        const auto tried = update(deployments(), deployment(R"({"matchLabels":{"a":"b"}})", R"({"a":"b"})"), deployment(R"({"matchLabels":{"a":"c"}})", R"({"a":"c"})"));
        QCOMPARE(tried.faults, std::string(R"(spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable)"));
    }

    void aJobSelectsItsPodsByItsUid() {
        const Kind& jobs = *builtinKind("batch", "v1", "Job");
        auto object = decoded(jobs, R"({"metadata":{"name":"j","uid":"u1"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}})");
        jobs.prepareForCreate(*object);
        QVERIFY(encodeJson(*object).find(R"("selector":{"matchLabels":{"batch.kubernetes.io/controller-uid":"u1"}})") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(WorkloadTest)
#include "workload_test.moc"
