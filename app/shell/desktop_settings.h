// What the desktop says about light or dark and about motion: the settings portal of freedesktop
// (https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html), asked once and then
// followed by its signal. Without a portal the lightness of the desktop's own palette decides.
#pragma once

#include <QDBusVariant>
#include <QObject>

#include "app/shell/theme.h"

namespace qd::shell {

class DesktopSettings : public QObject {
    Q_OBJECT
public:
    // What the reader chose in Quarterdeck itself.
    enum class Choice { Desktop, Light, Dark };

    explicit DesktopSettings(Theme& theme, QObject* parent = nullptr);
    // Asks the desktop. The answers come later, on the event loop.
    void follow();
    Choice choice() const { return m_choice; }
    void setChoice(Choice choice);

private slots:
    void onSettingChanged(const QString& space, const QString& key, const QDBusVariant& value);

private:
    void ask(const QString& space, const QString& key);
    void use(const QString& space, const QString& key, const QVariant& value);
    void applyScheme();

    Theme& m_theme;
    Choice m_choice = Choice::Desktop;
    Scheme m_desktop;
};

}  // namespace qd::shell
