#include <QtTest>

#include "vmnodes/hollow/command_line.h"
#include "vmnodes/hollow/shell/arithmetic.h"
#include "vmnodes/hollow/shell/interpreter.h"

using namespace qd;
using namespace qd::hollow;
using namespace std::chrono_literals;

namespace {

corev1::Pod podOf(const corev1::Container& container) {
    corev1::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = "p";
    pod.metadata.uid = "u";
    pod.metadata.labels["index"] = "3";
    pod.spec.containers.push_back(container);
    return pod;
}

// "2s 0; 3s 1": how long each start takes and its exit code; "for ever"; "not known".
QString told(const corev1::Container& container) {
    const auto runs = runsOf(podOf(container), container);
    if (!runs) return "not known";
    QStringList texts;
    for (const auto& run : *runs) {
        const auto length = run.length ? std::chrono::duration_cast<std::chrono::milliseconds>(*run.length).count() : 0;
        texts.append(run.length ? QString("%1ms %2").arg(length).arg(run.exitCode) : QString("for ever"));
    }
    return texts.join("; ");
}

corev1::Container shellOf(const QString& script) {
    corev1::Container container;
    container.name = "main";
    container.image = "busybox:1.37";
    container.command = {"/bin/sh", "-c"};
    container.args = {script.toStdString()};
    return container;
}

}  // namespace

class CommandLineTest : public QObject {
    Q_OBJECT
private slots:
    void scriptsAreFollowed_data() {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("runs");
        const auto row = [](const char* script, const char* runs) { QTest::newRow(script) << QString(script) << QString(runs); };
        row("exit 1", "0ms 1");
        row("exit 256", "0ms 0");
        row("sleep 5; exit 3", "5000ms 3");
        row("sleep 0.5 && echo 'all done; really'", "500ms 0");
        row("sleep 1m", "60000ms 0");
        row("sleep infinity", "for ever");
        row("echo Hello > /dev/stdout 2>&1 # said\nsleep 2\n", "2000ms 0");
        row("false || exit 4", "0ms 4");
        row("true && false", "0ms 1");
        row("! true", "0ms 1");
        row("false; exit", "0ms 1");
        row("set -e; false; sleep 10", "0ms 1");
        row("set -e; if false; then exit 1; fi; false || true; sleep 10", "10000ms 0");
        row("while true; do date; sleep 1; done", "for ever");
        row("i=0; while [ $i -lt 3 ]; do i=$((i + 1)); sleep 2; done; exit $i", "6000ms 3");
        row("until [ \"$(echo a b)\" = \"a b\" ]; do sleep 1; done", "0ms 0");
        row("for i in 1 2 3; do sleep $i; if [[ $i == 2 ]]; then break; fi; done", "3000ms 0");
        row("if [ $(expr 7 % 2) -ne 0 ]; then exit 1; else exit 0; fi", "0ms 1");
        row("if [ 1 -gt 2 ]; then exit 1; elif test -z ''; then exit 2; fi", "0ms 2");
        row("{ sleep 1; exit 5; } > /tmp/log", "1000ms 5");
        row("sh -c 'exit 7'; exit $?", "0ms 7");
        row("exec sleep 3; exit 1", "3000ms 0");
        row("tail -f /dev/null", "for ever");
        // The second start finds what the first has left.
        row("if [ -e /data/mark ]; then exit 0; else touch /data/mark; exit 1; fi", "0ms 1; 0ms 0");
        row("if [[ -r /data/mark ]]\nthen\n\texit 0\nelse\n\techo x > /data/mark\n\tsleep 1000000000\nfi", "for ever");
        // What is not followed.
        row("wget example.org", "not known");
        row("exit 1; wget example.org", "0ms 1");
        row("cat /etc/passwd | wc -l", "not known");
        row("sleep 5 &", "not known");
        row("trap 'exit 0' TERM; sleep 10", "not known");
        row("echo 'open", "not known");
        row("if true; then", "not known");
        row("sleep", "0ms 1");
        row("sleep soon", "0ms 1");
    }
    void scriptsAreFollowed() {
        QFETCH(QString, script);
        QFETCH(QString, runs);
        QCOMPARE(told(shellOf(script)), runs);
    }

    void commandsNestedWithoutEndAreNotFollowed() {
        QCOMPARE(told(shellOf(QString("if ").repeated(100'000))), QString("not known"));
        QCOMPARE(told(shellOf(QString("$(").repeated(100'000))), QString("not known"));
        QCOMPARE(told(shellOf("echo $((" + QString("(").repeated(100'000) + "1" + QString(")").repeated(100'000) + "))")), QString("not known"));
    }

    void argumentsAloneAreACommandForImagesWithoutOneOfTheirOwn() {
        corev1::Container container;
        container.args = {"sleep", "30"};
        container.image = "registry.example/library/busybox:1.37";
        QCOMPARE(told(container), QString("30000ms 0"));
        container.image = "app:1";
        QCOMPARE(told(container), QString("not known"));
        container.command = {"/usr/bin/env-runner"};
        QCOMPARE(told(container), QString("not known"));
    }

    void imagesThatServeRunUntilTheyAreStopped() {
        for (const char* image : {"registry.k8s.io/pause:3.10", "nginx", "docker.io/library/httpd:2.4-alpine", "registry.k8s.io/e2e-test-images/agnhost:2.56"}) {
            corev1::Container container;
            container.image = image;
            QCOMPARE(told(container), QString("for ever"));
        }
        corev1::Container trial;
        trial.image = "registry.k8s.io/e2e-test-images/agnhost:2.56@sha256:0123";
        trial.args = {"mounttest"};
        QCOMPARE(told(trial), QString("not known"));
        trial.args = {"netexec", "--http-port=80"};
        QCOMPARE(told(trial), QString("for ever"));
        trial.command = {"/bin/sh", "-c"};
        trial.args = {"exit 2"};
        QCOMPARE(told(trial), QString("0ms 2"));
    }

    void variablesOfTheContainerAreKnown() {
        auto container = shellOf("exit $((INDEX * 10 + ${SECOND}))");
        auto& index = container.env.emplace_back();
        index.name = "INDEX";
        index.valueFrom.emplace().fieldRef.emplace().fieldPath = "metadata.labels['index']";
        auto& second = container.env.emplace_back();
        second.name = "SECOND";
        second.value = "$(INDEX)";
        QCOMPARE(told(container), QString("0ms 33"));

        container = shellOf("sleep $(PAUSE)");
        container.env.emplace_back().name = "PAUSE";
        container.env.back().value = "4";
        QCOMPARE(told(container), QString("4000ms 0"));

        container = shellOf("exit $CODE");
        container.envFrom.emplace_back().configMapRef.emplace().name = "settings";
        QCOMPARE(told(container), QString("not known"));
    }

    void chanceIsTheSameForTheSameStart() {
        const auto container = shellOf("exit $(( $RANDOM / 16384 ))");
        const QString first = told(container);
        QVERIFY(first.contains("ms 0") && first.contains("ms 1"));
        QCOMPARE(told(container), first);
    }

    void annotationsGoBeforeTheCommand() {
        auto pod = podOf(shellOf("exit 1"));
        QCOMPARE(planOf(pod, {}).containers[0].run(0).exitCode, 1);
        pod.metadata.annotations["hollow.quarterdeck.dev/exits-after"] = "5s";
        const auto run = planOf(pod, {}).containers[0].run(0);
        QCOMPARE(run.exitCode, 0);
        QVERIFY(run.length == base::Duration(5s));
    }

    void expressionsKeepTheirPrecedence() {
        const auto none = [](const std::string&) { return std::optional<std::int64_t>(); };
        QCOMPARE(shell::evaluate("1 + 2 * 3 - -4", none).value(), std::int64_t(11));
        QCOMPARE(shell::evaluate("(1 + 2) * 3 % 5 == 4", none).value(), std::int64_t(1));
        QVERIFY(!shell::evaluate("1 / 0", none));
        QVERIFY(!shell::evaluate("1 +", none));
        QVERIFY(!shell::evaluate("9223372036854775807 + 1", none));
        QCOMPARE(shell::evaluate("(0 - 9223372036854775807 - 1) % -1", none).value(), std::int64_t(0));
    }
};

QTEST_APPLESS_MAIN(CommandLineTest)
#include "command_line_test.moc"
