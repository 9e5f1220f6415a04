#include "app/shell/theme.h"

#include <QFile>
#include <QFontDatabase>
#include <QFontInfo>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QStyleFactory>
#include <QSvgRenderer>

// A resource of a static library is linked only when somebody names it, outside of any namespace.
static void loadIcons() {
    Q_INIT_RESOURCE(icons);
}

namespace qd::shell {

namespace {

// Ten points, the size that desktops start from, are 13.33 pixels; the design calls that 13.
constexpr qreal kUsualPoints = 10;
constexpr qreal kDesignedText = 13;

QFont sized(QFont font, qreal points, QFont::Weight weight = QFont::Normal) {
    font.setPointSizeF(points);
    font.setWeight(weight);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

QPalette qtPalette(const Palette& colours) {
    QPalette palette;
    palette.setColor(QPalette::Window, colours.window);
    palette.setColor(QPalette::WindowText, colours.text);
    palette.setColor(QPalette::Base, colours.panel);
    palette.setColor(QPalette::AlternateBase, colours.sunken);
    palette.setColor(QPalette::Text, colours.text);
    palette.setColor(QPalette::Button, colours.panel);
    palette.setColor(QPalette::ButtonText, colours.text);
    palette.setColor(QPalette::BrightText, colours.failed);
    palette.setColor(QPalette::ToolTipBase, colours.panel);
    palette.setColor(QPalette::ToolTipText, colours.text);
    palette.setColor(QPalette::PlaceholderText, colours.muted);
    palette.setColor(QPalette::Highlight, colours.accent);
    palette.setColor(QPalette::HighlightedText, colours.onSolid);
    palette.setColor(QPalette::Link, colours.accent);
    palette.setColor(QPalette::LinkVisited, colours.accent);
    palette.setColor(QPalette::Light, colours.panel);
    palette.setColor(QPalette::Midlight, colours.line);
    palette.setColor(QPalette::Mid, colours.line);
    palette.setColor(QPalette::Dark, colours.muted);
    palette.setColor(QPalette::Shadow, colours.sunken);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, over(colours.panel, colours.muted, 0.6));
    return palette;
}

}  // namespace

Theme::Theme(QObject* parent)
    : QObject(parent),
      m_general(QFontDatabase::systemFont(QFontDatabase::GeneralFont)),
      m_fixed(QFontDatabase::systemFont(QFontDatabase::FixedFont)) {
    loadIcons();
    makeFonts();
}

void Theme::setScheme(Scheme scheme) {
    if (scheme == m_scheme) return;
    m_scheme = scheme;
    refresh();
}

void Theme::setMotion(bool on) {
    if (on == m_motion) return;
    m_motion = on;
    emit changed();
}

void Theme::setDesktopFont(const QFont& general, const QFont& fixed) {
    m_general = general;
    m_fixed = fixed;
    makeFonts();
    refresh();
}

void Theme::makeFonts() {
    const qreal points = QFontInfo(m_general).pointSizeF() > 0 ? QFontInfo(m_general).pointSizeF() : kUsualPoints;
    m_textScale = qBound(0.75, points / kUsualPoints, 3.0);
    const qreal unit = points / kDesignedText;  // points for one pixel of the design
    m_fonts = Fonts{
        .title = sized(m_general, 24 * unit, QFont::Bold),
        .heading = sized(m_general, 13.5 * unit, QFont::DemiBold),
        .text = sized(m_general, 13 * unit),
        .strong = sized(m_general, 13 * unit, QFont::DemiBold),
        .secondary = sized(m_general, 12 * unit),
        .secondaryStrong = sized(m_general, 12 * unit, QFont::DemiBold),
        .small = sized(m_general, 10.5 * unit),
        .name = sized(m_fixed, 12.5 * unit),
        .nameStrong = sized(m_fixed, 12.5 * unit, QFont::Bold),
        .nameSmall = sized(m_fixed, 10.5 * unit),
    };
}

QPixmap Theme::pixmap(const QString& name, const QColor& colour, qreal size, qreal devicePixelRatio) const {
    const QString key = QStringLiteral("qd/%1/%2/%3/%4").arg(name, colour.name()).arg(size).arg(devicePixelRatio);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap)) return pixmap;
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", colour.name().toLatin1());
    QSvgRenderer renderer(svg);
    pixmap = QPixmap(QSize(qRound(size * devicePixelRatio), qRound(size * devicePixelRatio)));
    pixmap.setDevicePixelRatio(devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter, QRectF(0, 0, size, size));
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QIcon Theme::icon(const QString& name) const {
    QIcon icon;
    for (const qreal ratio : {1.0, 2.0}) {
        icon.addPixmap(pixmap(name, palette().muted, px(18), ratio));
        icon.addPixmap(pixmap(name, palette().accent, px(18), ratio), QIcon::Normal, QIcon::On);
        icon.addPixmap(pixmap(name, palette().line, px(18), ratio), QIcon::Disabled);
    }
    return icon;
}

QIcon Theme::icon(const QString& name, const QColor& colour) const {
    QIcon icon;
    for (const qreal ratio : {1.0, 2.0}) icon.addPixmap(pixmap(name, colour, px(18), ratio));
    return icon;
}

void Theme::applyTo(QApplication& application) {
    m_application = &application;
    application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    refresh();
}

void Theme::refresh() {
    if (m_application) {
        m_application->setPalette(qtPalette(palette()));
        m_application->setFont(m_fonts.text);
        m_application->setStyleSheet(styleSheet(*this));
    }
    emit changed();
}

}  // namespace qd::shell
