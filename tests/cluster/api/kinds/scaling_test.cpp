// ReplicationControllers and autoscalers: what they are filled up with, what is refused, how kubectl lists them.
#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

namespace {

const Kind& controllers() {
    return *builtinKind("", "v1", "ReplicationController");
}
const Kind& autoscalers() {
    return *builtinKind("autoscaling", "v2", "HorizontalPodAutoscaler");
}

const std::string kPod =
    "{\"metadata\":{\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i:1\"}]}}";

std::string controller(const std::string& spec) {
    return "{\"metadata\":{\"name\":\"web\"},\"spec\":{" + spec + "}}";
}

std::string autoscaler(const std::string& spec) {
    return "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"scaleTargetRef\":{\"kind\":\"Deployment\",\"name\":\"web\"},"
           "\"maxReplicas\":5" +
           spec + "}}";
}

std::string cell(const Kind& kind, const std::string& json, std::size_t column) {
    const auto object = decoded(kind, json);
    return std::get<std::string>(kind.cells(*object, qd::base::WallTime(std::chrono::seconds(1000)))[column]);
}

bool holds(const std::string& json, const std::string& part) {
    return json.find(part) != std::string::npos;
}

}  // namespace

class ScalingTest : public QObject {
    Q_OBJECT
private slots:
    void aControllerSelectsItsTemplatesLabels() {
        const std::string json = create(controllers(), controller("\"template\":" + kPod)).json();
        QVERIFY(holds(json, "\"selector\":{\"app\":\"web\"}"));
        QVERIFY(holds(json, "\"labels\":{\"app\":\"web\"}"));
        QVERIFY(holds(json, "\"replicas\":1"));
        QVERIFY(holds(json, "\"restartPolicy\":\"Always\""));
    }

    void aControllersFaultsNameTheField_data() {
        QTest::addColumn<QString>("spec");
        QTest::addColumn<QString>("message");
        QTest::newRow("no template") << "\"selector\":{\"app\":\"web\"}"
                                     << "spec.template: Required value";
        QTest::newRow("another selector")
            << "\"selector\":{\"app\":\"other\"},\"template\":" + QString::fromStdString(kPod)
            << "`selector` does not match template `labels`";
        QTest::newRow("too few") << "\"replicas\":-1,\"template\":" + QString::fromStdString(kPod)
                                 << "spec.replicas: Invalid value: -1";
    }
    void aControllersFaultsNameTheField() {
        QFETCH(QString, spec);
        QFETCH(QString, message);
        const auto tried = create(controllers(), controller(spec.toStdString()));
        QVERIFY2(holds(tried.faults, message.toStdString()), tried.faults.c_str());
    }

    void anAutoscalerWithoutMetricsWatchesTheProcessor() {
        const std::string json = create(autoscalers(), autoscaler("")).json();
        QVERIFY(holds(json, "\"minReplicas\":1"));
        QVERIFY(holds(json, "\"averageUtilization\":80"));
        QVERIFY(!holds(json, "\"behavior\""));
    }

    void aBehaviorIsFilledUp() {
        const std::string json =
            create(autoscalers(), autoscaler(",\"behavior\":{\"scaleDown\":{\"stabilizationWindowSeconds\":60}}"))
                .json();
        QVERIFY(holds(json, "\"scaleUp\":{\"stabilizationWindowSeconds\":0,\"selectPolicy\":\"Max\""));
        QVERIFY(holds(json, "{\"type\":\"Pods\",\"value\":4,\"periodSeconds\":15}"));
        QVERIFY(holds(json, "\"scaleDown\":{\"stabilizationWindowSeconds\":60,\"selectPolicy\":\"Max\""));
    }

    void targetsShowWhatIsAndWhatIsWanted() {
        QCOMPARE(cell(autoscalers(), autoscaler(""), 2), std::string("cpu: <unknown>/80%"));
        const std::string memory =
            ",\"metrics\":[{\"type\":\"Resource\",\"resource\":{\"name\":\"memory\",\"target\":{\"type\":"
            "\"AverageValue\",\"averageValue\":\"1Gi\"}}}]";
        QCOMPARE(cell(autoscalers(), autoscaler(memory), 2), std::string("memory: <unknown>/1Gi"));
        QCOMPARE(cell(autoscalers(), autoscaler(""), 1), std::string("Deployment/web"));
    }
};

QTEST_APPLESS_MAIN(ScalingTest)
#include "scaling_test.moc"
