#include "tests/gui/desk.h"

#include <QDialog>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QScreen>

#include "cluster/base/log.h"

namespace qd::tests {

void write(const QString& path, const QByteArray& text) {
    QVERIFY(QDir().mkpath(QFileInfo(path).path()));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
}

QByteArray read(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Desk::Desk(std::unique_ptr<bridge::ClusterHost> host, base::Executor& executor)
    : application(*qApp, executor, std::move(host)) {
    application.window().resize(1440, 900);
    application.window().move(0, 0);
    application.show();
    if (!QTest::qWaitForWindowActive(&application.window())) qFatal("the window does not become active");
}

void Desk::attend() {
    QTRY_VERIFY(QApplication::activeWindow() &&
                (!QApplication::activeModalWidget() || QApplication::activeModalWidget()->isActiveWindow()));
}

void Desk::key(xcb_keysym_t keysym, std::initializer_list<xcb_keysym_t> held) {
    attend();
    hand.key(keysym, held);
}

void Desk::type(const QString& text) {
    attend();
    hand.type(text);
}

void Desk::fill(const char* name, const QString& text) {
    auto& field = await<QWidget>(name);
    hand.click(field);
    key('a', {Hand::kControl});
    type(text);
}

QTableView& Desk::table(const char* page) {
    auto& shown = await<QWidget>(page);
    QTableView* found = nullptr;
    const bool came = QTest::qWaitFor(
        [&] {
            for (QTableView* each : shown.findChildren<QTableView*>(QStringLiteral("resourceTable")))
                if (each->isVisible()) found = each;
            return found != nullptr;
        },
        kWait);
    if (!came) qFatal("%s has no table", page);
    return *found;
}

QPoint Desk::rowAt(QTableView& table, const QString& name) {
    for (int row = 0; row < table.model()->rowCount(); ++row) {
        const QModelIndex index = table.model()->index(row, 0);
        if (index.data().toString() == name) return table.viewport()->mapToGlobal(table.visualRect(index).center());
    }
    qFatal("no row %s", qPrintable(name));
}

void Desk::clickTile(views::Picture& picture, const QString& id) {
    const views::Tile* tile = picture.tile(id);
    QVERIFY(tile);
    hand.click(picture.mapToGlobal(tile->rect.center().toPoint()));
}

void Desk::shoot(const QString& name) {
    QTRY_VERIFY(!find<QWidget>("dropVeil"));
    shootNow(name);
}

void Desk::shootNow(const QString& name) {
    QDir directory(QStringLiteral(QD_SCREENSHOTS));
    QVERIFY(directory.mkpath(QStringLiteral(".")));
    QCoreApplication::processEvents();
    QVERIFY(QGuiApplication::primaryScreen()->grabWindow(0).save(directory.filePath(name + QStringLiteral(".png"))));
}

void Desk::drop(const QString& path, const QString& picture) {
    QProcess other;
    other.start(QStringLiteral(QD_DRAG_SOURCE), {path, QStringLiteral("1180"), QStringLiteral("840")});
    QTRY_VERIFY_WITH_TIMEOUT(other.canReadLine(), kWait);
    const QPoint source(1300, 860);
    hand.moveTo(source);
    hand.press();
    for (int i = 1; i <= 20; ++i) {
        hand.moveTo(source + QPoint(-30, -20) * i);
        QTest::qWait(10);  // a hand is not faster, and the other program's drag begins on its own time
    }
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("dropVeil"), kWait);
    if (!picture.isEmpty()) shootNow(picture);
    hand.release();
    QTRY_VERIFY_WITH_TIMEOUT(find<QDialog>("applyDialog"), kWait);
    other.closeWriteChannel();
    QVERIFY(other.waitForFinished());
}

void moveInto(const QTemporaryDir& home) {
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"})
        qputenv(name, home.path().toUtf8());
    qputenv("XDG_RUNTIME_DIR", home.path().toUtf8());
    qunsetenv("KUBECONFIG");
    // The same font on each machine.
    qputenv("FONTCONFIG_FILE", QByteArray(QD_TEST_FONTS));
    qunsetenv("DBUS_SESSION_BUS_ADDRESS");
}

void nameApplication() {
    QApplication::setOrganizationName(QStringLiteral("quarterdeck"));
    QApplication::setApplicationName(QStringLiteral("quarterdeck"));
    QApplication::setQuitOnLastWindowClosed(false);
    base::setUpLogging({});
}

}  // namespace qd::tests
