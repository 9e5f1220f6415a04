#include "app/shell/drop_veil.h"

#include <QPainter>

#include "app/views/painting.h"

namespace qd::shell {

DropVeil::DropVeil(const Theme& theme, QWidget* window) : QWidget(window), m_theme(theme) {
    setObjectName(QStringLiteral("dropVeil"));
    // The window itself takes the drop.
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

void DropVeil::cover(bool canTake) {
    m_canTake = canTake;
    setGeometry(parentWidget()->rect());
    show();
    raise();
}

void DropVeil::paintEvent(QPaintEvent*) {
    const Palette& palette = m_theme.palette();
    const auto px = [this](qreal length) { return m_theme.px(length); };
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor shade = palette.window;
    shade.setAlphaF(0.78F);
    painter.fillRect(rect(), shade);
    const QColor colour = m_canTake ? palette.accent : palette.muted;
    painter.setPen(QPen(colour, 2, Qt::DashLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect()).adjusted(px(16), px(16), -px(16), -px(16)), px(Theme::kPanelRadius),
                            px(Theme::kPanelRadius));
    const QRectF card(width() / 2.0 - px(220), height() / 2.0 - px(74), px(440), px(148));
    painter.setPen(QPen(palette.line, 1));
    painter.setBrush(palette.panel);
    painter.drawRoundedRect(card, px(Theme::kPanelRadius), px(Theme::kPanelRadius));
    const qreal icon = px(32);
    painter.drawPixmap(QPointF(card.center().x() - icon / 2, card.top() + px(22)),
                       m_theme.pixmap(QStringLiteral("file"), colour, icon, devicePixelRatioF()));
    //: Over the window while a file is held above it.
    const QString title = m_canTake ? tr("Let go to see what it would do") : tr("Open a cluster first");
    //: Under that.
    const QString text = m_canTake ? tr("Nothing changes before you press Apply.")
                                   : tr("Manifests are applied to the cluster that is open.");
    views::paintText(painter, m_theme.fonts().heading, palette.text,
                     QRectF(card.left(), card.top() + px(66), card.width(), px(26)), Qt::AlignCenter, title);
    views::paintText(painter, m_theme.fonts().text, palette.muted,
                     QRectF(card.left(), card.top() + px(94), card.width(), px(24)), Qt::AlignCenter, text);
}

}  // namespace qd::shell
