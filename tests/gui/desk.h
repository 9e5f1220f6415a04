// A person at the window: the application on a screen of its own (x_server.h), and a hand that finds, presses, types
// and drops as they would. Widgets are found by their object names; what is not there yet is waited for.
#pragma once

#include <QApplication>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>
#include <memory>

#include "app/application.h"
#include "app/views/picture.h"
#include "tests/gui/x_server.h"

namespace qd::tests {

inline constexpr int kWait = 30'000;  // for what a control plane does; a busy machine takes its time

void write(const QString& path, const QByteArray& text);
QByteArray read(const QString& path);

struct Desk {
    Desk(std::unique_ptr<bridge::ClusterHost> host, base::Executor& executor);

    // The one that is seen; null when there is none.
    template <typename T>
    T* find(const char* name) {
        for (T* widget : application.window().findChildren<T*>(QString::fromLatin1(name)))
            if (widget->isVisible()) return widget;
        return nullptr;
    }
    template <typename T>
    T& await(const char* name, int milliseconds = kWait) {
        const bool came = QTest::qWaitFor([&] { return find<T>(name) != nullptr; }, milliseconds);
        if (!came) qFatal("%s does not appear", name);
        return *find<T>(name);
    }
    // Keys go where a window manager would let them go: to the dialog that is open.
    void key(xcb_keysym_t keysym, std::initializer_list<xcb_keysym_t> held = {});
    void type(const QString& text);
    void click(const char* name) { hand.click(await<QWidget>(name)); }
    // What is in a field goes, and this comes.
    void fill(const char* name, const QString& text);
    // The table of a page, once the page is there.
    QTableView& table(const char* page);
    // The middle of the row that begins with this.
    QPoint rowAt(QTableView& table, const QString& name);
    void clickTile(views::Picture& picture, const QString& id);
    // Drags the file from another program's window and lets it go over this one. A picture of the moment before is
    // saved under the second name.
    void drop(const QString& path, const QString& picture = {});
    // Saves the whole screen as it is into <build>/screenshots/<name>.png.
    void shoot(const QString& name);
    void shootNow(const QString& name);

    app::Application application;
    Hand hand;

private:
    void attend();
};

// Sets the variables of an own home, and the same font on each machine. To be called before there is a screen.
void moveInto(const QTemporaryDir& home);
void nameApplication();

// The main function of such a test: an X server, an application, and who gives its windows the keyboard.
template <typename Test>
int runOnAScreen(int argc, char** argv, const QTemporaryDir& home) {
    moveInto(home);
    const XServer screen(1440, 900);
    QApplication application(argc, argv);
    nameApplication();
    Attention attention;
    application.installEventFilter(&attention);
    Test test;
    return QTest::qExec(&test, argc, argv);
}

}  // namespace qd::tests
