// A cluster of a virtual machine in the window, as a new user goes through it by mouse and keyboard: made, filled,
// looked into, used by kubectl, suspended, started, deleted; and one that is cancelled half-way. The tests are steps:
// each needs those before. Screenshots in <build>/screenshots/vm-*.png.
#include <sys/mount.h>

#include <QDialog>
#include <QLabel>
#include <QListView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <algorithm>

#include "app/bridge/local_clusters.h"
#include "app/pages/apply_dialog.h"
#include "app/pages/operation_view.h"
#include "app/views/nodes_view.h"
#include "app/views/rollout_view.h"
#include "app/views/terminal_view.h"
#include "tests/gui/desk.h"
#include "tests/system/libvirt_things.h"
#include "tests/system/window_cluster_texts.h"

using namespace qd;
using namespace qd::tests;
using actions::Outcome;
using bridge::OperationStep;

namespace {

constexpr int kCreateMs = 400'000;  // emulated; with KVM seconds
constexpr int kPodsMs = 120'000;
constexpr int kPods = 5;  // of the shop and of the DNS

// How long the window did not answer at most since it was asked last: nothing in it may wait for a cluster.
class Pulse : public QObject {
public:
    Pulse() {
        m_since.start();
        m_beat.start(20);
        connect(&m_beat, &QTimer::timeout, this, [this] { m_longest = std::max(m_longest, m_since.restart()); });
    }
    qint64 take() { return std::exchange(m_longest, 0); }

private:
    QElapsedTimer m_since;
    QTimer m_beat;
    qint64 m_longest = 0;
};

}  // namespace

class WindowClusterTest : public QObject {
    Q_OBJECT

    base::ThreadPool m_executor{"window", 8};
    std::unique_ptr<Desk> m_desk;
    std::unique_ptr<Pulse> m_pulse;
    QStringList m_before;
    QElapsedTimer m_step;
    bool m_broken = false;

    // Runs beside the window, which goes on.
    static QString kubectl(const QString& line) {
        QProcess program;
        program.start(QStringLiteral(QD_KUBECTL), QProcess::splitCommand(line));
        const bool ended = QTest::qWaitFor([&] { return program.state() == QProcess::NotRunning; }, kWait);
        const bool well = ended && program.exitStatus() == QProcess::NormalExit && program.exitCode() == 0;
        return well ? QString::fromUtf8(program.readAllStandardOutput()).trimmed()
                    : QStringLiteral("error: ") + QString::fromUtf8(program.readAllStandardError());
    }
    static QStringList clusterFolders() {
        return QDir(qEnvironmentVariable("XDG_DATA_HOME") + QStringLiteral("/quarterdeck/clusters"))
            .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    }
    // The rows of the visible table whose column of this title has that text.
    int rowsWith(const char* page, const QString& column, const QString& text) {
        const QAbstractItemModel& model = *m_desk->table(page).model();
        int rows = 0;
        for (int i = 0; i < model.columnCount(); ++i)
            if (model.headerData(i, Qt::Horizontal).toString() == column)
                for (int row = 0; row < model.rowCount(); ++row) rows += model.index(row, i).data().toString() == text;
        return rows;
    }
    const OperationStep* step(const pages::StepList& list, const QString& id) const {
        const auto& steps = list.steps();
        const auto found = std::ranges::find(steps, id, &OperationStep::id);
        return found == steps.end() ? nullptr : &*found;
    }
    void choosePod(const QString& name) {
        QTRY_COMPARE(rowsWith("workloadsPage", QStringLiteral("Pod"), name), 1);
        m_desk->hand.click(m_desk->rowAt(m_desk->table("workloadsPage"), name));
    }
    void showPods() {
        m_desk->click("rail.workloads");
        auto& tabs = m_desk->await<QTabBar>("kindTabs");
        int pods = 0;
        while (pods < tabs.count() && tabs.tabText(pods) != QStringLiteral("Pods")) ++pods;
        m_desk->hand.click(tabs.mapToGlobal(tabs.tabRect(pods).center()));
    }

private slots:
    void initTestCase() {
        m_before = test::libvirtThings();
        host::ClusterSpec usual;
        usual.libvirtUri = qEnvironmentVariable("QD_LIBVIRT_URI").toStdString();
        m_desk = std::make_unique<Desk>(
            std::make_unique<bridge::LocalClusters>(cluster::Environment::ofThisProgram(), m_executor, usual),
            m_executor);
        m_pulse = std::make_unique<Pulse>();
    }
    void cleanupTestCase() { m_desk.reset(); }

    void init() {
        if (m_broken) QFAIL("a step before this one failed");
        m_pulse->take();
        m_step.start();
    }
    void cleanup() {
        qInfo("took %lld ms; the window was busy for %lld ms at most", m_step.elapsed(), m_pulse->take());
        if (!QTest::currentTestFailed() || m_broken) return;
        m_broken = true;
        m_desk->shootNow(QStringLiteral("vm-failed"));
        if (const auto* log = m_desk->find<QPlainTextEdit>("operationLog")) qWarning().noquote() << log->toPlainText();
    }

    void createShowsItsStepsUntilTheClusterServes() {
        m_desk->click("emptyCreate");
        m_desk->fill("create.nodes", QStringLiteral("1"));
        m_desk->shoot(QStringLiteral("vm-create"));
        m_desk->click("create.confirm");
        auto& steps = m_desk->await<pages::StepList>("stepList");
        const auto isWorking = [&](const QString& id) {
            const OperationStep* found = step(steps, id);
            return found && found->state == OperationStep::State::Working;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isWorking(QStringLiteral("node-1/booted")), kCreateMs);
        m_desk->shoot(QStringLiteral("vm-create-boot"));
        QTRY_VERIFY_WITH_TIMEOUT(isWorking(QStringLiteral("dns")), kCreateMs);
        m_desk->shoot(QStringLiteral("vm-create-dns"));
        auto& nodes = m_desk->await<views::NodesView>("nodesView", kCreateMs);  // the new cluster opens by itself
        for (const OperationStep& each : steps.steps()) {
            QVERIFY2(each.state == OperationStep::State::Done, qPrintable(each.title));
            qInfo("%6lld ms  %s  %s", each.elapsedMs, qPrintable(each.title), qPrintable(each.detail));
        }
        QVERIFY(step(steps, QStringLiteral("node-1/booted"))->elapsedMs > 0);
        QTRY_COMPARE(nodes.model().nodes.size(), 1);
        QCOMPARE(nodes.model().nodes.first().state, views::State::Ready);
        QVERIFY(
            m_desk->await<QWidget>("clusterSwitcher").accessibleDescription().startsWith(QStringLiteral("1 node ·")));
        m_desk->shoot(QStringLiteral("vm-overview"));
    }

    void aDroppedFileBecomesReadyPods() {
        const QString file = QDir::home().filePath(QStringLiteral("shop.yaml"));
        write(file, kVmShop);
        m_desk->drop(file);
        auto& dialog = m_desk->await<pages::ApplyDialog>("applyDialog");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Create), 4, kWait);
        m_desk->click("applyConfirm");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Applied), 4, kWait);
        m_desk->shoot(QStringLiteral("vm-applied"));
        m_desk->click("applyClose");
        showPods();
        m_desk->shoot(QStringLiteral("vm-pods-starting"));
        QTRY_COMPARE_WITH_TIMEOUT(rowsWith("workloadsPage", QStringLiteral("State"), QStringLiteral("Ready")), kPods,
                                  kPodsMs);
        m_desk->shoot(QStringLiteral("vm-pods"));
    }

    void thePodsLogIsRead() {
        choosePod(QStringLiteral("toolbox"));
        m_desk->key('l', {Hand::kControl});
        auto& log = m_desk->await<QPlainTextEdit>("logText");
        QTRY_VERIFY_WITH_TIMEOUT(log.toPlainText().contains(QStringLiteral("listens on")), kWait);
        m_desk->shoot(QStringLiteral("vm-logs"));
    }

    void theTerminalIsAShellInThePod() {
        m_desk->key('t', {Hand::kControl});
        auto& terminal = m_desk->await<views::TerminalView>("terminalView");
        QTRY_VERIFY_WITH_TIMEOUT(terminal.text().contains(u'#') || terminal.text().contains(u'$'), kWait);
        m_desk->type(QStringLiteral("echo pod-$HOSTNAME; busy=$((6*7)); echo $busy"));
        m_desk->key(Hand::kReturn);
        QTRY_VERIFY_WITH_TIMEOUT(terminal.text().contains(QStringLiteral("\npod-toolbox\n42")), kWait);
        m_desk->shoot(QStringLiteral("vm-terminal"));
    }

    void anImageWithoutAShellSaysSo() {
        const QString pod = kubectlPodOf(QStringLiteral("web-"));
        choosePod(pod);
        m_desk->key('t', {Hand::kControl});
        auto& note = m_desk->await<QLabel>("terminalNote");
        QTRY_VERIFY_WITH_TIMEOUT(!note.text().isEmpty(), kWait);
        m_desk->shoot(QStringLiteral("vm-no-shell"));
        QVERIFY2(note.text().contains(QStringLiteral("no shell")), qPrintable(note.text()));
    }

    void kubectlWorksWithTheExportedKubeconfig() {
        m_desk->click("exportKubeconfigButton");
        m_desk->click("export.makeCurrent");
        m_desk->click("export.merge");
        QTRY_VERIFY(read(QDir::home().filePath(QStringLiteral(".kube/config"))).contains("quarterdeck-dev"));
        m_desk->shoot(QStringLiteral("vm-export"));
        m_desk->key(Hand::kEscape);
        QTRY_VERIFY(!m_desk->find<QDialog>("exportDialog"));
        QCOMPARE(kubectl(QStringLiteral("get deployment -n shop web -o jsonpath={.status.readyReplicas}")),
                 QStringLiteral("2"));
        QCOMPARE(kubectl(QStringLiteral("exec -n shop toolbox -- /lab echo from kubectl")),
                 QStringLiteral("from kubectl"));
    }

    void whatDoesNotComeUpSaysWhyAndWhatToDo() {
        const QString file = QDir::home().filePath(QStringLiteral("broken.yaml"));
        write(file, kVmBroken);
        m_desk->drop(file);
        auto& dialog = m_desk->await<pages::ApplyDialog>("applyDialog");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Create), 3, kWait);
        m_desk->click("applyConfirm");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Applied), 3, kWait);
        m_desk->click("applyClose");
        m_desk->key('k', {Hand::kControl});
        auto& found = m_desk->await<QListView>("paletteList");
        m_desk->type(QStringLiteral("shop/crashes"));
        QTRY_COMPARE_WITH_TIMEOUT(found.currentIndex().data().toString(), QStringLiteral("shop/crashes"), kWait);
        m_desk->key(Hand::kReturn);
        auto& rollout = m_desk->await<views::RolloutView>("rolloutView");
        QTRY_COMPARE_WITH_TIMEOUT(rollout.model().word, QStringLiteral("CrashLoopBackOff"), kPodsMs);
        QVERIFY2(rollout.model().trouble.contains(QStringLiteral("exit code 7")), qPrintable(rollout.model().trouble));
        m_desk->shoot(QStringLiteral("vm-crashes"));
        m_desk->click("rail.workloads");
        QTRY_COMPARE_WITH_TIMEOUT(rowsWith("workloadsPage", QStringLiteral("State"), QStringLiteral("Unschedulable")),
                                  1, kWait);
        QTRY_COMPARE_WITH_TIMEOUT(
            rowsWith("workloadsPage", QStringLiteral("State"), QStringLiteral("ImagePullBackOff")), 1, kPodsMs);
        auto& table = m_desk->table("workloadsPage");
        m_desk->hand.click(m_desk->rowAt(table, QStringLiteral("absent")));
        m_desk->shoot(QStringLiteral("vm-broken"));
        const QString deleted = kubectl(QStringLiteral("delete -f %1").arg(file));
        QVERIFY2(!deleted.startsWith(QStringLiteral("error")), qPrintable(deleted));
    }

    void suspendAndStartBringThePodsBack() {
        m_desk->click("rail.clusters");
        m_desk->shoot(QStringLiteral("vm-clusters"));
        m_desk->click("suspend.dev");
        m_desk->await<pages::StepList>("stepList");
        m_desk->await<QPushButton>("start.dev", kCreateMs);
        m_desk->shoot(QStringLiteral("vm-suspended"));
        QVERIFY(kubectl(QStringLiteral("get nodes --request-timeout=3s")).startsWith(QStringLiteral("error")));
        m_desk->click("start.dev");
        m_desk->await<views::NodesView>("nodesView", kCreateMs);
        showPods();
        QTRY_COMPARE_WITH_TIMEOUT(rowsWith("workloadsPage", QStringLiteral("State"), QStringLiteral("Ready")), kPods,
                                  kPodsMs);
        m_desk->shoot(QStringLiteral("vm-started"));
    }

    void aSecondClusterThatIsCancelledLeavesNothing() {
        const QStringList things = test::libvirtThings();
        m_desk->click("rail.clusters");
        m_desk->key('n', {Hand::kControl});
        m_desk->fill("create.name", QStringLiteral("second"));
        m_desk->fill("create.nodes", QStringLiteral("1"));
        m_desk->click("create.confirm");
        auto& steps = m_desk->await<pages::StepList>("stepList");
        QTRY_VERIFY_WITH_TIMEOUT(
            step(steps, QStringLiteral("node-1/booted")) &&
                step(steps, QStringLiteral("node-1/booted"))->state == OperationStep::State::Working,
            kCreateMs);
        QCOMPARE(clusterFolders(), (QStringList{QStringLiteral("dev"), QStringLiteral("second")}));
        m_desk->click("operationCancel");
        auto& failure = m_desk->await<QLabel>("operationFailure", kCreateMs);
        QVERIFY2(failure.text().contains(QStringLiteral("cancelled")), qPrintable(failure.text()));
        m_desk->shoot(QStringLiteral("vm-cancelled"));
        QCOMPARE(test::libvirtThings(), things);
        QCOMPARE(clusterFolders(), QStringList{QStringLiteral("dev")});
        m_desk->click("operationClose");
        QTRY_VERIFY(!m_desk->find<QPushButton>("start.second"));
    }

    void deleteLeavesNothingBehind() {
        m_desk->click("remove.dev");
        m_desk->await<QPushButton>("removeClusterConfirm");
        m_desk->shoot(QStringLiteral("vm-delete"));
        m_desk->click("removeClusterConfirm");
        m_desk->await<pages::StepList>("stepList");
        m_desk->await<QPushButton>("emptyCreate", kCreateMs);
        m_desk->shoot(QStringLiteral("vm-deleted"));
        QCOMPARE(test::libvirtThings(), m_before);
        QCOMPARE(clusterFolders(), QStringList());
        QVERIFY(!read(QDir::home().filePath(QStringLiteral(".kube/config"))).contains("quarterdeck-dev"));
    }

private:
    QString kubectlPodOf(const QString& prefix) {
        const QAbstractItemModel& model = *m_desk->table("workloadsPage").model();
        for (int row = 0; row < model.rowCount(); ++row)
            if (const QString name = model.index(row, 0).data().toString(); name.startsWith(prefix)) return name;
        return {};
    }
};

int main(int argc, char** argv) {
    // The node image stays the user's; everything else is this run's own.
    if (!qEnvironmentVariableIsSet("QD_CACHE_DIR"))
        qputenv("QD_CACHE_DIR",
                qgetenv(qEnvironmentVariableIsSet("XDG_CACHE_HOME") ? "XDG_CACHE_HOME" : "HOME") +
                    (qEnvironmentVariableIsSet("XDG_CACHE_HOME") ? "/quarterdeck" : "/.cache/quarterdeck"));
    // X servers outside this process namespace keep their sockets to themselves.
    QDir().mkpath(QStringLiteral("/tmp/.X11-unix"));
    if (::mount("tmpfs", "/tmp/.X11-unix", "tmpfs", MS_NOSUID | MS_NODEV, nullptr) != 0)
        qFatal("run me by in_private_libvirt");
    const QTemporaryDir home;
    return runOnAScreen<WindowClusterTest>(argc, argv, home);
}

#include "window_cluster_test.moc"
