#pragma once

#include "app/views/nodes_model.h"
#include "app/views/picture.h"

namespace qd::views {

// A card a node: state, requests against what it has, and its Pods as tiles. A Pod that moves to another node is seen
// moving. It asks for the height that its cards need: put it into a scroll area.
class NodesView : public Picture {
    Q_OBJECT
public:
    explicit NodesView(const shell::Theme& theme, QWidget* parent = nullptr);
    void setModel(NodesModel model);
    const NodesModel& model() const { return m_model; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void nodeActivated(const QString& name);

protected:
    QVector<Tile> layOut(const QSizeF& size) override;
    void paintScene(QPainter& painter) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    struct Shelf {
        int columns;
        qreal cardWidth;
        qreal cardHeight;
        qreal tile;
        qreal step;
    };
    Shelf shelf(qreal width) const;
    int cards() const;
    const QVector<PodTile>& podsOf(int card) const;
    QRectF cardRect(int index, const Shelf& shelf) const;
    void paintCard(QPainter& painter, const NodeCard& card, const QRectF& rect) const;
    void paintMeter(QPainter& painter, const QRectF& rect, const QString& label, double used,
                    const QString& text) const;

    NodesModel m_model;
};

}  // namespace qd::views
