// The main job, end to end in the window, by a hand at a real X server: a cluster by one click, a YAML file dropped on
// the window, what it made seen live, a kubeconfig for other programs. The nodes have no machines; everything else is
// real.
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QScreen>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

#include "app/application.h"
#include "app/bridge/local_clusters.h"
#include "app/pages/apply_dialog.h"
#include "app/pages/object_header.h"
#include "app/pages/operation_view.h"
#include "app/views/endpoints_view.h"
#include "app/views/nodes_view.h"
#include "app/views/rollout_view.h"
#include "cluster/base/log.h"
#include "tests/gui/desk.h"
#include "tests/gui/hollow_clusters.h"
#include "tests/gui/main_job_texts.h"

using namespace qd;
using namespace qd::tests;
using actions::Outcome;

namespace {

const QString kNewImage = QStringLiteral("web:1.5.0");

// The same with a new image, and a Service that cannot be.
QByteArray nextShop() {
    QByteArray text(kShop);
    text.replace("web:1.4.1", "web:1.5.0");
    return text +
           "---\napiVersion: v1\nkind: Service\nmetadata: {name: admin, namespace: shop}\n"
           "spec:\n  selector: {app: web}\n  ports: [{name: http, port: 99999}]\n";
}

}  // namespace

class MainJobTest : public QObject {
    Q_OBJECT

    base::ThreadPool m_executor{"window", 8};

private slots:
    void init() { QFile::remove(QDir::home().filePath(QStringLiteral(".kube/config"))); }

    void aClusterThatCannotBeMadeSaysWhatWhyAndWhatToDo() {
        const QTemporaryDir folder;
        host::ClusterSpec usual;
        usual.libvirtUri = "qemu:///system?socket=" + folder.filePath(QStringLiteral("nobody-listens")).toStdString();
        auto environment = cluster::Environment::ofThisProgram();
        environment.directories = {folder.filePath(QStringLiteral("data")).toStdString(),
                                   folder.filePath(QStringLiteral("state")).toStdString(),
                                   folder.filePath(QStringLiteral("cache")).toStdString()};
        Desk desk(std::make_unique<bridge::LocalClusters>(environment, m_executor, usual), m_executor);
        desk.shoot(QStringLiteral("job-first-start"));
        desk.click("emptyCreate");
        auto& confirm = desk.await<QPushButton>("create.confirm");
        QCOMPARE(desk.await<QSpinBox>("create.nodes").value(), 2);
        QCOMPARE(desk.await<QSpinBox>("create.cpus").value(), 2);
        QCOMPARE(desk.await<QSpinBox>("create.memory").value(), 1024);
        desk.fill("create.name", QStringLiteral("My cluster!"));
        QTRY_VERIFY(!confirm.isEnabled());
        QVERIFY(!desk.await<QLabel>("create.name.error").text().isEmpty());
        desk.shoot(QStringLiteral("job-create-invalid"));
        desk.fill("create.name", QStringLiteral("dev"));
        desk.fill("create.nodes", QStringLiteral("3"));
        QTRY_VERIFY(confirm.isEnabled());
        desk.key(Hand::kReturn);
        auto& failure = desk.await<QLabel>("operationFailure");
        QTRY_COMPARE(failure.text().count(QStringLiteral("qemu:///system")), 1);
        QVERIFY2(failure.text().contains(QStringLiteral("libvirtd runs")), qPrintable(failure.text()));
        const auto& log = desk.await<QPlainTextEdit>("operationLog");
        QVERIFY(!log.toPlainText().isEmpty());
        QTRY_VERIFY(log.height() >= log.minimumHeight());  // the steps that are no longer to come have made room
        QCOMPARE(desk.await<QPushButton>("operationShowLog").text(), QStringLiteral("Hide log"));
        desk.shoot(QStringLiteral("job-create-failed"));
        QVERIFY2(QDir(folder.filePath(QStringLiteral("data/clusters")))
                     .entryList(QDir::AllEntries | QDir::NoDotAndDotDot)
                     .isEmpty(),
                 "what had been made is gone");
        desk.click("operationClose");
        desk.await<QPushButton>("emptyCreate");
    }

    void aCreationIsCancelledAndLeavesNothing() {
        const QTemporaryDir folder;
        auto hollow = std::make_unique<HollowClusters>(folder.path().toStdString(), m_executor);
        HollowClusters& host = *hollow;
        host.holdCreations();
        Desk desk(std::move(hollow), m_executor);
        desk.key('n', {Hand::kControl});
        desk.await<QPushButton>("create.confirm");
        desk.key(Hand::kReturn);
        auto& steps = desk.await<pages::StepList>("stepList");
        QTRY_VERIFY_WITH_TIMEOUT(
            !steps.steps().isEmpty() && steps.steps().last().state == bridge::OperationStep::State::Working, kWait);
        QVERIFY(std::filesystem::exists(host.folderOf(QStringLiteral("dev"))));
        desk.shoot(QStringLiteral("job-create-steps"));
        desk.click("operationCancel");
        QTRY_VERIFY(desk.await<QLabel>("operationFailure").text().contains(QStringLiteral("cancelled")));
        QVERIFY(!std::filesystem::exists(host.folderOf(QStringLiteral("dev"))));
        QVERIFY(host.clusters().isEmpty());
    }

    void theMainJob() {
        const QTemporaryDir folder;
        Desk desk(std::make_unique<HollowClusters>(folder.path().toStdString(), m_executor), m_executor);
        createCluster(desk);
        dropShop(desk, folder.filePath(QStringLiteral("shop.yaml")));
        seeItLive(desk);
        replacePod(desk);
        rollOut(desk, folder.filePath(QStringLiteral("shop-1.5.yaml")));
        exportKubeconfig(desk, folder.filePath(QStringLiteral("dev.kubeconfig")));
    }

private:
    void createCluster(Desk& desk) {
        desk.click("emptyCreate");
        desk.fill("create.nodes", QStringLiteral("3"));
        desk.click("create.confirm");
        auto& nodes = desk.await<views::NodesView>("nodesView");  // the new cluster opens by itself
        QTRY_COMPARE_WITH_TIMEOUT(nodes.model().nodes.size(), 3, kWait);
        for (const views::NodeCard& card : nodes.model().nodes) QCOMPARE(card.state, views::State::Ready);
        desk.shoot(QStringLiteral("job-cluster"));
    }

    void dropShop(Desk& desk, const QString& file) {
        write(file, kShop);
        desk.drop(file, QStringLiteral("job-drop"));
        auto& dialog = desk.await<pages::ApplyDialog>("applyDialog");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Create), 3, kWait);
        desk.shoot(QStringLiteral("job-preview-new"));
        desk.click("applyConfirm");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Applied), 3, kWait);
        desk.shoot(QStringLiteral("job-applied"));
        desk.click("applyClose");
        QTRY_VERIFY(!desk.find<QDialog>("applyDialog"));
    }

    void seeItLive(Desk& desk) {
        desk.click("rail.network");
        auto& endpoints = desk.await<views::EndpointsView>("endpointsView");
        auto& services = desk.table("networkPage");
        QTRY_COMPARE_WITH_TIMEOUT(services.model()->rowCount(), 2, kWait);
        desk.hand.click(desk.rowAt(services, QStringLiteral("web")));
        QTRY_COMPARE_WITH_TIMEOUT(endpoints.tiles().size(), 3, kWait);
        QTRY_VERIFY_WITH_TIMEOUT(allReady(endpoints), kWait);
        desk.shoot(QStringLiteral("job-service"));
        desk.click("rail.workloads");
        auto& deployments = desk.table("workloadsPage");
        QTRY_COMPARE_WITH_TIMEOUT(deployments.model()->rowCount(), 1, kWait);
        desk.shoot(QStringLiteral("job-deployments"));
        desk.hand.doubleClick(desk.rowAt(deployments, QStringLiteral("web")));
        auto& rollout = desk.await<views::RolloutView>("rolloutView");
        QTRY_COMPARE_WITH_TIMEOUT(rollout.model().available, 3, kWait);
        desk.shoot(QStringLiteral("job-deployment"));
    }

    static bool allReady(const views::Picture& picture) {
        for (const views::Tile& tile : picture.tiles())
            if (tile.pressable && tile.state != views::State::Ready) return false;
        return true;
    }

    static QStringList podsOf(const views::RolloutView& picture) {
        QStringList pods;
        for (const views::RevisionBox& box : picture.model().boxes)
            for (const views::PodTile& pod : box.pods)
                if (pod.state != views::State::Leaving) pods << pod.id;
        return pods;
    }

    void replacePod(Desk& desk) {
        auto& rollout = desk.await<views::RolloutView>("rolloutView");
        QTRY_VERIFY(!rollout.moving());
        const QString victim = podsOf(rollout).first();
        desk.clickTile(rollout, victim);
        QTRY_COMPARE(rollout.selected(), victim);
        QTRY_VERIFY(desk.table("workloadsPage").selectionModel()->hasSelection());
        desk.key(Hand::kDelete, {Hand::kControl});
        desk.await<QDialog>("deleteDialog");
        desk.shoot(QStringLiteral("job-delete"));
        desk.click("deleteConfirm");
        QTRY_VERIFY_WITH_TIMEOUT(podsOf(rollout).size() == 3 && !podsOf(rollout).contains(victim), kWait);
        QTRY_COMPARE_WITH_TIMEOUT(rollout.model().available, 3, kWait);
        // The Service follows.
        desk.key('4', {Hand::kControl});
        auto& endpoints = desk.await<views::EndpointsView>("endpointsView");
        QTRY_VERIFY_WITH_TIMEOUT(endpoints.tiles().size() == 3 && !endpoints.tile(victim) && allReady(endpoints),
                                 kWait);
    }

    void rollOut(Desk& desk, const QString& file) {
        desk.key('k', {Hand::kControl});
        desk.await<QLineEdit>("paletteField");
        desk.type(QStringLiteral("shop/web"));
        desk.shoot(QStringLiteral("job-palette"));
        desk.key(Hand::kReturn);
        auto& rollout = desk.await<views::RolloutView>("rolloutView");
        write(file, nextShop());
        desk.drop(file);
        auto& dialog = desk.await<pages::ApplyDialog>("applyDialog");
        QTRY_VERIFY_WITH_TIMEOUT(dialog.plan().isReady(), kWait);
        desk.shoot(QStringLiteral("job-preview-change"));
        QCOMPARE(dialog.plan().count(Outcome::Unchanged), 2);
        QCOMPARE(dialog.plan().count(Outcome::Change), 1);
        QCOMPARE(dialog.plan().documents()[1].changes.value(0).path,
                 QStringLiteral("spec.template.spec.containers[0].image"));
        QCOMPARE(dialog.plan().count(Outcome::Invalid), 1);
        QCOMPARE(dialog.plan().documents()[3].field, QStringLiteral("spec.ports[0].port"));
        // The old ReplicaSet must be seen shrinking while the new one grows: watched from the first change on.
        QVector<std::pair<int, int>> sizes;
        const auto look = connect(&m_look, &QTimer::timeout, &rollout, [&] {
            if (rollout.model().boxes.size() < 2) return;
            const std::pair<int, int> now(rollout.model().boxes.first().desired, rollout.model().boxes.last().desired);
            if (!sizes.isEmpty() && sizes.last() == now) return;
            sizes << now;
            if (sizes.size() == 2) desk.shootNow(QStringLiteral("job-rollout"));
        });
        m_look.start(5);
        desk.click("applyConfirm");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Applied), 1, kWait);
        desk.click("applyClose");
        QTRY_VERIFY_WITH_TIMEOUT(!rollout.model().boxes.isEmpty() && rollout.model().boxes.last().image == kNewImage &&
                                     rollout.model().boxes.last().ready == 3 && podsOf(rollout).size() == 3,
                                 kWait);
        m_look.stop();
        disconnect(look);
        QVERIFY2(sizes.size() > 2, "it went step by step");
        for (qsizetype i = 1; i < sizes.size(); ++i) {
            QVERIFY(sizes[i].first <= sizes[i - 1].first);
            QVERIFY(sizes[i].second >= sizes[i - 1].second);
        }
        QTRY_VERIFY(!rollout.moving());
        desk.shoot(QStringLiteral("job-rolled-out"));
    }

    void exportKubeconfig(Desk& desk, const QString& file) {
        const QString users = QDir::home().filePath(QStringLiteral(".kube/config"));
        write(users, kOthers);
        desk.click("exportKubeconfigButton");
        desk.await<QDialog>("exportDialog");
        desk.click("export.copy");
        QTRY_VERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("quarterdeck-dev")));
        desk.click("export.merge");
        QTRY_VERIFY(read(users).contains("quarterdeck-dev"));
        desk.shoot(QStringLiteral("job-export"));
        const std::string merged = read(users).toStdString();
        QVERIFY2(client::accessOf(merged, "work", {}), "other entries stay");
        QVERIFY(merged.find("current-context: work") != std::string::npos);
        const QStringList backups = QFileInfo(users).dir().entryList({QStringLiteral("config.*")}, QDir::Files);
        QCOMPARE(backups.size(), 1);
        QCOMPARE(read(QFileInfo(users).dir().filePath(backups.first())), QByteArray(kOthers));
        desk.click("export.makeCurrent");
        desk.click("export.merge");
        QTRY_VERIFY(read(users).contains("current-context: quarterdeck-dev"));
        desk.click("export.save");
        auto& chooser = desk.await<QFileDialog>("exportFile");
        desk.key('a', {Hand::kControl});
        desk.type(file);
        desk.key(Hand::kReturn);
        QTRY_VERIFY(QFile::exists(file));
        Q_UNUSED(chooser);
        QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        const auto access = client::accessOf(read(file).toStdString(), "", {});
        QVERIFY(access && access->server.starts_with("https://127.0.0.1:"));
    }

    QTimer m_look;
};

int main(int argc, char** argv) {
    const QTemporaryDir home;
    return runOnAScreen<MainJobTest>(argc, argv, home);
}

#include "main_job_test.moc"
