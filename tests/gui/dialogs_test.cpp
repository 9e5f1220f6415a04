// Applying YAML, creating clusters and exporting a kubeconfig, driven as a person would.
#include <QClipboard>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include "app/pages/apply_dialog.h"
#include "app/pages/clusters_page.h"
#include "app/pages/create_dialog.h"
#include "app/pages/export_dialog.h"
#include "app/shell/main_window.h"
#include "tests/app/support/fake_session.h"
#include "tests/app/support/shop.h"
#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::tests;
using shell::Scheme;

namespace {

class FakeOperation : public bridge::Operation {
    Q_OBJECT
public:
    QString title() const override { return QStringLiteral("Create cluster dev"); }
    void cancel() override { cancelled = true; }
    QString log() const override {
        return QStringLiteral("22:14:03 network qd-dev: defined\n22:14:04 pool qd-storage: started");
    }
    bool cancelled = false;
};

class FakeHost : public bridge::ClusterHost {
    Q_OBJECT
public:
    QVector<bridge::ClusterInfo> clusters() const override { return known; }
    QVector<std::pair<QString, QString>> validate(const bridge::ClusterWish& wish) const override {
        if (wish.name.contains(u' '))
            return {{QStringLiteral("name"), QStringLiteral("A name has letters, digits and dashes only.")}};
        return {};
    }
    std::unique_ptr<bridge::Operation> create(const bridge::ClusterWish& wish) override {
        wished = wish;
        auto made = std::make_unique<FakeOperation>();
        operation = made.get();
        return made;
    }
    std::unique_ptr<bridge::Operation> start(const QString&) override { return nullptr; }
    std::unique_ptr<bridge::Operation> suspend(const QString&) override { return nullptr; }
    std::unique_ptr<bridge::Operation> remove(const QString&) override { return nullptr; }
    Result<std::unique_ptr<bridge::ClusterSession>> open(const QString&) override {
        return fail(Reason::NotFound, "no such cluster");
    }
    Result<client::KubeconfigEntry> kubeconfig(const QString&) const override { return client::KubeconfigEntry{}; }

    QVector<bridge::ClusterInfo> known;
    bridge::ClusterWish wished;
    FakeOperation* operation = nullptr;
};

struct Desk {
    explicit Desk(Scheme scheme = Scheme::Light)
        : stage(scheme),
          settings(directory.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat),
          window(stage.theme, registry, settings) {}
    Stage stage;
    QTemporaryDir directory;
    QSettings settings;
    actions::ActionRegistry registry;
    shell::MainWindow window;
};

bridge::OperationStep step(const char* id, const char* title, bridge::OperationStep::State state, const char* detail,
                           double fraction, qint64 ms) {
    return {QString::fromLatin1(id), QString::fromLatin1(title), state, QString::fromLatin1(detail), fraction, ms};
}

}  // namespace

class DialogsTest : public QObject {
    Q_OBJECT
private slots:
    void droppedYamlIsPreviewedAndApplied_data() {
        QTest::addColumn<Scheme>("scheme");
        QTest::newRow("light") << Scheme::Light;
        QTest::newRow("dark") << Scheme::Dark;
    }

    void droppedYamlIsPreviewedAndApplied() {
        QFETCH(Scheme, scheme);
        Stage stage(scheme);
        FakeSession session;
        session.json["Deployment shop/web"] =
            R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":10,"template":{"spec":{"containers":[{"name":"web","image":"web:1.4.1"}]}}}})";
        session.json["Service shop/web"] =
            R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop"}})";
        Error refused{Reason::Invalid, "Ingress \"web\" is invalid"};
        refused.causes.push_back(
            {"FieldValueInvalid", "Invalid value: \"shop example\": must be a DNS name", "spec.rules[0].host"});
        session.failures.emplace("Ingress shop/web", refused);
        pages::ApplyDialog dialog(stage.theme, session, QStringLiteral("shop"));
        Stage::show(dialog);
        dialog.preview(QStringLiteral("shop.yaml"),
                       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: "
                       "{replicas: 12, template: {spec: {containers: [{name: web, image: 'web:1.5.0'}]}}}}\n---\n"
                       "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}\n---\n"
                       "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}\n---\n"
                       "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}}\n");
        auto* apply = dialog.findChild<QPushButton*>(QStringLiteral("applyConfirm"));
        QTRY_VERIFY(apply->isEnabled());
        Stage::shoot(dialog, QStringLiteral("apply-preview-") + Stage::suffix(scheme));
        QTest::mouseClick(apply, Qt::LeftButton);
        QTRY_COMPARE(dialog.plan().count(actions::Outcome::Applied), 2);
        Stage::shoot(dialog, QStringLiteral("apply-done-") + Stage::suffix(scheme));
    }

    void badYamlIsShownAtItsLine() {
        Stage stage;
        FakeSession session;
        pages::ApplyDialog dialog(stage.theme, session, {});
        Stage::show(dialog);
        dialog.preview(QStringLiteral("broken.yaml"), "kind: Pod\nmetadata: [\n");
        QVERIFY(dialog.findChild<QLabel*>(QStringLiteral("applySummary"))->text().contains(QStringLiteral("line ")));
        Stage::shoot(dialog, QStringLiteral("apply-broken-light"));
    }

    void theFirstPageOffersToCreateACluster() {
        for (const Scheme scheme : {Scheme::Light, Scheme::Dark}) {
            Desk desk(scheme);
            FakeHost host;
            auto* page = new pages::ClustersPage(desk.stage.theme, desk.registry, host, &desk.window);
            desk.window.addPage(page);
            desk.window.resize(1280, 800);
            Stage::show(desk.window);
            Stage::shoot(desk.window, QStringLiteral("clusters-empty-") + Stage::suffix(scheme));
            QTest::mouseClick(desk.window.findChild<QPushButton*>(QStringLiteral("emptyCreate")), Qt::LeftButton);
            auto* dialog = desk.window.findChild<pages::CreateDialog*>(QStringLiteral("createDialog"));
            QVERIFY(dialog);
            auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("create.name"));
            name->setText(QStringLiteral("my cluster"));
            QVERIFY(!dialog->findChild<QPushButton*>(QStringLiteral("create.confirm"))->isEnabled());
            Stage::shoot(*dialog, QStringLiteral("create-") + Stage::suffix(scheme));
            name->setText(QStringLiteral("dev"));
            QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("create.confirm")), Qt::LeftButton);
            QCOMPARE(host.wished.name, QStringLiteral("dev"));
            QCOMPARE(host.wished.nodes, 2);
            using S = bridge::OperationStep::State;
            emit host.operation->stepped(step("net", "Make network", S::Done, "192.168.140.0/24", -1, 800));
            emit host.operation->stepped(step("img", "Upload node image", S::Working, "120 of 215 MiB", 0.56, 4000));
            emit host.operation->stepped(step("n1", "Start node-1", S::Waiting, "", -1, 0));
            emit host.operation->stepped(step("n2", "Start node-2", S::Waiting, "", -1, 0));
            Stage::shoot(desk.window, QStringLiteral("creating-") + Stage::suffix(scheme));
            emit host.operation->stepped(step("img", "Upload node image", S::Failed, "no space left", -1, 5000));
            emit host.operation->failed(
                {QStringLiteral("The cluster dev was not created."),
                 QStringLiteral("The storage pool qd-storage has 96 MiB left; the node image needs 215 MiB."),
                 QStringLiteral("Free some space in /var/lib/libvirt/images, then create the cluster again. What had "
                                "been made was removed."),
                 false});
            Stage::shoot(desk.window, QStringLiteral("create-failed-") + Stage::suffix(scheme));
            QVERIFY(desk.window.findChild<QLabel*>(QStringLiteral("operationFailure"))->isVisible());
        }
    }

    void cancellingIsAskedForOnce() {
        Desk desk;
        FakeHost host;
        auto* page = new pages::ClustersPage(desk.stage.theme, desk.registry, host, &desk.window);
        desk.window.addPage(page);
        Stage::show(desk.window);
        QTest::mouseClick(desk.window.findChild<QPushButton*>(QStringLiteral("emptyCreate")), Qt::LeftButton);
        QTest::mouseClick(desk.window.findChild<QPushButton*>(QStringLiteral("create.confirm")), Qt::LeftButton);
        auto* cancel = desk.window.findChild<QPushButton*>(QStringLiteral("operationCancel"));
        QTest::mouseClick(cancel, Qt::LeftButton);
        QVERIFY(host.operation->cancelled);
        QVERIFY(!cancel->isEnabled());
    }

    void clustersAreListedWithWhatCanBeDone() {
        Desk desk;
        FakeHost host;
        host.known = {{QStringLiteral("dev"), views::State::Ready, QStringLiteral("Running"),
                       QStringLiteral("3 nodes · 2 CPU and 2 GiB each · KVM"), true},
                      {QStringLiteral("ci"), views::State::Done, QStringLiteral("Suspended"),
                       QStringLiteral("1 node · 2 CPU and 2 GiB · KVM"), false}};
        desk.window.addPage(new pages::ClustersPage(desk.stage.theme, desk.registry, host, &desk.window));
        desk.window.resize(1280, 800);
        Stage::show(desk.window);
        Stage::shoot(desk.window, QStringLiteral("clusters-light"));
        QVERIFY(desk.window.findChild<QPushButton*>(QStringLiteral("open.dev")));
        QVERIFY(desk.window.findChild<QPushButton*>(QStringLiteral("start.ci")));
    }

    void theKubeconfigIsMergedWithABackupAndTheContextStays() {
        Stage stage;
        QTemporaryDir directory;
        ShopClock clock;
        const QString path = directory.filePath(QStringLiteral("config"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(
            "apiVersion: v1\nkind: Config\ncurrent-context: work\ncontexts:\n- name: work\n  context: {cluster: work, "
            "user: work}\n");
        file.close();
        client::KubeconfigEntry entry;
        entry.name = "quarterdeck-dev";
        entry.server = "https://127.0.0.1:6443";
        entry.token = "t";
        pages::ExportDialog dialog(stage.theme, entry, path.toStdString(), clock);
        Stage::show(dialog);
        QTest::mouseClick(dialog.findChild<QPushButton*>(QStringLiteral("export.merge")), Qt::LeftButton);
        Stage::shoot(dialog, QStringLiteral("export-light"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray merged = file.readAll();
        QVERIFY(merged.contains("quarterdeck-dev"));
        QVERIFY(merged.contains("current-context: work"));
        QCOMPARE(QDir(directory.path()).entryList(QDir::Files).size(), 2);
        QTest::mouseClick(dialog.findChild<QPushButton*>(QStringLiteral("export.copy")), Qt::LeftButton);
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("https://127.0.0.1:6443")));
    }
};

QTEST_MAIN(DialogsTest)
#include "dialogs_test.moc"
