// What is accepted of Pods and yet most likely not meant.
#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

namespace {

std::string pod(const std::string& spec, const std::string& container = "", const std::string& metadata = "") {
    return R"({"metadata":{"name":"p")" + metadata + R"(},"spec":{"containers":[{"name":"c","image":"i:1")" +
           container + "}]" + (spec.empty() ? "" : "," + spec) + "}}";
}

const std::string kTemplate =
    R"({"metadata":{"name":"t","generation":2},"template":{"spec":{"containers":[{"name":"c","image":"i"}],)"
    R"("imagePullSecrets":[{"name":""}]}}})";

}  // namespace

class PodWarningsTest : public QObject {
    Q_OBJECT
private slots:
    void eachNamesTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("warning");
        const auto row = [](const char* name, const std::string& json, const char* warning) {
            QTest::newRow(name) << QString::fromStdString(json) << warning;
        };
        row("nothing", pod(""), "");
        row("a label that got another name", pod(R"("nodeSelector":{"beta.kubernetes.io/os":"linux"})"),
            R"(spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead)");
        row("a spread over no Pods",
            pod(R"("topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}])"),
            "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod");
        row("a variable hidden", pod("", R"(,"env":[{"name":"A","value":"1"},{"name":"A","value":"2"}])"),
            R"(spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply)");
        row("a variable extended", pod("", R"(,"env":[{"name":"A","value":"1"},{"name":"A","value":"$(A)2"}])"), "");
        row("one port twice", pod("", R"(,"ports":[{"containerPort":80},{"name":"web","containerPort":80}])"),
            "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]");
        row("a fraction of a byte", pod("", R"(,"resources":{"requests":{"memory":"100m"}})"),
            R"(spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer)");
        row("files that hide each other",
            pod(R"("volumes":[{"name":"v","configMap":{"name":"m","items":[{"key":"a","path":"x"},{"key":"b","path":"x/y"}]}}])"),
            R"(volume "v" (ConfigMap "m"): overlapping paths: "x/y" with "x")");
        row("an annotation that does nothing",
            pod("", "", R"(,"annotations":{"scheduler.alpha.kubernetes.io/critical-pod":""})"),
            R"(metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead)");
    }
    void eachNamesTheField() {
        QFETCH(QString, json);
        QFETCH(QString, warning);
        const Kind& pods = *builtinKind("", "v1", "Pod");
        const auto told = pods.warnings(*decoded(pods, json.toStdString()), nullptr);
        QCOMPARE(told,
                 warning.isEmpty() ? std::vector<std::string>() : std::vector<std::string>{warning.toStdString()});
    }

    void aTemplateIsWarnedOfWhenItChanges() {
        const Kind& templates = *builtinKind("", "v1", "PodTemplate");
        const auto object = decoded(templates, kTemplate);
        const std::vector<std::string> warned = {R"(template.spec.imagePullSecrets[0].name: invalid empty name "")"};
        QCOMPARE(templates.warnings(*object, nullptr), warned);
        auto old = object->clone();
        QCOMPARE(templates.update.warnings(*object, old.get()), std::vector<std::string>());
        old->metadata.generation = 1;
        QCOMPARE(templates.update.warnings(*object, old.get()), warned);
    }
};

QTEST_APPLESS_MAIN(PodWarningsTest)
#include "pod_warnings_test.moc"
