#pragma once

#include <QFrame>
#include <QLabel>
#include <QTimer>

#include "app/shell/theme.h"

namespace qd::shell {

// What happened just now, at the bottom of the window: it goes by itself after some seconds, or when clicked.
class Notice : public QFrame {
    Q_OBJECT
public:
    Notice(const Theme& theme, QWidget* window);
    void say(const QString& text, bool failed);
    void place();

protected:
    void mousePressEvent(QMouseEvent* event) override;

private:
    const Theme& m_theme;
    QLabel* m_icon;
    QLabel* m_text;
    QTimer m_timer;
};

}  // namespace qd::shell
