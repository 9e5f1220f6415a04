// What everything on the screen is drawn with: the palette of the chosen scheme, the fonts, the grid, the length of a
// motion, and the icons in the colours of the moment.
//
// One Theme lives in each program's composition root and is handed to whatever paints. It belongs to the Qt thread.
// `changed` is emitted after any of it changed; whoever keeps something derived from it makes that anew.
#pragma once

#include <QApplication>
#include <QFont>
#include <QIcon>
#include <QObject>

#include "app/shell/palette.h"

namespace qd::shell {

// The sizes at the desktop's usual text size; they grow with it.
struct Fonts {
    QFont title;            // 24, bold
    QFont heading;          // 13.5, semibold
    QFont text;             // 13
    QFont strong;           // 13, semibold
    QFont secondary;        // 12
    QFont secondaryStrong;  // 12, semibold
    QFont small;            // 10.5, the least there is
    QFont name;             // 12.5, fixed: names of objects, addresses
    QFont nameStrong;
    QFont nameSmall;  // 10.5, fixed
};

class Theme : public QObject {
    Q_OBJECT
public:
    explicit Theme(QObject* parent = nullptr);

    const Palette& palette() const { return Palette::of(m_scheme); }
    const Fonts& fonts() const { return m_fonts; }
    Scheme scheme() const { return m_scheme; }
    void setScheme(Scheme scheme);

    // Milliseconds that a movement takes: 180, or 0 when movements are switched off.
    int motionMs() const { return m_motion ? 180 : 0; }
    bool motion() const { return m_motion; }
    void setMotion(bool on);

    // A length of the design (grid of 8 at 13 pixel text) at the reader's text size.
    qreal px(qreal designed) const { return designed * m_textScale; }
    int ipx(qreal designed) const { return qRound(px(designed)); }
    qreal textScale() const { return m_textScale; }
    // The desktop's font and size: read once at the start and again when the desktop changes it.
    void setDesktopFont(const QFont& general, const QFont& fixed);

    static constexpr qreal kPanelRadius = 10;
    static constexpr qreal kControlRadius = 8;
    static constexpr qreal kTileRadius = 7;

    // The picture resources/icons/<name>.svg, its `currentColor` replaced.
    QPixmap pixmap(const QString& name, const QColor& colour, qreal size, qreal devicePixelRatio = 1) const;
    // The same as an icon that follows the widget's mode: muted, and the accent when checked.
    QIcon icon(const QString& name) const;
    QIcon icon(const QString& name, const QColor& colour) const;

    // Gives the application its style, palette, font and style sheet, now and at every later change.
    void applyTo(QApplication& application);

signals:
    void changed();

private:
    void makeFonts();
    void refresh();

    Scheme m_scheme = Scheme::Light;
    bool m_motion = true;
    qreal m_textScale = 1;
    QFont m_general;
    QFont m_fixed;
    Fonts m_fonts;
    QApplication* m_application = nullptr;
};

// The sheet for the standard widgets, filled from the theme.
QString styleSheet(const Theme& theme);

}  // namespace qd::shell
