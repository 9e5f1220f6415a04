#include "app/views/painting.h"

#include <QFontMetricsF>
#include <QPainterPath>
#include <QTextLayout>
#include <algorithm>

namespace qd::views {

using shell::Palette;
using shell::Theme;

namespace {

QPen markPen(const QColor& colour, qreal size) {
    return {colour, qMax(1.2, size * 0.05), Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin};
}

QPen outlinePen(Outline outline, const QColor& colour, qreal size) {
    const qreal width = size < 20 ? 1.0 : 1.5;
    QPen pen(colour, width);
    if (outline == Outline::Dashed) pen.setDashPattern({2.6, 2.0});
    if (outline == Outline::Dotted) {
        pen.setDashPattern({0.1, 2.2});
        pen.setCapStyle(Qt::RoundCap);
    }
    return pen;
}

void paintMark(QPainter& painter, const QRectF& rect, Mark mark, const QColor& colour, qreal progress) {
    const qreal size = rect.width();
    const QPointF c = rect.center();
    const qreal u = size / 44;  // the marks are drawn for a tile of 44
    painter.setPen(markPen(colour, size));
    painter.setBrush(Qt::NoBrush);
    switch (mark) {
        case Mark::Tick:
            painter.drawPolyline(
                QPolygonF({c + QPointF(-6.5, 0.5) * u, c + QPointF(-2, 5) * u, c + QPointF(7, -5) * u}));
            break;
        case Mark::Cross:
            painter.drawLine(c + QPointF(-5, -5) * u, c + QPointF(5, 5) * u);
            painter.drawLine(c + QPointF(5, -5) * u, c + QPointF(-5, 5) * u);
            break;
        case Mark::Minus:
            painter.drawLine(c + QPointF(-6, 0) * u, c + QPointF(6, 0) * u);
            break;
        case Mark::Arc: {
            const QRectF circle(c.x() - 7 * u, c.y() - 7 * u, 14 * u, 14 * u);
            const int sweep = qRound(-360 * 16 * qBound(0.15, progress, 0.95));
            QColor rest = colour;
            rest.setAlphaF(0.25F);
            painter.setPen(markPen(rest, size));
            painter.drawEllipse(circle);
            painter.setPen(markPen(colour, size));
            painter.drawArc(circle, 90 * 16, sweep);
            break;
        }
        case Mark::Question: {
            QFont font = painter.font();
            font.setPixelSize(qMax(6, qRound(size * 0.36)));
            font.setWeight(QFont::DemiBold);
            painter.setFont(font);
            painter.drawText(rect, Qt::AlignCenter, QStringLiteral("?"));
            break;
        }
        case Mark::None:
            break;
    }
}

// Digits of most desktop fonts are of different widths; Qt can ask a font for tabular ones only from 6.7 on. So a text
// with digits is painted in pieces, each digit centred in the widest one's width.
class TabularText {
public:
    explicit TabularText(const QFont& font) : m_metrics(font) {
        for (QChar digit = u'0'; digit <= u'9'; digit = QChar(digit.unicode() + 1)) {
            const qreal width = m_metrics.horizontalAdvance(digit);
            m_digit = std::max(m_digit, width);
            m_even = m_even && (digit == u'0' || qAbs(width - m_metrics.horizontalAdvance(u'0')) < 0.01);
        }
    }
    bool isPlain(const QString& text) const {
        return m_even || std::none_of(text.begin(), text.end(), [](QChar c) { return isDigit(c); });
    }
    static bool isDigit(QChar c) { return c >= u'0' && c <= u'9'; }
    // Calls piece(text, width) for each run of other characters and each digit.
    template <typename Piece>
    void split(const QString& text, Piece piece) const {
        for (qsizetype i = 0; i < text.size();) {
            if (isDigit(text[i])) {
                piece(text.mid(i, 1), m_digit);
                ++i;
                continue;
            }
            qsizetype end = i;
            while (end < text.size() && !isDigit(text[end])) ++end;
            const QString run = text.mid(i, end - i);
            piece(run, m_metrics.horizontalAdvance(run));
            i = end;
        }
    }
    qreal width(const QString& text) const {
        if (isPlain(text)) return m_metrics.horizontalAdvance(text);
        qreal width = 0;
        split(text, [&width](const QString&, qreal piece) { width += piece; });
        return width;
    }
    const QFontMetricsF& metrics() const { return m_metrics; }

private:
    QFontMetricsF m_metrics;
    qreal m_digit = 0;
    bool m_even = true;
};

// Measuring ten digits for each text is most of a table's painting; fonts are few.
const TabularText& tabular(const QFont& font) {
    static thread_local QHash<QString, std::shared_ptr<TabularText>> cache;
    std::shared_ptr<TabularText>& entry = cache[font.key()];
    if (!entry) entry = std::make_shared<TabularText>(font);
    return *entry;
}

}  // namespace

void paintTile(QPainter& painter, const Theme& theme, const QRectF& rect, State state, qreal progress) {
    const Palette& palette = theme.palette();
    const StateStyle style = styleOf(state);
    const QColor colour = colourOf(state, palette);
    const qreal size = rect.width();
    const qreal radius = qMin(theme.px(Theme::kTileRadius), size * 0.18);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    if (style.fill != Fill::None) {
        painter.setBrush(style.fill == Fill::Solid ? colour : tint(palette, colour));
        painter.drawRoundedRect(rect, radius, radius);
    }
    if (style.outline != Outline::None) {
        const QPen pen = outlinePen(style.outline, colour, size);
        const qreal inset = pen.widthF() / 2;
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset);
    }
    if (size >= 12)
        paintMark(painter, rect, style.mark, style.fill == Fill::Solid ? palette.onSolid : colour, progress);
    painter.restore();
}

void paintDot(QPainter& painter, const Theme& theme, const QPointF& centre, qreal radius, State state) {
    const QColor colour = colourOf(state, theme.palette());
    const StateStyle style = styleOf(state);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    if (style.fill == Fill::Solid) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour);
        painter.drawEllipse(centre, radius, radius);
        if (state == State::Failed) {
            painter.setPen(QPen(theme.palette().onSolid, 1.4, Qt::SolidLine, Qt::RoundCap));
            const qreal arm = radius * 0.42;
            painter.drawLine(centre + QPointF(-arm, -arm), centre + QPointF(arm, arm));
            painter.drawLine(centre + QPointF(arm, -arm), centre + QPointF(-arm, arm));
        }
    } else {
        painter.setBrush(style.fill == Fill::None ? QColor(Qt::transparent) : tint(theme.palette(), colour));
        QPen pen(colour, 1.6);
        if (style.outline == Outline::Dashed) pen.setDashPattern({1.8, 1.2});
        if (style.outline == Outline::Dotted) pen.setDashPattern({0.8, 1.2});
        painter.setPen(pen);
        painter.drawEllipse(centre, radius - 0.8, radius - 0.8);
        if (style.mark == Mark::Arc) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(colour);
            painter.drawPie(QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius), 90 * 16,
                            -180 * 16);
        }
    }
    painter.restore();
}

qreal paintPill(QPainter* painter, const Theme& theme, const QPointF& topLeft, State state, const QString& text) {
    const QFont& font = theme.fonts().secondaryStrong;
    const qreal height = theme.px(22);
    const qreal width = textWidth(font, text) + theme.px(24);
    if (!painter) return width;
    const QColor colour = state == State::Empty ? theme.palette().muted : colourOf(state, theme.palette());
    const QRectF rect(topLeft, QSizeF(width, height));
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    // A hairline gives the pill its shape where the light theme's tint is faint.
    painter->setPen(QPen(shell::over(theme.palette().panel, colour, 0.32), 1));
    painter->setBrush(tint(theme.palette(), colour));
    painter->drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), height / 2, height / 2);
    paintText(*painter, font, colour, rect, Qt::AlignCenter, text);
    painter->restore();
    return width;
}

void paintRing(QPainter& painter, const Theme& theme, const QRectF& rect, qreal radius) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.palette().accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(rect.adjusted(-4, -4, 4, 4), radius + 3, radius + 3);
    painter.restore();
}

qreal paintParagraph(QPainter* painter, const QFont& font, const QColor& colour, const QRectF& rect,
                     const QString& text, int mostLines) {
    const QFontMetricsF metrics(font);
    QTextLayout layout(text, font);
    layout.beginLayout();
    qreal y = 0;
    for (int line = 1; line <= mostLines; ++line) {
        QTextLine next = layout.createLine();
        if (!next.isValid()) break;
        next.setLineWidth(rect.width());
        const bool last = line == mostLines || next.textStart() + next.textLength() >= text.size();
        if (painter) {
            const QString words = last ? metrics.elidedText(text.mid(next.textStart()), Qt::ElideRight, rect.width())
                                       : text.mid(next.textStart(), next.textLength());
            painter->setFont(font);
            painter->setPen(colour);
            painter->drawText(QPointF(rect.left(), rect.top() + y + metrics.ascent()), words);
        }
        y += metrics.height();
    }
    layout.endLayout();
    return y;
}

qreal textWidth(const QFont& font, const QString& text) {
    return tabular(font).width(text);
}

qreal paintText(QPainter& painter, const QFont& font, const QColor& colour, const QRectF& rect, Qt::Alignment alignment,
                const QString& text, Qt::TextElideMode mode) {
    const TabularText& tabularText = tabular(font);
    const QFontMetricsF& metrics = tabularText.metrics();
    QString shown = text;
    qreal width = tabularText.width(shown);
    if (width > rect.width() + 0.5) {
        shown = metrics.elidedText(text, mode, rect.width() - (width - metrics.horizontalAdvance(text)));
        width = tabularText.width(shown);
    }
    qreal x = rect.left();
    if (alignment & Qt::AlignRight) x = rect.right() - width;
    if (alignment & Qt::AlignHCenter) x = rect.center().x() - width / 2;
    qreal baseline = rect.top() + metrics.ascent();
    if (alignment & Qt::AlignVCenter) baseline = rect.center().y() + metrics.capHeight() / 2;
    if (alignment & Qt::AlignBottom) baseline = rect.bottom() - metrics.descent();
    painter.setFont(font);
    painter.setPen(colour);
    if (tabularText.isPlain(shown)) {
        painter.drawText(QPointF(x, baseline), shown);
        return width;
    }
    tabularText.split(shown, [&](const QString& piece, qreal advance) {
        const qreal inset = TabularText::isDigit(piece[0]) ? (advance - metrics.horizontalAdvance(piece)) / 2 : 0;
        painter.drawText(QPointF(x + inset, baseline), piece);
        x += advance;
    });
    return width;
}

void paintBox(QPainter& painter, const Theme& theme, const QRectF& rect, const QColor& fill, const QColor& line) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(line, 1));
    painter.setBrush(fill);
    const qreal radius = theme.px(Theme::kControlRadius);
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter.restore();
}

}  // namespace qd::views
