#include "app/shell/main_window.h"

#include <QLabel>
#include <QMimeData>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QVBoxLayout>
#include <QtTest>

#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::shell;
using qd::tests::Stage;

namespace {

class PlainPage : public Page {
public:
    using Page::Page;
    void open(const Location& location) override { opened = location; }
    void setNamespace(const QString& name) override { space = name; }
    Location opened;
    QString space;
};

struct Fixture {
    explicit Fixture(Scheme scheme = Scheme::Light)
        : stage(scheme), settings(directory.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat) {
        window = std::make_unique<MainWindow>(stage.theme, registry, settings);
        first = new PlainPage(QStringLiteral("workloads"), QStringLiteral("Workloads"), QStringLiteral("workloads"));
        second = new PlainPage(QStringLiteral("nodes"), QStringLiteral("Nodes"), QStringLiteral("nodes"));
        window->addPage(first);
        window->addPage(second);
    }
    Stage stage;
    QTemporaryDir directory;
    QSettings settings;
    actions::ActionRegistry registry;
    std::unique_ptr<MainWindow> window;
    PlainPage* first;
    PlainPage* second;
};

}  // namespace

class MainWindowTest : public QObject {
    Q_OBJECT
private slots:
    void aClickOnTheRailOpensThePageAndBackReturns() {
        Fixture fixture;
        Stage::show(*fixture.window);
        auto* button = fixture.window->findChild<QAbstractButton*>(QStringLiteral("rail.nodes"));
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(fixture.second->opened.page, QStringLiteral("nodes"));
        QVERIFY(button->isChecked());
        QTest::keyClick(fixture.window.get(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(fixture.window->location().page, QStringLiteral("workloads"));
    }

    void thePaletteFindsACommandAndRunsIt() {
        Fixture fixture;
        int runs = 0;
        QObject context;
        fixture.registry.add({QStringLiteral("demo"), QStringLiteral("Restart Deployment"), QStringLiteral("Workloads"),
                              QStringLiteral("restart")},
                             &context, [&runs] { ++runs; });
        Stage::show(*fixture.window);
        QTest::keyClick(fixture.window.get(), Qt::Key_K, Qt::ControlModifier);
        auto* palette = fixture.window->findChild<CommandPalette*>(QStringLiteral("commandPalette"));
        QVERIFY(palette->isVisible());
        auto* field = fixture.window->findChild<QLineEdit*>(QStringLiteral("paletteField"));
        QTest::keyClicks(field, QStringLiteral("rst dep"));
        Stage::shoot(*fixture.window, QStringLiteral("palette-light"));
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(runs, 1);
        QVERIFY(!palette->isVisible());
    }

    void aNamespaceIsToldToEveryPage() {
        Fixture fixture;
        fixture.window->topBar().setNamespaces({QStringLiteral("default"), QStringLiteral("shop")});
        fixture.window->topBar().setCurrentNamespace(QStringLiteral("shop"));
        QCOMPARE(fixture.first->space, QStringLiteral("shop"));
        QCOMPARE(fixture.second->space, QStringLiteral("shop"));
        fixture.window->topBar().setNamespaces({QStringLiteral("default")});
        QCOMPARE(fixture.first->space, QString());
    }

    void aDroppedFileIsHandedOn() {
        Fixture fixture;
        Stage::show(*fixture.window);
        QFile file(fixture.directory.filePath(QStringLiteral("web.yaml")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("kind: Pod\n");
        file.close();
        QSignalSpy dropped(fixture.window.get(), &MainWindow::yamlDropped);
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(file.fileName())});
        const QPointF at(600, 400);
        QDragEnterEvent enter(at.toPoint(), Qt::CopyAction, &data, Qt::LeftButton, {});
        QVERIFY(QCoreApplication::sendEvent(fixture.window.get(), &enter));
        QVERIFY(enter.isAccepted());
        QDropEvent drop(at, Qt::CopyAction, &data, Qt::LeftButton, {});
        QVERIFY(QCoreApplication::sendEvent(fixture.window.get(), &drop));
        QCOMPARE(dropped.count(), 1);
        QCOMPARE(dropped[0][0].toString(), QStringLiteral("web.yaml"));
        QCOMPARE(dropped[0][1].toByteArray(), QByteArray("kind: Pod\n"));
    }

    void closingKeepsItInTheTrayAndRemembersItsSize() {
        Fixture fixture;
        Stage::show(*fixture.window);
        fixture.window->setStaysInTray(true);
        fixture.window->resize(1200, 700);
        fixture.window->close();
        QVERIFY(!fixture.window->isVisible());
        actions::ActionRegistry registry;
        MainWindow again(fixture.stage.theme, registry, fixture.settings);
        QCOMPARE(again.size(), QSize(1200, 700));
    }

    void itWorksFrom1024By640() {
        Fixture fixture(Scheme::Dark);
        fixture.window->topBar().setClusterOpen(true);
        fixture.window->rail().switcher().setSummary(
            {QStringLiteral("dev"), QStringLiteral("2 nodes · v1.36 · KVM"), views::State::Ready});
        fixture.window->rail().setFoot(QStringLiteral("revision 18 204"), QStringLiteral("watch 2 ms"));
        fixture.window->resize(1024, 640);
        Stage::show(*fixture.window);
        QCOMPARE(fixture.window->size(), QSize(1024, 640));
        fixture.window->notify(
            QStringLiteral("Deployment shop/web cannot be scaled: the server says it is being deleted."), true);
        Stage::shoot(*fixture.window, QStringLiteral("window-empty-dark"));
    }

    void everyControlHasAName() {
        Fixture fixture;
        for (QAbstractButton* button : fixture.window->findChildren<QAbstractButton*>())
            QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(),
                     qPrintable(button->objectName()));
    }
};

QTEST_MAIN(MainWindowTest)
#include "main_window_test.moc"
