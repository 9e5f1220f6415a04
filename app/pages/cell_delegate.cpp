#include "app/pages/cell_delegate.h"

#include <QPainter>

#include "app/models/resource_table_model.h"
#include "app/pages/table_header.h"
#include "app/views/painting.h"

namespace qd::pages {

using models::Cell;
using models::CellKind;
using models::ResourceTableModel;
using models::ResourceTableProxy;

namespace {
constexpr qreal kRow = 34;
constexpr qreal kFeedRow = 52;
constexpr qreal kTile = 14;
constexpr qreal kTileStep = 18;
}  // namespace

CellDelegate::CellDelegate(const shell::Theme& theme, QObject* parent) : QStyledItemDelegate(parent), m_theme(theme) {}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const {
    return {0, rowHeight(static_cast<CellKind>(index.data(ResourceTableModel::KindRole).toInt()))};
}

int CellDelegate::rowHeight(CellKind kind) const {
    return m_theme.ipx(kind == CellKind::Feed ? kFeedRow : kRow);
}

int CellDelegate::widthOf(CellKind kind, const QString& text, bool first) const {
    const auto& fonts = m_theme.fonts();
    const QFont& font = kind == CellKind::Name ? fonts.name : kind == CellKind::State ? fonts.strong : fonts.text;
    const qreal dot = kind == CellKind::State ? 18 : 0;
    const qreal insets =
        m_theme.px((first ? TableHeader::kFirstInset : TableHeader::kInset) + TableHeader::kInset + dot);
    return qCeil(views::textWidth(font, text) + insets);
}

void CellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const shell::Palette& palette = m_theme.palette();
    const bool dark = palette.scheme == shell::Scheme::Dark;
    painter->save();
    if (option.state & QStyle::State_Selected)
        painter->fillRect(option.rect, shell::over(palette.panel, palette.accent, dark ? 0.22 : 0.12));
    else if (index.row() == m_hovered)
        painter->fillRect(option.rect, shell::over(palette.panel, palette.text, dark ? 0.05 : 0.03));
    const qreal left = m_theme.px(index.column() == 0 ? TableHeader::kFirstInset : TableHeader::kInset);
    const QRectF rect = QRectF(option.rect).adjusted(left, 0, -m_theme.px(TableHeader::kInset), 0);
    const Cell cell = static_cast<const ResourceTableProxy*>(index.model())->cell(index);
    const auto& fonts = m_theme.fonts();
    switch (static_cast<CellKind>(index.data(ResourceTableModel::KindRole).toInt())) {
        case CellKind::State:
            paintState(*painter, rect, cell);
            break;
        case CellKind::Name:
            views::paintText(*painter, fonts.name, palette.text, rect, Qt::AlignVCenter, cell.text, Qt::ElideMiddle);
            break;
        case CellKind::Muted:
            views::paintText(*painter, fonts.text, palette.muted, rect, Qt::AlignVCenter, cell.text);
            break;
        case CellKind::Number:
            views::paintText(*painter, fonts.text, palette.text, rect, Qt::AlignVCenter | Qt::AlignRight, cell.text);
            break;
        case CellKind::Text:
            views::paintText(*painter, fonts.text, palette.text, rect, Qt::AlignVCenter, cell.text);
            break;
        case CellKind::Object:
            paintObject(*painter, rect, cell);
            break;
        case CellKind::Tiles:
            paintTiles(*painter, rect, cell);
            break;
        case CellKind::Feed:
            paintFeed(*painter, rect, cell);
            break;
    }
    painter->restore();
}

void CellDelegate::paintState(QPainter& painter, const QRectF& rect, const Cell& cell) const {
    if (cell.state == views::State::Empty) {
        views::paintText(painter, m_theme.fonts().text, m_theme.palette().muted, rect, Qt::AlignVCenter, cell.text);
        return;
    }
    const qreal radius = m_theme.px(5);
    views::paintDot(painter, m_theme, QPointF(rect.left() + radius, rect.center().y()), radius, cell.state);
    const QColor colour = colourOf(cell.state, m_theme.palette());
    views::paintText(painter, m_theme.fonts().strong, colour, rect.adjusted(2 * radius + m_theme.px(8), 0, 0, 0),
                     Qt::AlignVCenter, cell.text);
}

void CellDelegate::paintObject(QPainter& painter, const QRectF& rect, const Cell& cell) const {
    const qreal kind =
        views::paintText(painter, m_theme.fonts().text, m_theme.palette().muted, rect, Qt::AlignVCenter, cell.head);
    views::paintText(painter, m_theme.fonts().name, m_theme.palette().text,
                     rect.adjusted(kind + m_theme.px(6), 0, 0, 0), Qt::AlignVCenter, cell.text, Qt::ElideMiddle);
}

void CellDelegate::paintTiles(QPainter& painter, const QRectF& rect, const Cell& cell) const {
    const qreal step = m_theme.px(kTileStep);
    const int room = qMax(1, static_cast<int>((rect.width() + step - m_theme.px(kTile)) / step));
    const int all = static_cast<int>(cell.tiles.size());
    const int shown = all <= room ? all : qMax(1, room - 2);
    QRectF tile(rect.left(), rect.center().y() - m_theme.px(kTile) / 2, m_theme.px(kTile), m_theme.px(kTile));
    // What does not fit is said in a number; trouble is never what is left out.
    const int first = all - shown;
    for (int i = 0; i < shown; ++i) {
        views::paintTile(painter, m_theme, tile, cell.tiles[first + i], 0.25);
        tile.translate(step, 0);
    }
    if (first > 0)
        views::paintText(painter, m_theme.fonts().small, m_theme.palette().muted,
                         QRectF(tile.left(), rect.top(), 2 * step, rect.height()), Qt::AlignVCenter,
                         QStringLiteral("+%1").arg(first));
}

void CellDelegate::paintFeed(QPainter& painter, const QRectF& rect, const Cell& cell) const {
    const auto& fonts = m_theme.fonts();
    const shell::Palette& palette = m_theme.palette();
    const QRectF right = rect.adjusted(0, 0, -m_theme.px(10), 0);
    const QRectF first(right.left(), rect.top() + m_theme.px(7), right.width(), m_theme.px(18));
    const QRectF second(right.left(), first.bottom() + m_theme.px(1), right.width(), m_theme.px(18));
    const qreal when =
        views::paintText(painter, fonts.small, palette.muted, first, Qt::AlignVCenter | Qt::AlignRight, cell.tail);
    QRectF head = first.adjusted(0, 0, -when - m_theme.px(12), 0);
    const bool warning = cell.state != views::State::Empty;
    if (warning) {
        const qreal radius = m_theme.px(5);
        views::paintDot(painter, m_theme, QPointF(head.left() + radius, head.center().y()), radius, cell.state);
        head.setLeft(head.left() + 2 * radius + m_theme.px(6));
    }
    views::paintText(painter, fonts.nameSmall, palette.muted, head, Qt::AlignVCenter, cell.head, Qt::ElideMiddle);
    views::paintText(painter, fonts.text, warning ? colourOf(cell.state, palette) : palette.text, second,
                     Qt::AlignVCenter, cell.text);
}

}  // namespace qd::pages
