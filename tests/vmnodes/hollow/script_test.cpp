#include <QFile>
#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "vmnodes/hollow/script.h"

using namespace qd;
using namespace qd::hollow;
using namespace std::chrono_literals;

namespace {

corev1::Pod podOf(const std::string& app) {
    corev1::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = app + "-0";
    pod.metadata.labels["app"] = app;
    pod.spec.nodeName = "hollow-node-0";
    pod.spec.restartPolicy = "OnFailure";
    pod.spec.containers.resize(1);
    pod.spec.containers[0].name = "c";
    pod.spec.initContainers.resize(1);
    pod.spec.initContainers[0].name = "init";
    return pod;
}

RunPlan planAt(const Script& script, const corev1::Pod& pod, base::Duration at) {
    RunPlan plan = planOf(pod, {});
    script.tell(pod, at, plan);
    return plan;
}

}  // namespace

class ScriptTest : public QObject {
    Q_OBJECT
private slots:
    void theExampleInTheDocumentationDoesWhatItSays() {
        QFile page(QD_HOLLOW_NODES_PAGE);
        QVERIFY(page.open(QIODevice::ReadOnly));
        const std::string text = page.readAll().toStdString();
        const auto begin = text.find("```yaml\n") + 8;
        const auto script = Script::read(text.substr(begin, text.find("```", begin) - begin));
        QVERIFY2(script.has_value(), script ? "" : script.error().message.c_str());

        QCOMPARE(script->moments(), (std::vector<base::Duration>{10s, 20s, 30s, 60s, 90s}));
        QVERIFY(script->node("hollow-node-1", 29s).contact);
        QVERIFY(!script->node("hollow-node-1", 30s).contact);
        QVERIFY(script->node("hollow-node-2", 30s).contact);
        QVERIFY(script->node("hollow-node-1", 90s).contact);

        const auto web = podOf("web");
        QVERIFY(!planAt(*script, web, 9s).containers[0].readinessFails);
        QVERIFY(planAt(*script, web, 10s).containers[0].readinessFails);
        QVERIFY(!planAt(*script, web, 20s).containers[0].readinessFails);
        const auto worker = planAt(*script, podOf("worker"), 0s);
        QCOMPARE(worker.containers[0].run(0).exitCode, 1);
        QCOMPARE(*worker.containers[0].run(0).length, base::Duration(3s));
        QCOMPARE(worker.containers[0].run(7).exitCode, 0);
        QCOMPARE(*worker.containers[0].run(7).length, base::Duration(5s));

        metricsv1beta1::PodMetrics usage;
        usage.containers.resize(1);
        script->tell(web, 59s, usage);
        QVERIFY(usage.containers[0].usage.empty());
        script->tell(web, 60s, usage);
        QCOMPARE(usage.containers[0].usage.at("cpu").toString(), std::string("900m"));
    }

    void theLastEntryThatFitsCounts() {
        const auto script = Script::read(R"y(
pods:
- {stopsAfter: 5s, readiness: false}
- {name: "web-?", namespace: "def*", node: hollow-node-0, stopsAfter: 7s}
- {name: "web-?", namespace: "other", stopsAfter: 9s}
)y");
        QVERIFY(script.has_value());
        const auto web = planAt(*script, podOf("web"), 0s);
        QCOMPARE(web.stopsAfter, base::Duration(7s));
        QVERIFY(web.containers[0].readinessFails);
        QCOMPARE(planAt(*script, podOf("job"), 0s).stopsAfter, base::Duration(5s));
    }

    void initContainersAreSpokenOfByName() {
        const auto script = Script::read("pods: [{container: init, runs: [{for: 9s, exitCode: 4}]}]");
        QVERIFY(script.has_value());
        const auto plan = planAt(*script, podOf("web"), 0s);
        QCOMPARE(plan.init[0].run(0).exitCode, 4);
        QCOMPARE(plan.containers[0].run(0).exitCode, 0);
        QVERIFY(!planAt(*Script::read("pods: [{readiness: false}]"), podOf("web"), 0s).init[0].readinessFails);
    }

    void mistakesAreToldWithTheirPlaces_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("told");
        QTest::newRow("field") << "pods:\n- fro: 3s" << "line 2: pods[0].fro: Forbidden: there is no such field";
        QTest::newRow("top") << "pod: []" << "line 1: pod: Forbidden: there is no such field";
        QTest::newRow("no list") << "nodes: {}" << "line 1: nodes: Invalid value: {}: must be a list";
        QTest::newRow("no object") << "nodes: [3]" << "line 1: nodes[0]: Invalid value: 3: must be an object";
        QTest::newRow("duration") << "pods:\n- runs:\n  - {for: soon}"
                                  << "line 3: pods[0].runs[0].for: Invalid value: \"soon\": must be a length of time "
                                     "that is not negative, e.g. 90s or 1m30s";
        QTest::newRow("negative") << "nodes: [{from: -3s}]"
                                  << "line 1: nodes[0].from: Invalid value: \"-3s\": must be a length of time that is "
                                     "not negative, e.g. 90s or 1m30s";
        QTest::newRow("order") << "nodes: [{from: 3s, until: 3s}]"
                               << "line 1: nodes[0].until: Invalid value: must be later than `from`";
        QTest::newRow("boolean") << "nodes: [{ready: 3}]"
                                 << "line 1: nodes[0].ready: Invalid value: 3: must be true or false";
        QTest::newRow("exit code")
            << "pods: [{runs: [{for: 1s, exitCode: 256}]}]"
            << "line 1: pods[0].runs[0].exitCode: Invalid value: 256: must be between 0 and 255, inclusive";
        QTest::newRow("endless")
            << "pods: [{runs: [{exitCode: 1}]}]"
            << "line 1: pods[0].runs[0].for: Required value: an exit code belongs to a run that ends";
        QTest::newRow("both") << "nodes: [{ready: 3}]\npods: 4"
                              << "line 1: nodes[0].ready: Invalid value: 3: must be true or false\nline 2: pods: "
                                 "Invalid value: 4: must be a list";
        QTest::newRow("two documents") << "nodes: []\n---\npods: []"
                                       << "line 2: there is a second document; a script is one";
    }
    void mistakesAreToldWithTheirPlaces() {
        QFETCH(QString, text);
        QFETCH(QString, told);
        const auto script = Script::read(text.toStdString());
        QVERIFY(!script);
        QCOMPARE(QString::fromStdString(script.error().message), told);
    }

    void selectorsAndQuantitiesAreCheckedToo() {
        const auto selector = Script::read("pods: [{selector: 'a in b'}]");
        QVERIFY(!selector &&
                selector.error().message.starts_with("line 1: pods[0].selector: Invalid value: \"a in b\": "));
        const auto usage = Script::read("pods: [{usage: {cpu: many}}]");
        QVERIFY(!usage && usage.error().message.starts_with("line 1: pods[0].usage.cpu: Invalid value: \"many\": "));
        QVERIFY(!Script::read("nodes: ["));
        QVERIFY(Script::read("").has_value());
    }
};

QTEST_APPLESS_MAIN(ScriptTest)
#include "script_test.moc"
