#pragma once

#include <QStyledItemDelegate>

#include "app/shell/theme.h"

namespace qd::pages {

// Paints the cells of every list: names in the fixed font, states with dot and colour, numbers in a column.
class CellDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit CellDelegate(const shell::Theme& theme, QObject* parent = nullptr);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void setHoveredRow(int row) { m_hovered = row; }

private:
    void paintState(QPainter& painter, const QRectF& cell, const QModelIndex& index, const QString& text) const;
    const shell::Theme& m_theme;
    int m_hovered = -1;
};

}  // namespace qd::pages
