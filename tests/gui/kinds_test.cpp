// The pages of lists, Workloads, Network, Storage and Configuration, driven as a person would.
#include <QAccessible>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSplitter>
#include <QTabBar>
#include <QTableView>
#include <QTemporaryDir>
#include <QTextBrowser>
#include <QtTest>

#include "app/actions/places.h"
#include "app/pages/inspector.h"
#include "app/pages/workspace.h"
#include "tests/app/support/fake_session.h"
#include "tests/app/support/objects.h"
#include "tests/app/support/shop.h"
#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::tests;
using shell::Scheme;

namespace {

struct Desk {
    explicit Desk(Scheme scheme = Scheme::Light, bool filled = true)
        : stage(scheme),
          settings(directory.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat),
          window(stage.theme, registry, settings) {
        auto made = std::make_unique<FakeSession>();
        session = made.get();
        if (filled) {
            session->putAll(shop());
            session->putAll(shopKinds());
        }
        workspace = std::make_unique<pages::Workspace>(stage.theme, registry, settings, clock, window, std::move(made));
        window.resize(1440, 900);
        Stage::show(window);
    }
    template <typename T>
    T* find(const char* name) {
        for (T* each : window.findChildren<T*>(QString::fromLatin1(name)))
            if (each->isVisible()) return each;
        return nullptr;
    }
    void open(const char* page, const char* kind = "", const char* name = "") {
        window.goTo({QString::fromLatin1(page), QString::fromLatin1(kind),
                     *name == 0 ? QString() : QStringLiteral("shop"), QString::fromLatin1(name)});
        for (int i = 0; i < 4; ++i) QCoreApplication::processEvents();
    }
    QTableView& table() { return *find<QTableView>("resourceTable"); }
    QStringList rows() {
        QStringList rows;
        for (int row = 0; row < table().model()->rowCount(); ++row)
            rows << table().model()->index(row, 0).data().toString();
        return rows;
    }
    QString shown() { return find<pages::NameLabel>("inspectorName")->text(); }
    void trigger(const char* action) { registry.find(QString::fromLatin1(action))->trigger(); }
    bool offers(const char* action) { return registry.find(QString::fromLatin1(action))->isEnabled(); }

    Stage stage;
    QTemporaryDir directory;
    QSettings settings;
    actions::ActionRegistry registry;
    ShopClock clock;
    shell::MainWindow window;
    FakeSession* session;
    std::unique_ptr<pages::Workspace> workspace;
};

}  // namespace

class KindsTest : public QObject {
    Q_OBJECT
private slots:
    void everyListIsDrawnInBothThemes_data() {
        QTest::addColumn<Scheme>("scheme");
        QTest::newRow("light") << Scheme::Light;
        QTest::newRow("dark") << Scheme::Dark;
    }

    void everyListIsDrawnInBothThemes() {
        QFETCH(Scheme, scheme);
        Desk desk(scheme);
        const auto shoot = [&](const char* page, const char* kind, const char* name, pages::Inspector::Tab tab) {
            desk.open(page, kind, name);
            desk.find<pages::Inspector>("inspector")->showTab(tab);
            Stage::shoot(desk.window, QStringLiteral("%1-%2").arg(QString::fromLatin1(kind), Stage::suffix(scheme)));
        };
        using Tab = pages::Inspector::Tab;
        shoot("workloads", "statefulsets", "db", Tab::Why);
        shoot("workloads", "daemonsets", "collector", Tab::Details);
        shoot("workloads", "jobs", "import", Tab::Why);
        shoot("workloads", "cronjobs", "backup", Tab::Details);
        shoot("workloads", "replicasets", "web-7f6b8", Tab::Why);
        shoot("workloads", "horizontalpodautoscalers", "web", Tab::Details);
        shoot("workloads", "poddisruptionbudgets", "web", Tab::Details);
        shoot("network", "ingresses", "web", Tab::Details);
        shoot("storage", "persistentvolumeclaims", "data-db-2", Tab::Why);
        shoot("storage", "persistentvolumes", "", Tab::Details);
        shoot("configuration", "configmaps", "shop-settings", Tab::Details);
        shoot("configuration", "resourcequotas", "team", Tab::Details);
    }

    void everyKindIsOnThePageThatItsPlaceNames() {
        Desk desk;
        for (const actions::Place& place : actions::places()) {
            desk.window.goTo({place.page, QString::fromStdString(place.resource->plural)});
            QCoreApplication::processEvents();
            QVERIFY2(desk.find<QTableView>("resourceTable"), place.resource->plural.c_str());
            QCOMPARE(desk.table().model()->headerData(0, Qt::Horizontal).toString(),
                     QString::fromStdString(place.resource->kind));
        }
    }

    void aTabShowsItsKindAndBackLeadsBack() {
        Desk desk;
        desk.open("workloads");
        auto* tabs = desk.find<QTabBar>("kindTabs");
        int index = 0;
        while (tabs->tabText(index) != QStringLiteral("StatefulSets")) ++index;
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(index).center());
        QTRY_COMPARE(desk.rows(), (QStringList{QStringLiteral("cache"), QStringLiteral("db")}));
        QCOMPARE(desk.shown(), QStringLiteral("cache"));
        QCOMPARE(desk.find<pages::NameLabel>("pageTitle")->text(), QStringLiteral("StatefulSets"));
        tabs->setFocus();
        QTest::keyClick(tabs, Qt::Key_Right);
        QTRY_COMPARE(desk.rows(), QStringList{QStringLiteral("collector")});
        desk.window.goBack();
        QCOMPARE(desk.rows().size(), 2);
        QCOMPARE(tabs->currentIndex(), index);
    }

    void nothingIsWatchedThatNobodyLooksAt() {
        Desk desk;
        QVERIFY(!desk.session->watched().contains(QStringLiteral("Secret")));
        desk.open("configuration", "secrets");
        QVERIFY(desk.session->watched().contains(QStringLiteral("Secret")));
        QTRY_COMPARE(desk.rows(), QStringList{QStringLiteral("db-login")});
    }

    void whatIsMadeLaterIsShownWhenItComes() {
        Desk desk(Scheme::Light, false);
        desk.open("workloads", "jobs", "import");
        QCOMPARE(desk.rows(), QStringList());
        desk.session->putAll(shopKinds());
        QTRY_COMPARE(desk.rows().size(), 3);
        QTRY_COMPARE(desk.shown(), QStringLiteral("import"));
    }

    void theNamespaceFiltersOnlyWhatIsInOne() {
        Desk desk;
        desk.open("storage");
        QTRY_VERIFY(desk.find<QComboBox>("namespaceBox")->findText(QStringLiteral("default")) > 0);
        desk.window.topBar().setCurrentNamespace(QStringLiteral("default"));
        QTRY_COMPARE(desk.rows(), QStringList());
        desk.open("storage", "persistentvolumes");
        QTRY_COMPARE(desk.rows().size(), 2);
    }

    void aListSaysHowManyAreToLookAt() {
        Desk desk;
        desk.open("workloads", "jobs");
        QTRY_COMPARE(desk.find<QLabel>("pageHeadline")->text(), QStringLiteral("1 to look at"));
    }

    void detailsLeadToThePods() {
        Desk desk;
        desk.open("workloads", "statefulsets", "db");
        auto* inspector = desk.find<pages::Inspector>("inspector");
        inspector->showTab(pages::Inspector::Details);
        auto* details = desk.find<QTextBrowser>("inspectorDetails");
        QVERIFY2(details->toPlainText().contains(QStringLiteral("db-2")), qPrintable(details->toPlainText()));
        emit details->anchorClicked(QUrl(QStringLiteral("owner:Pod:db-2")));
        QTRY_COMPARE(desk.window.location().kind, QStringLiteral("pods"));
        QCOMPARE(desk.shown(), QStringLiteral("db-2"));
    }

    void statefulSetsAreScaledAndRestarted() {
        Desk desk;
        desk.open("workloads", "statefulsets", "db");
        QVERIFY(desk.offers("deployment.scale"));
        QVERIFY(!desk.offers("deployment.pause"));
        desk.trigger("deployment.scale");
        auto* dialog = desk.window.findChild<QInputDialog*>(QStringLiteral("scaleDialog"));
        QVERIFY(dialog);
        QCOMPARE(dialog->intValue(), 4);
        dialog->setIntValue(2);
        dialog->accept();
        QCOMPARE(desk.session->requests.last(), QStringLiteral("scale StatefulSet shop/db 2"));
        desk.trigger("deployment.restart");
        QVERIFY2(desk.session->requests.last().startsWith(QStringLiteral("patch StatefulSet shop/db")) &&
                     desk.session->requests.last().contains(QStringLiteral("restartedAt")),
                 qPrintable(desk.session->requests.last()));
    }

    void aStatefulSetGoesBackToAnEarlierRevision() {
        Desk desk;
        desk.session->json["ControllerRevision shop/db-5c1"] =
            R"({"data":{"spec":{"template":{"$patch":"replace","spec":{}}}},"revision":1})";
        desk.open("workloads", "statefulsets", "db");
        QVERIFY2(!desk.offers("deployment.undo"), "no revision is known");
        std::vector<std::unique_ptr<api::Object>> revisions = objectsOf(
            "{apiVersion: apps/v1, kind: ControllerRevision, revision: 1, metadata: {name: db-5c1, namespace: shop, "
            "ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: StatefulSet/shop/db, "
            "controller: "
            "true}]}}\n---\n"
            "{apiVersion: apps/v1, kind: ControllerRevision, revision: 2, metadata: {name: db-6f4, namespace: shop, "
            "ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: StatefulSet/shop/db, "
            "controller: "
            "true}]}}");
        desk.session->putAll(std::move(revisions));
        QTRY_VERIFY(desk.offers("deployment.undo"));
        desk.trigger("deployment.undo");
        auto* dialog = desk.window.findChild<QInputDialog*>(QStringLiteral("undoDialog"));
        QVERIFY(dialog);
        QCOMPARE(dialog->comboBoxItems(), QStringList{QStringLiteral("revision 1 · db-5c1")});
        dialog->accept();
        QTRY_COMPARE(
            desk.session->requests.value(0),
            QStringLiteral(R"(patch StatefulSet shop/db {"spec":{"template":{"$patch":"replace","spec":{}}}})"));
    }

    void daemonSetsAndReplicaSetsOfDeploymentsAreNotScaled() {
        Desk desk;
        desk.open("workloads", "daemonsets", "collector");
        QVERIFY(!desk.offers("deployment.scale"));
        QVERIFY(desk.offers("deployment.restart"));
        desk.open("workloads", "replicasets", "web-7f6b8");
        QVERIFY(!desk.offers("deployment.scale"));
    }

    void aCronJobIsSuspendedAndRunNow() {
        Desk desk;
        desk.session->json["CronJob shop/backup"] =
            R"({"spec":{"jobTemplate":{"metadata":{"labels":{"app":"backup"}},"spec":{"completions":1}}}})";
        desk.open("workloads", "cronjobs", "backup");
        QVERIFY(desk.offers("job.suspend"));
        QVERIFY(!desk.offers("job.resume"));
        desk.trigger("job.suspend");
        QCOMPARE(desk.session->requests.last(),
                 QStringLiteral(R"(patch CronJob shop/backup {"spec":{"suspend":true}})"));
        desk.trigger("cronjob.run");
        QTRY_VERIFY2(desk.session->requests.last().startsWith(QStringLiteral("apply Job shop/backup-manual-")),
                     qPrintable(desk.session->requests.last()));
        const QString job = QString::fromStdString(desk.session->lastApplied);
        QVERIFY2(job.contains(QStringLiteral(R"("cronjob.kubernetes.io/instantiate":"manual")")), qPrintable(job));
        QVERIFY2(job.contains(QStringLiteral(R"("uid":"CronJob/shop/backup")")), qPrintable(job));
        QVERIFY2(job.contains(QStringLiteral(R"("labels":{"app":"backup"})")), qPrintable(job));
    }

    void deletingSaysWhatGoesAndWhatStays() {
        Desk desk;
        desk.open("workloads", "statefulsets", "db");
        desk.trigger("object.delete");
        auto* box = desk.window.findChild<QMessageBox*>(QStringLiteral("deleteDialog"));
        QVERIFY(box);
        QCOMPARE(box->informativeText(), QStringLiteral("Its Pods go with it. Its claims and their data stay."));
        QTest::mouseClick(box->findChild<QPushButton*>(QStringLiteral("deleteConfirm")), Qt::LeftButton);
        QTRY_COMPARE(desk.session->requests.value(0), QStringLiteral("delete StatefulSet shop/db"));
    }

    void thePaletteFindsThem() {
        Desk desk;
        QCoreApplication::processEvents();
        QStringList found;
        for (const shell::PaletteEntry& entry : desk.workspace->objects())
            found << entry.target.kind + u' ' + entry.title;
        QVERIFY(found.contains(QStringLiteral("statefulsets shop/db")));
        QVERIFY(found.contains(QStringLiteral("persistentvolumeclaims shop/data-db-2")));
        QVERIFY(found.contains(QStringLiteral("horizontalpodautoscalers shop/web")));
    }

    void anEmptyListOffersASampleThatCanBeApplied() {
        Desk desk(Scheme::Light, false);
        QSignalSpy dropped(&desk.window, &shell::MainWindow::yamlDropped);
        int samples = 0;
        for (const actions::Place& place : actions::places()) {
            desk.window.goTo({place.page, QString::fromStdString(place.resource->plural)});
            for (int i = 0; i < 3; ++i) QCoreApplication::processEvents();
            auto* link = desk.find<QPushButton>("emptyLink");
            if (!link) continue;
            QTest::mouseClick(link, Qt::LeftButton);
            QCOMPARE(dropped.count(), ++samples);
            const auto objects = objectsOf(dropped.last()[1].toByteArray().toStdString());
            QVERIFY2(place.resource->kind == "Pod" || objects.front()->kind() == place.resource->kind,
                     place.resource->kind.c_str());
        }
        QCOMPARE(samples, 16);
        desk.open("workloads", "statefulsets");
        Stage::shoot(desk.window, QStringLiteral("statefulsets-empty-light"));
    }

    void itIsUsableAt1024By640() {
        Desk desk(Scheme::Dark);
        desk.window.resize(1024, 640);
        desk.open("workloads", "jobs", "thumbnails");
        QCOMPARE(desk.window.size(), QSize(1024, 640));
        Stage::shoot(desk.window, QStringLiteral("jobs-small-dark"));
        desk.open("configuration", "clusterroles");
        auto* tabs = desk.find<QTabBar>("kindTabs");
        QVERIFY2(tabs->rect().contains(tabs->tabRect(tabs->currentIndex()).center()), "the chosen tab is in sight");
    }

    void everyControlHasAName() {
        Desk desk;
        for (const char* page : {"workloads", "network", "storage", "configuration"}) {
            desk.open(page);
            for (QWidget* widget : desk.window.findChildren<QWidget*>()) {
                if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() ||
                    widget->objectName().startsWith(QStringLiteral("qt_")))
                    continue;
                const auto* accessible = QAccessible::queryAccessibleInterface(widget);
                const QString name = accessible ? accessible->text(QAccessible::Name) : QString();
                const bool container = qobject_cast<QScrollArea*>(widget) || qobject_cast<QTabBar*>(widget) ||
                                       qobject_cast<QSplitterHandle*>(widget);
                QVERIFY2(
                    container || !name.isEmpty(),
                    qPrintable(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName()));
            }
        }
    }
};

QTEST_MAIN(KindsTest)
#include "kinds_test.moc"
