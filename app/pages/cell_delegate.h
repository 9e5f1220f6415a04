#pragma once

#include <QStyledItemDelegate>

#include "app/models/resource_table_model.h"
#include "app/shell/theme.h"

namespace qd::pages {

// Paints the cells of every list: names in the fixed font, states with dot and colour, numbers in a column. The views
// that it paints for stand over a ResourceTableProxy.
class CellDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit CellDelegate(const shell::Theme& theme, QObject* parent = nullptr);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void setHoveredRow(int row) { m_hovered = row; }
    int hoveredRow() const { return m_hovered; }
    int rowHeight(models::CellKind kind) const;
    // What a column needs to show this text whole.
    int widthOf(models::CellKind kind, const QString& text, bool first) const;

private:
    void paintState(QPainter& painter, const QRectF& rect, const models::Cell& cell) const;
    void paintObject(QPainter& painter, const QRectF& rect, const models::Cell& cell) const;
    void paintTiles(QPainter& painter, const QRectF& rect, const models::Cell& cell) const;
    void paintFeed(QPainter& painter, const QRectF& rect, const models::Cell& cell) const;
    const shell::Theme& m_theme;
    int m_hovered = -1;
};

}  // namespace qd::pages
