// What every test of the window stands on: a theme with fonts that look the same on each machine, and screenshots.
#pragma once

#include <QDir>
#include <QTest>
#include <QWidget>

#include "app/shell/theme.h"

namespace qd::tests {

class Stage {
public:
    explicit Stage(shell::Scheme scheme = shell::Scheme::Light) {
        setTextScale(1);
        theme.setScheme(scheme);
        theme.applyTo(*qApp);
    }

    void setTextScale(qreal scale) {
        QFont general(QStringLiteral("Inter"));
        general.setPointSizeF(10 * scale);
        QFont fixed(QStringLiteral("DejaVu Sans Mono"));
        fixed.setPointSizeF(10 * scale);
        theme.setDesktopFont(general, fixed);
    }

    // Shows the widget and waits until it is there and nothing moves any more.
    static void show(QWidget& widget) {
        widget.show();
        QVERIFY(QTest::qWaitForWindowExposed(&widget));
        // Shortcuts belong to the active window, and without a window manager nobody makes one active.
#if QT_VERSION < QT_VERSION_CHECK(6, 5, 0)
        QApplication::setActiveWindow(widget.window());
#else
        widget.window()->activateWindow();
#endif
        QCoreApplication::processEvents();
    }

    // Saves what the widget looks like now into <build>/screenshots/<name>.png.
    static void shoot(QWidget& widget, const QString& name) {
        QDir directory(QStringLiteral(QD_SCREENSHOTS));
        QVERIFY(directory.mkpath(QStringLiteral(".")));
        QCoreApplication::processEvents();
        const QPixmap picture = widget.grab();
        QVERIFY(!picture.isNull());
        QVERIFY(picture.save(directory.filePath(name + QStringLiteral(".png"))));
    }

    static QString suffix(shell::Scheme scheme) {
        return scheme == shell::Scheme::Dark ? QStringLiteral("dark") : QStringLiteral("light");
    }

    shell::Theme theme;
};

}  // namespace qd::tests
