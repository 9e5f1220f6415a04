// A screen of its own and a hand for it: an X server without hardware (Xvfb), and pointer and key events that go to it
// by its XTEST extension, so that they reach the window as a person's do: through the X server, with grabs, focus and
// drag and drop.
#pragma once

#include <xcb/xcb.h>

#include <QObject>
#include <QPoint>
#include <QString>
#include <memory>

class QWidget;

namespace qd::tests {

// Runs Xvfb and points DISPLAY and QT_QPA_PLATFORM at it. To be made before the QApplication; ends Xvfb with it.
class XServer {
public:
    XServer(int width, int height);
    ~XServer();
    XServer(const XServer&) = delete;
    XServer& operator=(const XServer&) = delete;

private:
    int m_pid = -1;
};

class Hand {
public:
    Hand();
    ~Hand();
    Hand(const Hand&) = delete;
    Hand& operator=(const Hand&) = delete;

    // Each returns when the X server has taken it; what the window makes of it comes by the event loop.
    void moveTo(const QPoint& screen);
    void press(int button = 1);
    void release(int button = 1);
    void click(const QPoint& screen);
    // In the middle of the widget, which must be seen there.
    void click(QWidget& widget);
    void doubleClick(const QPoint& screen);
    // One key by its X keysym, or character, with others held down.
    void key(xcb_keysym_t key, std::initializer_list<xcb_keysym_t> held = {});
    void type(const QString& text);

    static constexpr xcb_keysym_t kReturn = 0xff0d;
    static constexpr xcb_keysym_t kTab = 0xff09;
    static constexpr xcb_keysym_t kEscape = 0xff1b;
    static constexpr xcb_keysym_t kDelete = 0xffff;
    static constexpr xcb_keysym_t kDown = 0xff54;
    static constexpr xcb_keysym_t kShift = 0xffe1;
    static constexpr xcb_keysym_t kControl = 0xffe3;

private:
    struct Key {
        xcb_keycode_t code;
        bool shifted;
    };
    Key find(xcb_keysym_t keysym) const;
    void send(std::uint8_t type, std::uint8_t detail, const QPoint& at = {});

    struct Connection;
    std::unique_ptr<Connection> m_x;
};

// What a window manager does: gives the keyboard to each new window, and back to its parent after it. Xvfb has none.
class Attention : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace qd::tests
