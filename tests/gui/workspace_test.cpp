// The pages of an open cluster, driven as a person would.
#include <QAccessible>
#include <QInputDialog>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTabBar>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

#include "app/pages/inspector.h"
#include "app/pages/log_tab.h"
#include "app/pages/workspace.h"
#include "app/pages/yaml_editor.h"
#include "app/views/endpoints_view.h"
#include "app/views/rollout_view.h"
#include "app/views/terminal_view.h"
#include "tests/app/support/fake_session.h"
#include "tests/app/support/shop.h"
#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::tests;
using shell::Scheme;

namespace {

struct Desk {
    explicit Desk(Scheme scheme = Scheme::Light)
        : stage(scheme),
          settings(directory.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat),
          window(stage.theme, registry, settings) {
        auto made = std::make_unique<FakeSession>();
        session = made.get();
        session->json["Pod shop/web-7f6b8-z7c3r"] =
            R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-7f6b8-z7c3r","namespace":"shop","labels":{"app":"web"},"managedFields":[{"manager":"x"}]},)"
            R"("spec":{"containers":[{"name":"web","image":"registry.example.com/shop/web:1.5.0","ports":[{"containerPort":8080}],"resources":{"requests":{"cpu":"100m","memory":"128Mi"}}}],"nodeName":"qd-dev-2"},"status":{"phase":"Running","podIP":"10.244.1.29"}})";
        session->putAll(shop());
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
    void open(const shell::Location& location) {
        window.goTo(location);
        QCoreApplication::processEvents();
        QCoreApplication::processEvents();
    }
    void openWeb() {
        open({QStringLiteral("workloads"), QStringLiteral("deployments"), QStringLiteral("shop"),
              QStringLiteral("web")});
    }

    Stage stage;
    QTemporaryDir directory;
    QSettings settings;
    actions::ActionRegistry registry;
    ShopClock clock;
    shell::MainWindow window;
    FakeSession* session;
    std::unique_ptr<pages::Workspace> workspace;
};

const QString kStarting = QStringLiteral("Pod/shop/web-7f6b8-z7c3r");

}  // namespace

class WorkspaceTest : public QObject {
    Q_OBJECT
private slots:
    void everyPageIsDrawnInBothThemes_data() {
        QTest::addColumn<Scheme>("scheme");
        QTest::newRow("light") << Scheme::Light;
        QTest::newRow("dark") << Scheme::Dark;
    }

    void everyPageIsDrawnInBothThemes() {
        QFETCH(Scheme, scheme);
        Desk desk(scheme);
        const QString suffix = Stage::suffix(scheme);
        QTRY_VERIFY(desk.find<views::Picture>("nodesView"));
        QTRY_COMPARE(desk.find<views::Picture>("nodesView")->tiles().size(), 11);
        Stage::shoot(desk.window, QStringLiteral("overview-") + suffix);
        desk.open({QStringLiteral("workloads")});
        Stage::shoot(desk.window, QStringLiteral("deployments-") + suffix);
        desk.openWeb();
        desk.find<views::RolloutView>("rolloutView")->select(kStarting);
        Stage::shoot(desk.window, QStringLiteral("deployment-") + suffix);
        desk.open({QStringLiteral("workloads"), QStringLiteral("pods")});
        Stage::shoot(desk.window, QStringLiteral("pods-") + suffix);
        desk.open({QStringLiteral("network")});
        Stage::shoot(desk.window, QStringLiteral("network-") + suffix);
        desk.open({QStringLiteral("nodes")});
        Stage::shoot(desk.window, QStringLiteral("nodespage-") + suffix);
        desk.open({QStringLiteral("events")});
        Stage::shoot(desk.window, QStringLiteral("events-") + suffix);
    }

    void aClickOnATileShowsThePodAndItsRow() {
        Desk desk;
        desk.openWeb();
        auto* picture = desk.find<views::RolloutView>("rolloutView");
        QTRY_VERIFY(picture->tile(kStarting));
        QTest::mouseClick(picture, Qt::LeftButton, {}, picture->tile(kStarting)->rect.center().toPoint());
        QCOMPARE(desk.find<pages::NameLabel>("inspectorName")->text(), QStringLiteral("web-7f6b8-z7c3r"));
        QCOMPARE(desk.find<QTableView>("resourceTable")->currentIndex().siblingAtColumn(0).data().toString(),
                 QStringLiteral("web-7f6b8-z7c3r"));
    }

    void theRolloutFollowsTheCluster() {
        Desk desk;
        desk.openWeb();
        auto* picture = desk.find<views::RolloutView>("rolloutView");
        QTRY_COMPARE(picture->model().boxes.size(), 2);
        desk.session->put(shopPod(7, "z7c3r", PodLife::Ready, 2, 29));
        QTRY_COMPARE(picture->tile(kStarting)->state, views::State::Ready);
        desk.session->drop("Pod", "shop", "web-59d7c-m4tzl");
        QTRY_COMPARE(picture->model().boxes[0].pods.size(), 2);
    }

    void scalingAsksForANumberAndSendsIt() {
        Desk desk;
        desk.openWeb();
        QTest::mouseClick(desk.find<QPushButton>("button.deployment.scale"), Qt::LeftButton);
        auto* dialog = desk.window.findChild<QInputDialog*>(QStringLiteral("scaleDialog"));
        QVERIFY(dialog);
        dialog->setIntValue(5);
        dialog->accept();
        QCOMPARE(desk.session->requests.last(), QStringLiteral("scale Deployment shop/web 5"));
    }

    void undoPutsTheOlderTemplateBack() {
        Desk desk;
        desk.session->json["ReplicaSet shop/web-59d7c"] =
            R"({"spec":{"template":{"metadata":{"labels":{"app":"web","pod-template-hash":"59d7c"}},"spec":{"containers":[]}}}})";
        desk.openWeb();
        QTest::mouseClick(desk.find<QPushButton>("button.deployment.undo"), Qt::LeftButton);
        auto* dialog = desk.window.findChild<QInputDialog*>(QStringLiteral("undoDialog"));
        QVERIFY(dialog);
        QCOMPARE(dialog->comboBoxItems().first(), QStringLiteral("revision 6 · web-59d7c"));
        dialog->accept();
        QTRY_VERIFY(!desk.session->requests.isEmpty());
        QCOMPARE(
            desk.session->requests.last(),
            QStringLiteral(
                R"(patch Deployment shop/web [{"op":"replace","path":"/spec/template","value":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[]}}}])"));
    }

    void deletingAsksOnceAndSaysWhatGoes() {
        Desk desk;
        desk.open({QStringLiteral("workloads"), QStringLiteral("pods"), QStringLiteral("shop"),
                   QStringLiteral("web-7f6b8-z7c3r")});
        QTest::keyClick(&desk.window, Qt::Key_Delete, Qt::ControlModifier);
        auto* box = desk.window.findChild<QMessageBox*>(QStringLiteral("deleteDialog"));
        QVERIFY(box);
        QCOMPARE(box->informativeText(), QStringLiteral("Its controller makes a new one in its place."));
        QVERIFY(desk.session->requests.isEmpty());
        QTest::mouseClick(box->findChild<QPushButton*>(QStringLiteral("deleteConfirm")), Qt::LeftButton);
        QTRY_COMPARE(desk.session->requests.value(0), QStringLiteral("delete Pod shop/web-7f6b8-z7c3r"));
    }

    void aFailureIsToldWithItsReason() {
        Desk desk;
        desk.session->failures.emplace("Deployment shop/web", Error{Reason::Forbidden, "deployments is forbidden"});
        desk.openWeb();
        QTest::mouseClick(desk.find<QPushButton>("button.deployment.restart"), Qt::LeftButton);
        QTRY_VERIFY(desk.find<QFrame>("notice"));
        QVERIFY(desk.find<QFrame>("notice")->accessibleName().contains(QStringLiteral("deployments is forbidden")));
    }

    void yamlIsReadEditedAndApplied() {
        Desk desk;
        desk.open({QStringLiteral("workloads"), QStringLiteral("pods"), QStringLiteral("shop"),
                   QStringLiteral("web-7f6b8-z7c3r")});
        QTest::keyClick(&desk.window, Qt::Key_E, Qt::ControlModifier);
        auto* editor = desk.find<QsciScintilla>("yamlEditor");
        QVERIFY(editor);
        QTRY_VERIFY(editor->text().startsWith(QStringLiteral("apiVersion: v1\nkind: Pod\n")));
        QVERIFY2(!editor->text().contains(QStringLiteral("managedFields")), "nobody reads them here");
        Stage::shoot(desk.window, QStringLiteral("yaml-light"));
        editor->setText(QStringLiteral("kind: Pod\n  bad: [\n"));
        QTest::mouseClick(desk.find<QPushButton>("yamlApply"), Qt::LeftButton);
        QVERIFY(desk.find<QLabel>("yamlMessage")->text().contains(QStringLiteral("line ")));
        editor->setText(QStringLiteral("apiVersion: v1\nkind: Pod\nmetadata: {name: web-7f6b8-z7c3r}\n"));
        QTest::mouseClick(desk.find<QPushButton>("yamlApply"), Qt::LeftButton);
        QTRY_COMPARE(desk.session->requests.value(0), QStringLiteral("update Pod shop/web-7f6b8-z7c3r"));
        QTRY_COMPARE(desk.find<QLabel>("yamlMessage")->text(), QStringLiteral("Applied."));
    }

    void logsStreamAndEndWithAReason() {
        Desk desk;
        desk.open({QStringLiteral("workloads"), QStringLiteral("pods"), QStringLiteral("shop"),
                   QStringLiteral("web-7f6b8-z7c3r")});
        QTest::keyClick(&desk.window, Qt::Key_L, Qt::ControlModifier);
        QTRY_COMPARE(desk.session->requests.value(0), QStringLiteral("logs shop/web-7f6b8-z7c3r"));
        emit desk.session->lastStream->received("2026-11-23T22:14:03Z \x1b[32minfo\x1b[0m listening on :8080\n");
        emit desk.session->lastStream->received("2026-11-23T22:14:04Z warn  cache is cold, 0 of 512 warm\n");
        auto* text = desk.find<QPlainTextEdit>("logText");
        QCOMPARE(text->toPlainText().section(u'\n', 0, 0),
                 QStringLiteral("2026-11-23T22:14:03Z info listening on :8080"));
        Stage::shoot(desk.window, QStringLiteral("logs-light"));
    }

    void aCharacterCutInTwoIsWholeAgain() {
        QByteArray rest;
        QCOMPARE(pages::plainLog("gr\xc3", rest), QStringLiteral("gr"));
        QCOMPARE(pages::plainLog("\xbc\xc3\x9f\x1b[3", rest), QStringLiteral("üß"));
        QCOMPARE(pages::plainLog("1mx", rest), QStringLiteral("x"));
    }

    void aShellIsOpenedTypedIntoAndShown() {
        Desk desk(Scheme::Dark);
        desk.open({QStringLiteral("workloads"), QStringLiteral("pods"), QStringLiteral("shop"),
                   QStringLiteral("web-7f6b8-z7c3r")});
        QTest::keyClick(&desk.window, Qt::Key_T, Qt::ControlModifier);
        auto* terminal = desk.find<views::TerminalView>("terminalView");
        QVERIFY(terminal);
        QCOMPARE(desk.session->requests.value(0), QStringLiteral("exec shop/web-7f6b8-z7c3r"));
        emit desk.session->lastStream->received(
            "\x1b[1;32mroot@web\x1b[0m:\x1b[34m/app\x1b[0m# ls\r\nbin  server  static\r\n# ");
        QVERIFY(terminal->text().startsWith(QStringLiteral("root@web:/app# ls\nbin  server  static\n#")));
        QTest::keyClicks(terminal, QStringLiteral("ls"));
        QTest::keyClick(terminal, Qt::Key_C, Qt::ControlModifier);
        QTest::keyClick(terminal, Qt::Key_Return);
        QCOMPARE(desk.session->lastStream->written, QByteArray("ls\x03\r"));
        Stage::shoot(desk.window, QStringLiteral("terminal-dark"));
    }

    void theNamespaceFiltersEveryTable() {
        Desk desk;
        desk.open({QStringLiteral("workloads"), QStringLiteral("pods")});
        auto* table = desk.find<QTableView>("resourceTable");
        QTRY_COMPARE(table->model()->rowCount(), 11);
        QTRY_VERIFY(desk.find<QComboBox>("namespaceBox")->findText(QStringLiteral("default")) > 0);
        desk.window.topBar().setCurrentNamespace(QStringLiteral("default"));
        QCOMPARE(table->model()->rowCount(), 0);
    }

    void theChosenPodMayGoWithManyOthersAtOnce() {
        Desk desk;
        std::vector<std::unique_ptr<api::Object>> more;
        std::vector<std::string> going;
        for (int i = 0; i < 120; ++i) {
            const std::string suffix = "p" + std::to_string(i);
            more.push_back(shopPod(7, suffix, PodLife::Ready, 1 + i % 2, 40 + i));
            if (i % 3 != 0) going.push_back("web-7f6b8-" + suffix);
        }
        desk.session->putAll(std::move(more));
        desk.openWeb();
        auto* picture = desk.find<views::RolloutView>("rolloutView");
        const QString chosen = QStringLiteral("Pod/shop/web-7f6b8-p1");
        QTRY_VERIFY(picture->tile(chosen));
        picture->select(chosen);
        auto* rows = desk.find<QTableView>("resourceTable");
        const int before = rows->model()->rowCount();
        desk.session->dropAll("Pod", "shop", going);
        QTRY_COMPARE(rows->model()->rowCount(), before - static_cast<int>(going.size()));
        QTRY_VERIFY(!picture->tile(chosen));
    }

    void itIsUsableAt1024By640() {
        Desk desk(Scheme::Dark);
        desk.window.resize(1024, 640);
        desk.openWeb();
        desk.find<views::RolloutView>("rolloutView")->select(kStarting);
        QCOMPARE(desk.window.size(), QSize(1024, 640));
        Stage::shoot(desk.window, QStringLiteral("small-dark"));
    }

    void itGrowsWithTheDesktopsText() {
        Desk desk;
        desk.stage.setTextScale(1.5);
        desk.window.resize(1800, 1100);
        desk.openWeb();
        desk.find<views::RolloutView>("rolloutView")->select(kStarting);
        Stage::shoot(desk.window, QStringLiteral("large-text-light"));
        QVERIFY(desk.find<QAbstractButton>("rail.nodes")->height() >= 48);
    }

    void actionsAreTheSameInMenuButtonAndPalette() {
        Desk desk;
        desk.openWeb();
        auto* picture = desk.find<views::RolloutView>("rolloutView");
        QTRY_VERIFY(picture->tile(kStarting));
        picture->select(kStarting);
        const auto named = [&desk](const char* id) { return desk.registry.find(QString::fromLatin1(id)); };
        QVERIFY(named("pod.logs")->isEnabled());
        QVERIFY(!named("deployment.scale")->isEnabled());
        desk.window.palette().popUp();
        QStringList titles;
        for (int row = 0; row < desk.window.palette().model().rowCount(); ++row)
            titles << desk.window.palette().model().index(row, 0).data().toString();
        QVERIFY(titles.contains(named("pod.logs")->text()));
        QVERIFY(titles.contains(QStringLiteral("shop/web")));
        QVERIFY(!titles.contains(named("deployment.scale")->text()));
    }

    void thePageThatOpensGivesTheKeyboardToItsTable() {
        Desk desk;
        for (const char* page : {"workloads", "storage", "configuration"}) {
            desk.open({QString::fromLatin1(page)});
            QCOMPARE(desk.window.focusWidget(), desk.find<QTableView>("resourceTable"));
        }
    }

    void anOpenPaletteFollowsTheCluster() {
        Desk desk;
        shell::CommandPalette& palette = desk.window.palette();
        palette.popUp();
        palette.findChild<QLineEdit*>(QStringLiteral("paletteField"))->setText(QStringLiteral("shop/late"));
        QCOMPARE(palette.model().rowCount(), 0);
        desk.session->put(shopPod(7, "late", PodLife::Ready, 2, 30));
        QTRY_COMPARE(palette.model().rowCount(), 1);
        QCOMPARE(palette.model().index(0, 0).data().toString(), QStringLiteral("shop/web-7f6b8-late"));
        QCOMPARE(palette.findChild<QListView*>(QStringLiteral("paletteList"))->currentIndex().row(), 0);
    }

    void everyControlOfEveryPageHasAName() {
        Desk desk;
        desk.openWeb();
        for (QWidget* widget : desk.window.findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() ||
                widget->objectName().startsWith(QStringLiteral("qt_")))
                continue;
            const auto* accessible = QAccessible::queryAccessibleInterface(widget);
            const QString name = accessible ? accessible->text(QAccessible::Name) : QString();
            const bool container = qobject_cast<QScrollArea*>(widget) || qobject_cast<QTabBar*>(widget) ||
                                   qobject_cast<QSplitterHandle*>(widget);
            QVERIFY2(container || !name.isEmpty(),
                     qPrintable(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName()));
        }
    }
};

QTEST_MAIN(WorkspaceTest)
#include "workspace_test.moc"
