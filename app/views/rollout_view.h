#pragma once

#include "app/views/picture.h"
#include "app/views/rollout_model.h"
#include "app/views/tile_grid.h"

namespace qd::views {

// The roll-out of a Deployment: its budget as a bar, its revisions side by side with their Pods, and the line of all
// revisions. See rollout_model.h.
class RolloutView : public Picture {
    Q_OBJECT
public:
    explicit RolloutView(const shell::Theme& theme, QWidget* parent = nullptr);
    void setModel(RolloutModel model);
    const RolloutModel& model() const { return m_model; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    // Above so many Pods a box becomes a heat grid with counts.
    static constexpr int kHeatGridAbove = 200;

signals:
    void revisionActivated(qint64 number);

protected:
    QVector<Tile> layOut(const QSizeF& size) override;
    void paintScene(QPainter& painter) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    struct Box {
        QRectF rect;
        QRectF field;  // where its tiles stand
        TileGrid grid;
    };
    void layOutBox(const RevisionBox& revision, const Box& box, QVector<Tile>& tiles) const;
    qreal paintTrouble(QPainter* painter, const QRectF& rect) const;
    void paintBudget(QPainter& painter) const;
    void paintBox(QPainter& painter, const RevisionBox& revision, const Box& box) const;
    void paintCounts(QPainter& painter, const RevisionBox& revision, const QRectF& rect) const;
    void paintArrow(QPainter& painter, const QRectF& from, const QRectF& to) const;
    void paintHistory(QPainter& painter) const;
    QPointF historyPoint(int index) const;
    bool isHeatGrid() const;

    RolloutModel m_model;
    QRectF m_header;
    QRectF m_trouble;  // empty when nothing is wrong
    QRectF m_budget;
    QRectF m_history;
    QVector<Box> m_boxes;
};

}  // namespace qd::views
