#include "app/shell/desktop_settings.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QPalette>

namespace qd::shell {

namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kAppearance = QStringLiteral("org.freedesktop.appearance");
const QString kColorScheme = QStringLiteral("color-scheme");
const QString kReducedMotion = QStringLiteral("reduced-motion");
const QString kGnome = QStringLiteral("org.gnome.desktop.interface");
const QString kAnimations = QStringLiteral("enable-animations");

// The portal wraps a value in one or two variants, depending on the method.
QVariant unwrapped(QVariant value) {
    while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
    return value;
}

}  // namespace

DesktopSettings::DesktopSettings(Theme& theme, QObject* parent)
    : QObject(parent),
      m_theme(theme),
      m_desktop(QApplication::palette().color(QPalette::Window).lightness() < 128 ? Scheme::Dark : Scheme::Light) {}

void DesktopSettings::follow() {
    applyScheme();
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected()) return;
    bus.connect(kService, kPath, kInterface, QStringLiteral("SettingChanged"), this,
                SLOT(onSettingChanged(QString, QString, QDBusVariant)));
    ask(kAppearance, kColorScheme);
    ask(kAppearance, kReducedMotion);
    ask(kGnome, kAnimations);
}

void DesktopSettings::setChoice(Choice choice) {
    m_choice = choice;
    applyScheme();
}

void DesktopSettings::ask(const QString& space, const QString& key) {
    QDBusMessage call = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    call << space << key;
    auto* watcher = new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, space, key](QDBusPendingCallWatcher* done) {
        const QDBusPendingReply<QDBusVariant> reply = *done;
        if (!reply.isError()) use(space, key, reply.value().variant());
        done->deleteLater();
    });
}

void DesktopSettings::onSettingChanged(const QString& space, const QString& key, const QDBusVariant& value) {
    use(space, key, value.variant());
}

void DesktopSettings::use(const QString& space, const QString& key, const QVariant& value) {
    const QVariant plain = unwrapped(value);
    if (space == kAppearance && key == kColorScheme) {
        // 0: no preference, 1: dark, 2: light.
        m_desktop = plain.toUInt() == 1 ? Scheme::Dark : Scheme::Light;
        applyScheme();
    } else if (space == kAppearance && key == kReducedMotion) {
        if (plain.toUInt() == 1) m_theme.setMotion(false);
    } else if (space == kGnome && key == kAnimations) {
        m_theme.setMotion(plain.toBool());
    }
}

void DesktopSettings::applyScheme() {
    const Scheme chosen = m_choice == Choice::Dark ? Scheme::Dark : Scheme::Light;
    m_theme.setScheme(m_choice == Choice::Desktop ? m_desktop : chosen);
}

}  // namespace qd::shell
