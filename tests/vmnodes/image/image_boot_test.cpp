// Boots the node image once under plain qemu and looks at what docs/node-image.md promises.
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <memory>

#include "tests/vmnodes/image/machine.h"

using qd::image::Machine;

namespace {

constexpr int kBootSeconds = 120;

// The folder of the image, which the fixture has built.
QString imageFolder() {
    QProcess build;
    build.start(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/build"), {"--path"});
    build.waitForFinished();
    return build.exitCode() == 0 ? QString::fromUtf8(build.readAllStandardOutput()).trimmed() : QString();
}

bool packAgent(const QString& output) {
    return QProcess::execute(QStringLiteral(QD_SOURCE_DIR "/vmnodes/image/pack-agent"),
                             {QStringLiteral(QD_AGENT_STAND_IN), output}) == 0;
}

bool packConfiguration(const QString& folder, const QString& output) {
    QFile kubeconfig(folder + "/kubeconfig");
    if (!kubeconfig.open(QIODevice::WriteOnly) || kubeconfig.write("0123456789") != 10) return false;
    kubeconfig.close();
    return QProcess::execute("tar", {"--format=ustar", "-cf", output, "-C", folder, "kubeconfig"}) == 0;
}

}  // namespace

class ImageBootTest : public QObject {
    Q_OBJECT
private:
    QString m_image;
    std::unique_ptr<Machine> m_machine;

    QString shell(const QString& command) { return m_machine->shell(command); }

private slots:
    void initTestCase() {
        m_image = imageFolder();
        QVERIFY2(!m_image.isEmpty(), "the node image is not built: run vmnodes/image/build");
        m_machine = std::make_unique<Machine>(m_image);
        const QString folder = m_machine->folder();
        QVERIFY(packAgent(folder + "/agent.erofs"));
        QVERIFY(packConfiguration(folder, folder + "/config.tar"));
        for (const auto& [key, value] : {std::pair{"hostname", "n1"},
                                         {"address", "192.0.2.11/24"},
                                         {"gateway", "192.0.2.1"},
                                         {"dns", "192.0.2.2,192.0.2.3"},
                                         {"mac", "52:54:00:00:00:01"},
                                         {"server", "https://192.0.2.1:6443"},
                                         {"debug", "shell"}}) {
            m_machine->setSetting(key, value);
        }
        m_machine->addDataDisk("12G");
        m_machine->addDisk("qd-config", folder + "/config.tar", "raw", true);
        m_machine->addDisk("qd-agent", folder + "/agent.erofs", "raw", true);
        QElapsedTimer sinceStart;
        sinceStart.start();
        QVERIFY(m_machine->start());
        QVERIFY2(m_machine->waitForConsole(" containerd", kBootSeconds), qPrintable(m_machine->console()));
        qInfo("from qemu's start to containerd: %.1f s", static_cast<double>(sinceStart.elapsed()) / 1000);
    }

    void cleanup() {
        if (QTest::currentTestFailed()) qInfo().noquote() << "the guest's console:\n" << m_machine->console();
    }

    void theStagesAreSaidInOrder() {
        qsizetype before = 0;
        for (const auto* stage : {" root", " data", " network", " agent"}) {
            const qsizetype at =
                m_machine->console().indexOf(QRegularExpression("quarterdeck: [0-9.]+" + QString(stage) + "\r?\n"));
            QVERIFY2(at > before || (before == 0 && at >= 0), stage);
            before = at;
        }
        QVERIFY(!m_machine->console().contains("warning:"));
    }

    void containerdHoldsTheBundledImagesPinned() {
        const QString names = shell("ctr -n k8s.io images ls -q");
        for (const auto* name : {"quarterdeck.dev/pause:1", "quarterdeck.dev/coredns:v1.14.7", "quarterdeck.dev/lab:1",
                                 "quarterdeck.dev/lab:2"}) {
            QVERIFY2(names.contains(QString(name) + "\n"), qPrintable(names));
        }
        QCOMPARE(shell("ctr -n k8s.io images ls | tail -n +2 | grep -vc io.cri-containerd.pinned=pinned").trimmed(),
                 "0");
        QVERIFY2(shell("ctr plugins ls").contains(QRegularExpression("io.containerd.grpc.v1 +cri +linux/amd64 +ok")),
                 "the CRI plugin");
    }

    void theBundledImagesRun() {
        const QString run = "ctr -n k8s.io run --rm --runc-binary /usr/bin/crun quarterdeck.dev/";
        QCOMPARE(shell(run + "lab:2 one /lab env | grep LAB").trimmed(), "LAB_VERSION=2");
        const QString plugins = shell(run + "coredns:v1.14.7 two /coredns -plugins");
        QVERIFY2(plugins.contains("kubernetes\n") && plugins.contains("forward\n"), qPrintable(plugins));
        QCOMPARE(shell("ctr -n k8s.io run --rm quarterdeck.dev/lab:1 three /lab echo runc runs it too").trimmed(),
                 "runc runs it too");
    }

    void theSettingsReachTheNode() {
        QCOMPARE(shell("hostname").trimmed(), "n1");
        QVERIFY(shell("ip -4 addr show eth0").contains("inet 192.0.2.11/24 brd 192.0.2.255"));
        QVERIFY(shell("ip route").contains("default via 192.0.2.1 dev eth0"));
        QCOMPARE(shell("cat /etc/resolv.conf"), "nameserver 192.0.2.2\nnameserver 192.0.2.3\n");
        const QJsonObject node = QJsonDocument::fromJson(shell("cat /run/quarterdeck/node.json").toUtf8()).object();
        QCOMPARE(node["server"].toString(), "https://192.0.2.1:6443");
        QCOMPARE(node["dns"].toString(), "192.0.2.2,192.0.2.3");
        QCOMPARE(shell("stat -c '%a %n' /run/quarterdeck/config /run/quarterdeck/config/*"),
                 "700 /run/quarterdeck/config\n600 /run/quarterdeck/config/kubeconfig\n");
    }

    void thePrivateFilesArePrivateAndTheDataDiskFillsItsSize() {
        QCOMPARE(shell("stat -c %a /var/lib/quarterdeck").trimmed(), "700");
        const int mebibytes = shell("df -m /var | tail -1 | awk '{print $2}'").trimmed().toInt();
        QVERIFY2(mebibytes > 11'500, qPrintable(QString::number(mebibytes)));
    }

    void controllersAreEnabledForTheAgentsGroups() {
        const QString enabled = shell("cat /sys/fs/cgroup/cgroup.subtree_control");
        for (const auto* controller : {"cpu", "cpuset", "io", "memory", "pids"}) {
            QVERIFY2(enabled.split(QRegularExpression("\\s")).contains(controller), controller);
        }
        QVERIFY(shell("cat /proc/$(pidof containerd)/cgroup").contains("/system/containerd"));
        QCOMPARE(shell("cat /proc/1/cgroup").trimmed(), "0::/system/init");
    }

    void servicesCanBeBalancedAndMasqueraded() {
        const QString loaded = shell("cut -d' ' -f1 /proc/modules");
        for (const auto* module : {"ip_vs", "ip_vs_rr", "ip_vs_sh", "nf_conntrack", "br_netfilter", "veth", "dummy",
                                   "nft_masq", "overlay"}) {
            QVERIFY2(loaded.contains(QString(module) + "\n"), module);
        }
        QCOMPARE(shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/vs/conntrack "
                       "/proc/sys/net/bridge/bridge-nf-call-iptables"),
                 "1\n1\n1\n");
        shell(
            "nft add table ip t '{ chain c { type nat hook postrouting priority 100; ip saddr 192.0.2.0/24 masquerade; "
            "}; }'");
        QCOMPARE(m_machine->exitCode(), 0);
        shell("nft delete table ip t");
    }

    void theAgentRunsWithTheLibrariesOfItsOwnDisk() {
        QVERIFY(m_machine->waitForConsole("stand-in:", 20));
        QVERIFY2(
            m_machine->console().contains(QRegularExpression(
                "stand-in: qdeck-agent --node-file /run/quarterdeck/node.json --config-dir /run/quarterdeck/config "
                "with OpenSSL 3.* and a kubeconfig of 10 bytes")),
            qPrintable(m_machine->console()));
        QVERIFY(shell("cat /proc/$(pidof ld.so)/maps").contains("/usr/libexec/quarterdeck/lib/libcrypto.so.3"));
    }

    void anEndedServiceIsStartedAgain() {
        const QString before = shell("pidof containerd").trimmed();
        shell("kill -9 " + before + "; until pidof containerd && ctr version; do sleep 0.2; done");
        QCOMPARE(m_machine->exitCode(), 0);
        QVERIFY(shell("pidof containerd").trimmed() != before);
        QVERIFY(m_machine->console().contains("containerd was ended by signal 9; starting it again"));
    }

    void aClockThatIsOffIsSetRight() {
        const qint64 before = shell("date +%s").trimmed().toLongLong();
        shell("date -s @1000000000");
        QVERIFY(m_machine->waitForConsole("set right", 60));
        QVERIFY(shell("date +%s").trimmed().toLongLong() >= before);
    }

    // Last: it ends the machine.
    void thePowerButtonStopsTheAgentAndThenTheMachine() {
        QVERIFY(m_machine->pressPowerButton());
        QVERIFY(m_machine->waitForEnd(40));
        const QString console = m_machine->console();
        QVERIFY(console.contains("stand-in: signal SIGPWR"));
        QVERIFY(console.contains(QRegularExpression("quarterdeck: [0-9.]+ stopped")));
        QVERIFY2(!console.contains("unmount /var"), "the data disk was still in use");
    }

    void aNodeWithoutItsDataDiskSaysSoAndPowersOff() {
        m_machine = std::make_unique<Machine>(m_image);
        QVERIFY(m_machine->start());
        QVERIFY(m_machine->waitForEnd(kBootSeconds));
        QVERIFY(m_machine->console().contains("quarterdeck: failed: no disk has the serial qd-data"));
    }
};

QTEST_GUILESS_MAIN(ImageBootTest)
#include "image_boot_test.moc"
