// The real agent in the real node image, under plain qemu: static Pods run, restart, are probed and answer, with no API
// server in sight. The machine's network leads nowhere.
#include <QElapsedTimer>
#include <QRegularExpression>
#include <QtTest>

#include <memory>

#include "tests/vmnodes/image/machine.h"

using qd::image::Machine;

namespace {

constexpr int kBootSeconds = 180;
constexpr int kPodSeconds = 120;  // emulated: a sandbox alone takes up to ten seconds

constexpr const char* kWeb = R"yaml(apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  terminationGracePeriodSeconds: 5
  initContainers:
  - name: prepare
    image: quarterdeck.dev/lab:1
    command: [/lab, write, /data/hello, "from $(NAME)"]
    env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
    resources: {limits: {memory: 64Mi}}
    volumeMounts: [{name: data, mountPath: /data}]
  containers:
  - name: main
    image: quarterdeck.dev/lab:1
    ports: [{containerPort: 8080, hostPort: 18080}]
    resources: {requests: {cpu: 50m, memory: 16Mi}, limits: {memory: 64Mi}}
    readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 2}
    volumeMounts: [{name: data, mountPath: /data}, {name: info, mountPath: /info}]
  volumes:
  - name: data
    emptyDir: {}
  - name: info
    downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
)yaml";

constexpr const char* kOnce = R"yaml(apiVersion: v1
kind: Pod
metadata: {name: once}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: quarterdeck.dev/lab:1
    command: [/lab, echo, done]
)yaml";

constexpr const char* kCrash = R"yaml(apiVersion: v1
kind: Pod
metadata: {name: crash}
spec:
  containers:
  - name: main
    image: quarterdeck.dev/lab:1
    command: [/lab, exit, "3"]
)yaml";

void write(const QString& path, const char* text) {
    QFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write(text);
}

}  // namespace

class StaticPodsBootTest : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        QProcess build;
        build.start(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/build"), {"--path"});
        build.waitForFinished();
        const QString image = QString::fromUtf8(build.readAllStandardOutput()).trimmed();
        QVERIFY2(build.exitCode() == 0 && !image.isEmpty(), "the node image is not built: run vmnodes/image/build");
        m_machine = std::make_unique<Machine>(image);
        const QString folder = m_machine->folder();
        QCOMPARE(QProcess::execute(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/pack-agent"),
                                   {QD_AGENT, folder + "/agent.erofs"}),
                 0);
        QDir(folder).mkpath("config/manifests");
        write(folder + "/config/manifests/web.yaml", kWeb);
        write(folder + "/config/manifests/once.yaml", kOnce);
        write(folder + "/config/manifests/crash.yaml", kCrash);
        QCOMPARE(QProcess::execute(
                     "tar", {"--format=ustar", "-cf", folder + "/config.tar", "-C", folder + "/config", "manifests"}),
                 0);
        for (const auto& [key, value] : {std::pair{"hostname", "n1"},
                                         {"address", "192.0.2.11/24"},
                                         {"podcidr", "10.244.1.0/24"},
                                         {"mac", "52:54:00:00:00:01"},
                                         {"emulated", "1"},
                                         {"shutdown", "20"},
                                         {"debug", "shell"}})
            m_machine->setSetting(key, value);
        m_machine->addDataDisk("12G");
        m_machine->addDisk("qd-config", folder + "/config.tar", "raw", true);
        m_machine->addDisk("qd-agent", folder + "/agent.erofs", "raw", true);
        m_sinceStart.start();
        QVERIFY(m_machine->start());
        QVERIFY2(m_machine->waitForConsole("containerd://", kBootSeconds), qPrintable(m_machine->console()));
        say("the agent found containerd");
    }

    void cleanup() {
        if (QTest::currentTestFailed()) qInfo().noquote() << "the guest's console:\n" << m_machine->console();
    }

    void aPodBecomesReady() {
        QVERIFY(m_machine->waitForConsole("web-n1_default", kBootSeconds));
        QVERIFY(waitForStatus("web-n1_default", "Running ready=True"));
        say("the Pod is ready");
    }

    void thePodAnswersAtItsAddressAndAtItsHostPort() {
        const QString ip = podIp();
        QVERIFY2(ip.startsWith("10.244.1."), qPrintable(ip));
        QVERIFY(shell("wget -q -T 20 -O - http://" + ip + ":8080/").contains("web"));
        QVERIFY(shell("wget -q -T 20 -O - http://192.0.2.11:18080/").contains("web"));
    }

    void theVolumesHoldWhatTheyShould() {
        QCOMPARE(shell("cat /var/lib/kubelet/pods/*/volumes/kubernetes.io~empty-dir/data/hello").trimmed(),
                 "from web-n1");
        QCOMPARE(shell("cat /var/lib/kubelet/pods/*/volumes/kubernetes.io~downward-api/info/labels").trimmed(),
                 "app=\"web\"");
    }

    void theLimitsAreInTheControlGroups() {
        QCOMPARE(shell("cat /sys/fs/cgroup/kubepods/burstable/pod*/memory.max").trimmed(), QString::number(64 << 20));
        QVERIFY(shell("cat /sys/fs/cgroup/kubepods/burstable/pod*/*/memory.max").contains(QString::number(64 << 20)));
    }

    void aPodThatIsDoneHasSucceeded() {
        QVERIFY(waitForStatus("once-n1_default", "Succeeded"));
        QVERIFY(shell("cat /var/log/pods/default_once-n1_*/main/0.log").contains("stdout F done"));
    }

    void aPodThatCrashesWaitsLongerEachTime() {
        QVERIFY(m_machine->waitForConsole("Back-off restarting failed container main in pod crash-n1_default",
                                          kPodSeconds));
    }

    void anEndedAgentComesBackAndFindsItsPods() {
        const QString before = containerOf("web-n1");
        QVERIFY(!before.isEmpty());
        const qsizetype seen = m_machine->console().count("containerd://");
        shell("kill $(pidof qdeck-agent || pidof ld.so)");
        QVERIFY(
            QTest::qWaitFor([&] { return m_machine->console().count("containerd://") > seen; }, kBootSeconds * 1000));
        // Its first report comes after it has looked at the runtime.
        QVERIFY(QTest::qWaitFor(
            [&] {
                const QString since = m_machine->console().section("containerd://", -1);
                return since.contains(QRegularExpression("web-n1_default[^\n]*Running"));
            },
            kPodSeconds * 1000));
        QCOMPARE(containerOf("web-n1"), before);
    }

    void anEndedContainerIsStartedAgain() {
        const QString before = containerOf("web-n1");
        shell("ctr -n k8s.io tasks kill -s SIGKILL " + before);
        QVERIFY(QTest::qWaitFor(
            [&] {
                const QString now = containerOf("web-n1");
                return !now.isEmpty() && now != before;
            },
            kPodSeconds * 1000));
    }

    void thePowerButtonEndsThePodsFirst() {
        QVERIFY(m_machine->pressPowerButton());
        QVERIFY(m_machine->waitForEnd(90));
        QVERIFY(m_machine->console().contains("ending Pods"));
        QVERIFY(m_machine->console().contains("stopped"));
    }

private:
    QString shell(const QString& command) { return m_machine->shell(command, 90); }
    void say(const char* what) const {
        qInfo("%s %.1f s after qemu's start", what, static_cast<double>(m_sinceStart.elapsed()) / 1000);
    }
    bool waitForStatus(const QString& pod, const QString& status) {
        return QTest::qWaitFor(
            [&] {
                for (const QString& line : m_machine->console().split('\n'))
                    if (line.contains(pod) && line.contains(status)) return true;
                return false;
            },
            kPodSeconds * 1000);
    }
    QString podIp() {
        for (const QString& line : m_machine->console().split('\n'))
            if (line.contains("web-n1_default") && line.contains("ready=True")) return line.section("ip=", 1).trimmed();
        return {};
    }
    // The id of the running container `main` of a Pod.
    QString containerOf(const QString& pod) {
        const QString list = shell(
            "for i in $(ctr -n k8s.io tasks ls | awk '$3==\"RUNNING\"{print $1}'); do ctr -n k8s.io containers info $i "
            "| tr -d '\\n ' | grep -q '\"io.kubernetes.container.name\":\"main\".*\"io.kubernetes.pod.name\":\"" +
            pod + "\"' && echo $i; done");
        return list.trimmed();
    }

    std::unique_ptr<Machine> m_machine;
    QElapsedTimer m_sinceStart;
};

QTEST_GUILESS_MAIN(StaticPodsBootTest)
#include "static_pods_boot_test.moc"
