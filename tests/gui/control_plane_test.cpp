// The window over a real control plane in this process: what is applied in the dialog is seen in the pictures.
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

#include "app/actions/apply_yaml.h"
#include "app/bridge/control_plane_session.h"
#include "app/bridge/resources.h"
#include "app/pages/apply_dialog.h"
#include "app/pages/workspace.h"
#include "app/views/rollout_view.h"
#include "cluster/base/log.h"
#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::tests;
using actions::Outcome;

namespace {

const QByteArray kWeb =
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
    "spec:\n  replicas: 3\n  revisionHistoryLimit: 10\n  progressDeadlineSeconds: 600\n"
    "  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}\n"
    "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
    "    spec: {containers: [{name: web, image: 'example.com/web:1.4.1'}]}\n";

}  // namespace

class ControlPlaneTest : public QObject {
    Q_OBJECT

    struct Desk {
        Desk()
            : settings(directory.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat),
              window(stage.theme, registry, settings) {
            base::setUpLogging({});
            control_plane::Options options;
            options.dataDir = directory.filePath(QStringLiteral("store")).toStdString();
            auto started = control_plane::ControlPlane::start(options);
            if (!started) qFatal("%s", started.error().message.c_str());
            std::shared_ptr<control_plane::ControlPlane> plane = std::move(*started);
            workspace =
                std::make_unique<pages::Workspace>(stage.theme, registry, settings, clock, window,
                                                   bridge::openInProcess(QStringLiteral("dev"), plane, executor));
            window.resize(1440, 900);
            Stage::show(window);
        }
        Stage stage;
        QTemporaryDir directory;
        QSettings settings;
        base::SystemClock clock;
        base::ThreadPool executor{"window", 4};
        actions::ActionRegistry registry;
        shell::MainWindow window;
        std::unique_ptr<pages::Workspace> workspace;
    };

    static void applyAll(Desk& desk, const QByteArray& text) {
        actions::ApplyPlan plan(desk.workspace->session(), {});
        QSignalSpy previewed(&plan, &actions::ApplyPlan::previewed);
        QVERIFY(plan.preview(text));
        QTRY_COMPARE_WITH_TIMEOUT(previewed.count(), 1, 10'000);
        for (const actions::DocumentPlan& document : plan.documents())
            QVERIFY2(document.outcome != Outcome::Invalid, qPrintable(document.title + document.problem));
        QSignalSpy finished(&plan, &actions::ApplyPlan::finished);
        plan.apply();
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 10'000);
        for (const actions::DocumentPlan& document : plan.documents())
            QVERIFY2(document.outcome == Outcome::Applied, qPrintable(document.title + document.problem));
    }

private slots:
    void whatIsAppliedIsSeenAndChangesAreToldByField() {
        Desk desk;
        applyAll(desk, kWeb);
        desk.window.goTo({QStringLiteral("workloads"), QStringLiteral("deployments"), QStringLiteral("shop"),
                          QStringLiteral("web")});
        auto* picture = desk.window.findChild<views::RolloutView*>(QStringLiteral("rolloutView"));
        QTRY_COMPARE_WITH_TIMEOUT(picture->model().desired, 3, 10'000);
        QTRY_COMPARE_WITH_TIMEOUT(picture->model().boxes.size(), 1, 10'000);
        QTRY_COMPARE_WITH_TIMEOUT(picture->model().boxes[0].pods.size(), 3, 10'000);
        Stage::shoot(desk.window, QStringLiteral("real-deployment"));

        QByteArray next = kWeb;
        next.replace("1.4.1", "1.5.0").replace("replicas: 3", "replicas: 4");
        actions::ApplyPlan plan(desk.workspace->session(), {});
        plan.setForce(true);
        QSignalSpy previewed(&plan, &actions::ApplyPlan::previewed);
        QVERIFY(plan.preview(next));
        QTRY_COMPARE_WITH_TIMEOUT(previewed.count(), 1, 10'000);
        QVERIFY(plan.documents()[0].outcome == Outcome::Unchanged);
        QVERIFY2(plan.documents()[1].problem.isEmpty(), qPrintable(plan.documents()[1].problem));
        QStringList paths;
        for (const actions::FieldChange& change : plan.documents()[1].changes) paths << change.path;
        QCOMPARE(paths, (QStringList{QStringLiteral("spec.replicas"),
                                     QStringLiteral("spec.template.spec.containers[0].image")}));
        plan.apply();
        QTRY_COMPARE_WITH_TIMEOUT(picture->model().boxes.size(), 2, 10'000);
        QVERIFY(picture->model().boxes.last().current);
        auto* rows = desk.window.findChild<QWidget*>(QStringLiteral("deploymentView"))
                         ->findChild<QTableView*>(QStringLiteral("resourceTable"));
        QTRY_COMPARE_WITH_TIMEOUT(rows->model()->rowCount(), 5, 10'000);
        QTRY_VERIFY(!picture->moving());
        Stage::shoot(desk.window, QStringLiteral("real-rollout"));
        QVERIFY(desk.workspace->session().status().revision > 0);
    }

    void scalingAndDeletingReachTheCluster() {
        Desk desk;
        applyAll(desk, kWeb);
        bridge::ClusterSession& session = desk.workspace->session();
        models::Inventory inventory(session);
        models::LiveObjects& pods = inventory.objects(bridge::kPods);
        QTRY_COMPARE_WITH_TIMEOUT(pods.size(), 3U, 10'000);
        QString problem;
        session.scale({bridge::kDeployments, "shop", "web"}, 5, &desk.window, [&problem](const Result<void>& result) {
            if (!result) problem = QString::fromStdString(result.error().message);
        });
        QTRY_COMPARE_WITH_TIMEOUT(pods.size(), 5U, 10'000);
        session.remove({bridge::kDeployments, "shop", "web"}, &desk.window, [&problem](const Result<void>& result) {
            if (!result) problem = QString::fromStdString(result.error().message);
        });
        QTRY_COMPARE_WITH_TIMEOUT(inventory.objects(bridge::kDeployments).size(), 0U, 10'000);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
    }

    void anUnknownFieldIsRefusedByName() {
        Desk desk;
        pages::ApplyDialog dialog(desk.stage.theme, desk.workspace->session(), {}, &desk.window);
        Stage::show(dialog);
        dialog.preview(QStringLiteral("wrong.yaml"),
                       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndatum: {a: b}\n");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.plan().count(Outcome::Invalid), 1, 10'000);
        QVERIFY(dialog.plan().documents()[0].problem.contains(QStringLiteral("datum")));
        Stage::shoot(dialog, QStringLiteral("real-refused"));
    }

    void aLogThatCannotBeReadSaysWhy() {
        Desk desk;
        const std::unique_ptr<bridge::ByteStream> log = desk.workspace->session().logs({"default", "no-such-pod", ""});
        QSignalSpy closed(log.get(), &bridge::ByteStream::closed);
        QTRY_COMPARE_WITH_TIMEOUT(closed.count(), 1, 10'000);
        QVERIFY2(!closed[0][0].toString().isEmpty(), "an ended container and a refusal are not the same");
        const std::unique_ptr<bridge::ByteStream> shell =
            desk.workspace->session().exec({"default", "no-such-pod", "", {"sh"}});
        QSignalSpy ended(shell.get(), &bridge::ByteStream::closed);
        QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, 10'000);
        QVERIFY(!ended[0][0].toString().isEmpty());
    }

    void closingWhileWatchesRunIsSafe() {
        Desk desk;
        desk.workspace.reset();
        QVERIFY(!desk.window.page(QStringLiteral("overview")));
    }
};

QTEST_MAIN(ControlPlaneTest)
#include "control_plane_test.moc"
