#pragma once

#include <QMenu>
#include <QObject>
#include <QSystemTrayIcon>

#include "app/actions/action_registry.h"
#include "app/shell/theme.h"
#include "app/views/state.h"

namespace qd::shell {

class MainWindow;

// The icon that stays when the window is closed: its dot says the cluster's state, its menu opens and quits.
class Tray : public QObject {
    Q_OBJECT
public:
    Tray(const Theme& theme, actions::ActionRegistry& registry, MainWindow& window);
    // Shows the icon when the desktop has a tray, and lets the window close into it.
    void start();
    void setState(views::State state, const QString& words);

private:
    QIcon iconFor(views::State state) const;
    void toggleWindow();

    const Theme& m_theme;
    MainWindow& m_window;
    QMenu m_menu;
    QSystemTrayIcon m_icon;
    views::State m_state = views::State::Empty;
};

}  // namespace qd::shell
