#include "app/shell/palette.h"

#include <algorithm>
#include <cmath>

namespace qd::shell {

namespace {

const Palette& light() {
    static const Palette palette{
        .scheme = Scheme::Light,
        .window = QColor(0xF5, 0xF6, 0xF8),
        .panel = QColor(0xFF, 0xFF, 0xFF),
        .sunken = QColor(0xEC, 0xEE, 0xF2),
        .line = QColor(0xDD, 0xE1, 0xE7),
        .text = QColor(0x1B, 0x1F, 0x24),
        .muted = QColor(0x5A, 0x64, 0x72),
        .onSolid = QColor(0xFF, 0xFF, 0xFF),
        .accent = QColor(0x25, 0x63, 0xD9),
        .ready = QColor(0x1A, 0x7F, 0x4B),
        .starting = QColor(0x9A, 0x67, 0x00),
        .leaving = QColor(0x75, 0x60, 0x9E),
        .failed = QColor(0xC4, 0x30, 0x2B),
        .unknown = QColor(0x66, 0x70, 0x7D),
        .done = QColor(0x0E, 0x74, 0x90),
    };
    return palette;
}

const Palette& dark() {
    static const Palette palette{
        .scheme = Scheme::Dark,
        .window = QColor(0x14, 0x17, 0x1B),
        .panel = QColor(0x1C, 0x20, 0x26),
        .sunken = QColor(0x10, 0x13, 0x17),
        .line = QColor(0x32, 0x39, 0x43),
        .text = QColor(0xE6, 0xE9, 0xEE),
        .muted = QColor(0x9A, 0xA5, 0xB4),
        .onSolid = QColor(0x10, 0x13, 0x17),
        .accent = QColor(0x78, 0xA6, 0xFF),
        .ready = QColor(0x4C, 0xC3, 0x8A),
        .starting = QColor(0xE2, 0xB0, 0x4A),
        .leaving = QColor(0xB9, 0xA6, 0xE0),
        .failed = QColor(0xFF, 0x80, 0x79),
        .unknown = QColor(0x98, 0xA2, 0xB0),
        .done = QColor(0x55, 0xC3, 0xD3),
    };
    return palette;
}

qreal linear(qreal channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

qreal luminance(const QColor& colour) {
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

}  // namespace

const Palette& Palette::of(Scheme scheme) {
    return scheme == Scheme::Dark ? dark() : light();
}

QColor over(const QColor& surface, const QColor& colour, qreal opacity) {
    const auto mix = [opacity](int below, int above) { return qRound(below + (above - below) * opacity); };
    return {mix(surface.red(), colour.red()), mix(surface.green(), colour.green()), mix(surface.blue(), colour.blue())};
}

QColor tint(const Palette& palette, const QColor& colour) {
    // The light theme's state colours are dark enough for white, not for much more: its tint stays fainter.
    return over(palette.panel, colour, palette.scheme == Scheme::Dark ? 0.18 : 0.06);
}

qreal contrast(const QColor& a, const QColor& b) {
    const auto [darker, lighter] = std::minmax({luminance(a), luminance(b)});
    return (lighter + 0.05) / (darker + 0.05);
}

}  // namespace qd::shell
