#include "app/shell/tray.h"

#include <QPainter>

#include "app/shell/main_window.h"
#include "app/views/painting.h"

namespace qd::shell {

Tray::Tray(const Theme& theme, actions::ActionRegistry& registry, MainWindow& window)
    : QObject(&window), m_theme(theme), m_window(window) {
    //: In the tray icon's menu.
    QAction* open = m_menu.addAction(tr("Open Quarterdeck"));
    connect(open, &QAction::triggered, this, [this] {
        m_window.show();
        m_window.raise();
        m_window.activateWindow();
    });
    if (QAction* quit = registry.find(QStringLiteral("window.quit"))) {
        m_menu.addSeparator();
        m_menu.addAction(quit);
    }
    m_icon.setContextMenu(&m_menu);
    connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger) toggleWindow();
    });
    connect(&theme, &Theme::changed, this, [this] { m_icon.setIcon(iconFor(m_state)); });
    setState(views::State::Empty, QStringLiteral("Quarterdeck"));
}

void Tray::start() {
    if (!QSystemTrayIcon::isSystemTrayAvailable()) return;
    m_icon.show();
    m_window.setStaysInTray(true);
}

void Tray::setState(views::State state, const QString& words) {
    m_state = state;
    m_icon.setIcon(iconFor(state));
    m_icon.setToolTip(words);
}

QIcon Tray::iconFor(views::State state) const {
    QIcon icon;
    for (const int size : {22, 32, 64}) {
        QPixmap pixmap = QIcon(QStringLiteral(":/icons/quarterdeck.svg")).pixmap(QSize(size, size), 1);
        if (state != views::State::Empty && !pixmap.isNull()) {
            QPainter painter(&pixmap);
            painter.setRenderHint(QPainter::Antialiasing);
            const qreal radius = size * 0.2;
            const QPointF centre(size - radius - 0.5, size - radius - 0.5);
            painter.setPen(Qt::NoPen);
            painter.setBrush(m_theme.palette().panel);
            painter.drawEllipse(centre, radius + 1, radius + 1);
            views::paintDot(painter, m_theme, centre, radius, state);
        }
        icon.addPixmap(pixmap);
    }
    return icon;
}

void Tray::toggleWindow() {
    if (m_window.isVisible() && !m_window.isMinimized()) {
        m_window.hide();
        return;
    }
    m_window.show();
    m_window.raise();
    m_window.activateWindow();
}

}  // namespace qd::shell
