#include "app/pages/why_tab.h"

#include <QPainter>

#include "app/views/painting.h"

namespace qd::pages {

StoryView::StoryView(const shell::Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setObjectName(QStringLiteral("storyView"));
    //: Accessible name of the line of steps that led to an object's state.
    setAccessibleName(tr("Why"));
    connect(&theme, &shell::Theme::changed, this, [this] { setMinimumHeight(heightForWidth(width())); });
}

void StoryView::setStory(QVector<models::StoryStep> story) {
    if (story == m_story) return;
    m_story = std::move(story);
    QStringList lines;
    for (const models::StoryStep& step : std::as_const(m_story))
        lines << QStringLiteral("%1 %2. %3").arg(step.who, step.what, step.when);
    setAccessibleDescription(lines.join(u'\n'));
    setMinimumHeight(heightForWidth(width()));
    update();
}

int StoryView::heightForWidth(int width) const {
    return qCeil(layOutAndPaint(nullptr, width));
}

void StoryView::resizeEvent(QResizeEvent*) {
    setMinimumHeight(heightForWidth(width()));
}

void StoryView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    layOutAndPaint(&painter, width());
}

qreal StoryView::whatHeight(const QString& text, qreal width) const {
    return QFontMetricsF(m_theme.fonts().secondary)
        .boundingRect(QRectF(0, 0, width, 1000), Qt::TextWordWrap, text)
        .height();
}

qreal StoryView::layOutAndPaint(QPainter* painter, qreal width) const {
    const auto px = [this](qreal length) { return m_theme.px(length); };
    const auto& fonts = m_theme.fonts();
    const auto& palette = m_theme.palette();
    const qreal left = px(34);
    const qreal wide = qMax(px(60), width - left - px(16));
    qreal y = px(14);
    QPointF before;
    for (qsizetype i = 0; i < m_story.size(); ++i) {
        const models::StoryStep& step = m_story[i];
        const qreal what = whatHeight(step.what, wide);
        const qreal height = px(18) + what + (step.when.isEmpty() ? 0 : px(16)) + px(12);
        const QPointF circle(px(20), y + px(9));
        if (painter) {
            if (i > 0) {
                painter->setPen(QPen(palette.line, 1.6));
                painter->drawLine(before + QPointF(0, px(5.5)), circle - QPointF(0, px(5.5)));
            }
            const QColor colour = step.yours                          ? palette.accent
                                  : step.state == views::State::Empty ? palette.muted
                                                                      : colourOf(step.state, palette);
            painter->setPen(QPen(colour, 1.8));
            painter->setBrush(step.state == views::State::Empty ? palette.panel : tint(palette, colour));
            painter->drawEllipse(circle, px(5), px(5));
            views::paintText(*painter, fonts.strong, palette.text, QRectF(left, y, wide, px(18)), Qt::AlignVCenter,
                             step.who);
            painter->setFont(fonts.secondary);
            painter->setPen(step.state == views::State::Empty ? palette.text : colour);
            painter->drawText(QRectF(left, y + px(18), wide, what + 1), Qt::TextWordWrap, step.what);
            views::paintText(*painter, fonts.small, palette.muted, QRectF(left, y + px(18) + what, wide, px(16)),
                             Qt::AlignVCenter, step.when);
        }
        before = circle;
        y += height;
    }
    return y;
}

}  // namespace qd::pages
