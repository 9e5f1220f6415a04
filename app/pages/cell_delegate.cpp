#include "app/pages/cell_delegate.h"

#include <QPainter>

#include "app/models/resource_table_model.h"
#include "app/views/painting.h"

namespace qd::pages {

using models::CellKind;
using models::ResourceTableModel;

CellDelegate::CellDelegate(const shell::Theme& theme, QObject* parent) : QStyledItemDelegate(parent), m_theme(theme) {}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const {
    return {0, m_theme.ipx(34)};
}

void CellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const shell::Palette& palette = m_theme.palette();
    const bool dark = palette.scheme == shell::Scheme::Dark;
    painter->save();
    if (option.state & QStyle::State_Selected)
        painter->fillRect(option.rect, shell::over(palette.panel, palette.accent, dark ? 0.22 : 0.12));
    else if (index.row() == m_hovered)
        painter->fillRect(option.rect, shell::over(palette.panel, palette.text, dark ? 0.05 : 0.03));
    const qreal left = m_theme.px(index.column() == 0 ? 20 : 8);
    const QRectF cell = QRectF(option.rect).adjusted(left, 0, -m_theme.px(8), 0);
    const QString text = index.data().toString();
    const auto& fonts = m_theme.fonts();
    switch (static_cast<CellKind>(index.data(ResourceTableModel::KindRole).toInt())) {
        case CellKind::State:
            paintState(*painter, cell, index, text);
            break;
        case CellKind::Name:
            views::paintText(*painter, fonts.name, palette.text, cell, Qt::AlignVCenter, text, Qt::ElideMiddle);
            break;
        case CellKind::Muted:
            views::paintText(*painter, fonts.text, palette.muted, cell, Qt::AlignVCenter, text);
            break;
        case CellKind::Number:
            // The header keeps room for the sort arrow at its right.
            views::paintText(*painter, fonts.text, palette.text, cell.adjusted(0, 0, -m_theme.px(10), 0),
                             Qt::AlignVCenter | Qt::AlignRight, text);
            break;
        case CellKind::Text:
            views::paintText(*painter, fonts.text, palette.text, cell, Qt::AlignVCenter, text);
            break;
    }
    painter->restore();
}

void CellDelegate::paintState(QPainter& painter, const QRectF& cell, const QModelIndex& index,
                              const QString& text) const {
    const auto state = static_cast<views::State>(index.data(ResourceTableModel::StateRole).toInt());
    if (state == views::State::Empty) {
        views::paintText(painter, m_theme.fonts().text, m_theme.palette().muted, cell, Qt::AlignVCenter, text);
        return;
    }
    const qreal radius = m_theme.px(5);
    views::paintDot(painter, m_theme, QPointF(cell.left() + radius, cell.center().y()), radius, state);
    const QColor colour = colourOf(state, m_theme.palette());
    views::paintText(painter, m_theme.fonts().strong, colour, cell.adjusted(2 * radius + m_theme.px(8), 0, 0, 0),
                     Qt::AlignVCenter, text);
}

}  // namespace qd::pages
