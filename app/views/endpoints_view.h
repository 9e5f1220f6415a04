#pragma once

#include "app/views/endpoints_model.h"
#include "app/views/picture.h"

namespace qd::views {

// A Service and the Pods behind it, by node: a solid curve to each endpoint that gets traffic, a dashed one to each
// that does not, with the reason. Rows move closer when there are many; when even that is not enough, a node's
// endpoints become a grid and share one curve.
class EndpointsView : public Picture {
    Q_OBJECT
public:
    explicit EndpointsView(const shell::Theme& theme, QWidget* parent = nullptr);
    void setModel(EndpointsModel model);
    const EndpointsModel& model() const { return m_model; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    QVector<Tile> layOut(const QSizeF& size) override;
    void paintScene(QPainter& painter) override;

private:
    struct Group {
        QRectF rect;
    };
    qreal groupHeight(const EndpointNode& node, qreal row) const;
    qreal listHeight(qreal row) const;
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
    qreal m_row = 0;      // from one endpoint of the list to the next
    bool m_grid = false;  // too many for a list
};

}  // namespace qd::views
