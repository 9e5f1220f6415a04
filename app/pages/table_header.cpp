#include "app/pages/table_header.h"

#include <QPainter>

#include "app/views/painting.h"

namespace qd::pages {

namespace {
constexpr qreal kArrow = 12;
constexpr qreal kArrowGap = 3;
}  // namespace

TableHeader::TableHeader(const shell::Theme& theme, QWidget* parent)
    : QHeaderView(Qt::Horizontal, parent), m_theme(theme) {
    setSectionsClickable(true);
    setSectionsMovable(true);
    setHighlightSections(false);
    setMinimumSectionSize(theme.ipx(24));
}

QSize TableHeader::sizeHint() const {
    return {QHeaderView::sizeHint().width(), m_theme.ipx(36)};
}

int TableHeader::widthOf(const QString& title, bool first) const {
    const qreal insets = m_theme.px((first ? kFirstInset : kInset) + kInset + kArrow + kArrowGap);
    return qCeil(views::textWidth(m_theme.fonts().secondaryStrong, title) + insets);
}

void TableHeader::paintSection(QPainter* painter, const QRect& rect, int section) const {
    const shell::Palette& palette = m_theme.palette();
    const bool sorted = isSortIndicatorShown() && sortIndicatorSection() == section;
    const QString title = model()->headerData(section, orientation()).toString();
    const auto alignment = model()->headerData(section, orientation(), Qt::TextAlignmentRole).value<Qt::Alignment>();
    const bool right = alignment.testFlag(Qt::AlignRight);
    const qreal arrow = sorted ? m_theme.px(kArrow + kArrowGap) : 0;
    QRectF words =
        QRectF(rect).adjusted(m_theme.px(visualIndex(section) == 0 ? kFirstInset : kInset), 0, -m_theme.px(kInset), 0);
    // Numbers keep their right edge under the title's: the arrow stands before it.
    const qreal width = qMin(views::textWidth(m_theme.fonts().secondaryStrong, title), words.width() - arrow);
    const QRectF text(right ? words.right() - width : words.left(), words.top(), width, words.height());
    views::paintText(*painter, m_theme.fonts().secondaryStrong, sorted ? palette.text : palette.muted, text,
                     Qt::AlignVCenter, title);
    if (!sorted) return;
    const qreal size = m_theme.px(kArrow);
    const QString icon =
        sortIndicatorOrder() == Qt::AscendingOrder ? QStringLiteral("chevron-up") : QStringLiteral("chevron-down");
    const qreal x = right ? text.left() - size - m_theme.px(kArrowGap) : text.right() + m_theme.px(kArrowGap);
    painter->drawPixmap(QPointF(x, rect.top() + (rect.height() - size) / 2.0),
                        m_theme.pixmap(icon, palette.text, size, devicePixelRatioF()));
}

void TableHeader::paintEvent(QPaintEvent* event) {
    QHeaderView::paintEvent(event);
    QPainter painter(viewport());
    painter.setPen(m_theme.palette().line);
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

}  // namespace qd::pages
