#include "tests/gui/x_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xtest.h>

#include <QApplication>
#include <QTest>
#include <QTimer>
#include <QWidget>
#include <array>
#include <utility>

namespace qd::tests {

XServer::XServer(int width, int height) {
    std::array<int, 2> told{};
    if (::pipe(told.data()) != 0) qFatal("no pipe");
    const QByteArray screen = QByteArray::number(width) + 'x' + QByteArray::number(height) + "x24";
    const QByteArray descriptor = QByteArray::number(told[1]);
    m_pid = ::fork();
    if (m_pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a test that crashes leaves no server behind
        ::close(told[0]);
        const int silence = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(silence, STDOUT_FILENO);
        ::dup2(silence, STDERR_FILENO);
        ::execlp("Xvfb", "Xvfb", "-displayfd", descriptor.constData(), "-screen", "0", screen.constData(), "-nolisten",
                 "tcp", nullptr);
        ::_exit(127);
    }
    ::close(told[1]);
    // The number comes when it listens, in pieces; nothing comes when it has ended.
    QByteArray number;
    for (char letter = 0; ::read(told[0], &letter, 1) == 1 && letter != '\n';) number += letter;
    ::close(told[0]);
    if (number.isEmpty()) qFatal("Xvfb does not start; install the package xvfb");
    qputenv("DISPLAY", ":" + number);
    qputenv("QT_QPA_PLATFORM", "xcb");
}

XServer::~XServer() {
    ::kill(m_pid, SIGTERM);
    ::waitpid(m_pid, nullptr, 0);
}

struct Hand::Connection {
    xcb_connection_t* line = xcb_connect(nullptr, nullptr);
    xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(line)).data->root;
    xcb_get_keyboard_mapping_reply_t* keys = nullptr;
};

Hand::Hand() : m_x(std::make_unique<Connection>()) {
    if (xcb_connection_has_error(m_x->line)) qFatal("no X server");
    const xcb_setup_t* setup = xcb_get_setup(m_x->line);
    const auto asked = xcb_get_keyboard_mapping(m_x->line, setup->min_keycode,
                                                static_cast<std::uint8_t>(setup->max_keycode - setup->min_keycode + 1));
    m_x->keys = xcb_get_keyboard_mapping_reply(m_x->line, asked, nullptr);
}

Hand::~Hand() {
    ::free(m_x->keys);
    xcb_disconnect(m_x->line);
}

void Hand::send(std::uint8_t type, std::uint8_t detail, const QPoint& at) {
    xcb_test_fake_input(m_x->line, type, detail, XCB_CURRENT_TIME, m_x->root, static_cast<std::int16_t>(at.x()),
                        static_cast<std::int16_t>(at.y()), 0);
    // An answer means that all before it has been done.
    ::free(xcb_get_input_focus_reply(m_x->line, xcb_get_input_focus(m_x->line), nullptr));
}

void Hand::moveTo(const QPoint& screen) {
    send(XCB_MOTION_NOTIFY, 0, screen);
}

void Hand::press(int button) {
    send(XCB_BUTTON_PRESS, static_cast<std::uint8_t>(button));
}

void Hand::release(int button) {
    send(XCB_BUTTON_RELEASE, static_cast<std::uint8_t>(button));
}

void Hand::click(const QPoint& screen) {
    moveTo(screen);
    press();
    release();
    QCoreApplication::processEvents();
}

void Hand::click(QWidget& widget) {
    QPoint last;
    const auto settled = [&] {
        const QPoint middle = widget.mapToGlobal(widget.rect().center());
        QWidget* at = QApplication::widgetAt(middle);
        const bool seen =
            widget.isVisible() && widget.isEnabled() && (at == &widget || (at && widget.isAncestorOf(at)));
        return seen && std::exchange(last, middle) == middle;  // a layout that was asked for is done meanwhile
    };
    QTRY_VERIFY2(settled(), qPrintable(widget.objectName() + QStringLiteral(" cannot be clicked")));
    click(last);
}

void Hand::doubleClick(const QPoint& screen) {
    click(screen);
    press();
    release();
    QCoreApplication::processEvents();
}

Hand::Key Hand::find(xcb_keysym_t keysym) const {
    const xcb_keysym_t* all = xcb_get_keyboard_mapping_keysyms(m_x->keys);
    const int count = xcb_get_keyboard_mapping_keysyms_length(m_x->keys);
    const int each = m_x->keys->keysyms_per_keycode;
    for (const int level : {0, 1})
        for (int i = 0; i + level < count; i += each)
            if (all[i + level] == keysym)
                return {static_cast<xcb_keycode_t>(xcb_get_setup(m_x->line)->min_keycode + i / each), level == 1};
    qFatal("the keyboard has no key for keysym %x", keysym);
}

void Hand::key(xcb_keysym_t keysym, std::initializer_list<xcb_keysym_t> held) {
    const Key wanted = find(keysym);
    for (const xcb_keysym_t each : held) send(XCB_KEY_PRESS, find(each).code);
    if (wanted.shifted) send(XCB_KEY_PRESS, find(kShift).code);
    send(XCB_KEY_PRESS, wanted.code);
    send(XCB_KEY_RELEASE, wanted.code);
    if (wanted.shifted) send(XCB_KEY_RELEASE, find(kShift).code);
    for (const xcb_keysym_t each : held) send(XCB_KEY_RELEASE, find(each).code);
    QCoreApplication::processEvents();
}

void Hand::type(const QString& text) {
    for (const QChar letter : text) key(letter.unicode());
}

bool Attention::eventFilter(QObject* watched, QEvent* event) {
    auto* widget = qobject_cast<QWidget*>(watched);
    const bool shown = event->type() == QEvent::Show;
    const bool hidden = event->type() == QEvent::Hide;
    if (widget && (shown || hidden) && widget->isWindow() && widget->windowType() != Qt::Popup &&
        widget->windowType() != Qt::ToolTip) {
        QWidget* next = shown ? widget : widget->parentWidget();
        if (next)
            QTimer::singleShot(0, next, [next] {
                next->window()->raise();
                next->window()->activateWindow();
            });
    }
    return QObject::eventFilter(watched, event);
}

}  // namespace qd::tests
