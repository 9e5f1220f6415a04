#pragma once

#include "app/views/endpoints_model.h"
#include "app/views/picture.h"

namespace qd::views {

// A Service and the Pods behind it, by node: a solid curve to each endpoint that gets traffic, a dashed one to each
// that does not, with the reason. Above 60 endpoints a node's endpoints become a grid and share one curve.
class EndpointsView : public Picture {
    Q_OBJECT
public:
    explicit EndpointsView(const shell::Theme& theme, QWidget* parent = nullptr);
    void setModel(EndpointsModel model);
    const EndpointsModel& model() const { return m_model; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    static constexpr int kGridAbove = 60;

protected:
    QVector<Tile> layOut(const QSizeF& size) override;
    void paintScene(QPainter& painter) override;

private:
    struct Group {
        QRectF rect;
        int columns = 1;
    };
    bool isGrid() const;
    qreal groupHeight(const EndpointNode& node, int columns) const;
    void layOutList(const EndpointNode& node, const Group& group, QVector<Tile>& tiles) const;
    void layOutGrid(const EndpointNode& node, const Group& group, QVector<Tile>& tiles) const;
    void paintService(QPainter& painter) const;
    void paintGroup(QPainter& painter, const EndpointNode& node, const Group& group) const;
    void paintCurve(QPainter& painter, const QPointF& to, State state, bool serving) const;
    void paintNothing(QPainter& painter) const;

    EndpointsModel m_model;
    QRectF m_header;
    QRectF m_service;
    QVector<Group> m_groups;
};

}  // namespace qd::views
