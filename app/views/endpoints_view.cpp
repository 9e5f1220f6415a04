#include "app/views/endpoints_view.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "app/views/painting.h"
#include "app/views/tile_grid.h"

namespace qd::views {

using shell::Theme;

namespace {
constexpr qreal kRow = 46;      // of two lines: address, and Pod or reason
constexpr qreal kOneLine = 38;  // rows below this have both in one line
constexpr qreal kDensest = 25;
constexpr qreal kHead = 34;
}  // namespace

EndpointsView::EndpointsView(const Theme& theme, QWidget* parent) : Picture(theme, parent) {
    setObjectName(QStringLiteral("endpointsView"));
    //: Accessible name of the picture that shows a Service and the Pods behind it.
    setAccessibleName(tr("Endpoints"));
}

void EndpointsView::setModel(EndpointsModel model) {
    if (model == m_model) return;
    const bool same = model.service == m_model.service;
    m_model = std::move(model);
    setAccessibleDescription(m_model.headline);
    refresh(same);
}

QSize EndpointsView::sizeHint() const {
    return {theme().ipx(640), theme().ipx(420)};
}

QSize EndpointsView::minimumSizeHint() const {
    return {theme().ipx(420), theme().ipx(260)};
}

qreal EndpointsView::groupHeight(const EndpointNode& node, qreal row) const {
    return theme().px(kHead + row * static_cast<qreal>(node.endpoints.size()) + 8);
}

qreal EndpointsView::listHeight(qreal row) const {
    qreal height = theme().px(12) * static_cast<qreal>(qMax<qsizetype>(0, m_model.nodes.size() - 1));
    for (const EndpointNode& node : m_model.nodes) height += groupHeight(node, row);
    return height;
}

QVector<Tile> EndpointsView::layOut(const QSizeF& size) {
    const auto px = [this](qreal length) { return theme().px(length); };
    const QRectF inside = QRectF(QPointF(0, 0), size).adjusted(px(20), px(14), -px(20), -px(16));
    m_header = QRectF(inside.left(), inside.top(), inside.width(), px(20));
    const QRectF field(inside.left(), m_header.bottom() + px(18), inside.width(),
                       inside.bottom() - m_header.bottom() - px(18));
    const qreal groupsWidth = std::clamp(field.width() * 0.46, px(220), px(460));
    const QRectF groups(field.right() - groupsWidth, field.top(), groupsWidth, field.height());

    m_row = kRow;
    while (m_row > kDensest && listHeight(m_row) > groups.height()) m_row -= 1;
    m_grid = listHeight(m_row) > groups.height() + 1;
    const qreal gridHeight = (groups.height() + px(12)) / qMax<qsizetype>(1, m_model.nodes.size()) - px(12);
    const qreal height = m_grid ? groups.height() : listHeight(m_row);

    QVector<Tile> tiles;
    m_groups.clear();
    qreal y = groups.top() + qMax(0.0, (groups.height() - height) / 2);
    for (const EndpointNode& node : m_model.nodes) {
        Group group{QRectF(groups.left(), y, groups.width(), m_grid ? gridHeight : groupHeight(node, m_row))};
        if (m_grid)
            layOutGrid(node, group, tiles);
        else
            layOutList(node, group, tiles);
        y = group.rect.bottom() + px(12);
        m_groups.push_back(group);
    }
    const QSizeF service(qMin(px(170), field.width() * 0.3), px(64));
    m_service = QRectF(QPointF(field.left() + px(4), field.center().y() - service.height() / 2), service);
    return tiles;
}

void EndpointsView::layOutList(const EndpointNode& node, const Group& group, QVector<Tile>& tiles) const {
    const auto px = [this](qreal length) { return theme().px(length); };
    const qreal size = qMin(30.0, m_row - 6);
    for (int i = 0; i < node.endpoints.size(); ++i) {
        const EndpointTile& endpoint = node.endpoints[i];
        Tile tile;
        tile.id = endpoint.id;
        tile.state = endpoint.state;
        tile.progress = endpoint.progress;
        tile.rect = QRectF(group.rect.left() + px(14), group.rect.top() + px(kHead + m_row * i), px(size), px(size));
        //: An endpoint of a Service: address, Pod, and whether it gets traffic or why not.
        tile.spoken = tr("%1, %2: %3").arg(endpoint.address, endpoint.pod, endpoint.why);
        tiles.push_back(tile);
    }
}

void EndpointsView::layOutGrid(const EndpointNode& node, const Group& group, QVector<Tile>& tiles) const {
    const auto px = [this](qreal length) { return theme().px(length); };
    const QRectF field = group.rect.adjusted(px(14), px(kHead), -px(14), -px(10));
    const TileGrid grid =
        fitTiles(static_cast<int>(node.endpoints.size()) + 1, field.width(), field.height(), theme().px(0.6));
    for (int i = 0; i < node.endpoints.size(); ++i) {
        const EndpointTile& endpoint = node.endpoints[i];
        Tile tile;
        tile.id = endpoint.id;
        tile.state = endpoint.state;
        tile.progress = endpoint.progress;
        tile.rect = grid.cell(i).translated(field.topLeft());
        if (tile.rect.bottom() > field.bottom() + 1) break;
        tile.spoken = tr("%1, %2: %3").arg(endpoint.address, endpoint.pod, endpoint.why);
        tiles.push_back(tile);
    }
}

void EndpointsView::paintScene(QPainter& painter) {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    //: Heading of the picture: the Service's name.
    const qreal width = paintText(painter, fonts.heading, palette.text, m_header, Qt::AlignVCenter,
                                  tr("Service %1").arg(m_model.service));
    const QRectF rest = m_header.adjusted(width + theme().px(16), 0, 0, 0);
    const qreal headline = textWidth(fonts.secondary, m_model.headline);
    paintText(painter, fonts.secondary, palette.muted, rest, Qt::AlignVCenter | Qt::AlignRight, m_model.headline);
    paintText(painter, fonts.name, palette.muted, rest.adjusted(0, 0, -headline - theme().px(12), 0), Qt::AlignVCenter,
              m_model.address);
    if (m_model.nodes.isEmpty()) paintNothing(painter);
    // Curves to those that get nothing lie under the others.
    for (const bool serving : {false, true}) {
        for (int n = 0; n < m_groups.size(); ++n) {
            const EndpointNode& node = m_model.nodes[n];
            if (m_grid) {
                const auto count = std::count_if(node.endpoints.begin(), node.endpoints.end(),
                                                 [](const EndpointTile& endpoint) { return endpoint.serving; });
                if (serving == (count > 0))
                    paintCurve(painter, QPointF(m_groups[n].rect.left(), m_groups[n].rect.center().y()),
                               serving ? State::Ready : State::Unknown, serving);
                continue;
            }
            for (const EndpointTile& endpoint : node.endpoints) {
                const Tile* found = tile(endpoint.id);
                if (!found || endpoint.serving != serving) continue;
                const QRectF at = shownRect(*found);
                const bool firstColumn = at.left() < m_groups[n].rect.left() + theme().px(20);
                paintCurve(painter,
                           firstColumn ? QPointF(m_groups[n].rect.left(), at.center().y())
                                       : QPointF(m_groups[n].rect.left(), at.center().y() + theme().px(4)),
                           endpoint.state, serving);
            }
        }
    }
    for (int n = 0; n < m_groups.size(); ++n) paintGroup(painter, m_model.nodes[n], m_groups[n]);
    paintService(painter);
}

void EndpointsView::paintService(QPainter& painter) const {
    const auto& palette = theme().palette();
    const QColor fill = shell::over(palette.panel, palette.accent, palette.scheme == shell::Scheme::Dark ? 0.16 : 0.1);
    views::paintBox(painter, theme(), m_service, fill, palette.accent);
    const QRectF inside = m_service.adjusted(theme().px(10), theme().px(12), -theme().px(10), -theme().px(11));
    paintText(painter, theme().fonts().heading, palette.accent, inside, Qt::AlignHCenter | Qt::AlignTop,
              m_model.service);
    paintText(painter, theme().fonts().small, palette.muted, inside, Qt::AlignHCenter | Qt::AlignBottom,
              m_model.policy);
}

void EndpointsView::paintGroup(QPainter& painter, const EndpointNode& node, const Group& group) const {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    const auto px = [this](qreal length) { return theme().px(length); };
    views::paintBox(painter, theme(), group.rect, shell::over(palette.panel, palette.sunken, 0.55), palette.line);
    const QRectF head(group.rect.left() + px(14), group.rect.top() + px(8), group.rect.width() - px(28), px(18));
    //: In place of a node's name: endpoints whose Pod runs nowhere.
    const QString name = node.name.isEmpty() ? tr("on no node") : node.name;
    const auto serving = std::count_if(node.endpoints.begin(), node.endpoints.end(),
                                       [](const EndpointTile& endpoint) { return endpoint.serving; });
    //: Beside a node's name: how many of its endpoints get traffic.
    const QString count = tr("%1 of %2").arg(serving).arg(node.endpoints.size());
    paintText(painter, fonts.small, palette.muted, head, Qt::AlignVCenter | Qt::AlignRight, count);
    paintText(painter, fonts.name, palette.muted, head.adjusted(0, 0, -textWidth(fonts.small, count) - px(8), 0),
              Qt::AlignVCenter, name);
    if (m_grid) return;
    for (const EndpointTile& endpoint : node.endpoints) {
        const Tile* found = tile(endpoint.id);
        if (!found) continue;
        const QRectF at = shownRect(*found);
        const QRectF words(at.right() + px(12), at.top() - px(2), group.rect.right() - at.right() - px(24),
                           at.height() + px(4));
        const QColor colour = endpoint.serving ? palette.muted : colourOf(endpoint.state, palette);
        if (m_row < kOneLine) {
            const qreal used = paintText(painter, fonts.name, palette.text, words, Qt::AlignVCenter, endpoint.address);
            const qreal column = qMax(used, textWidth(fonts.name, QStringLiteral("10.244.100.10"))) + px(12);
            paintText(painter, fonts.small, colour, words.adjusted(column, 0, 0, 0), Qt::AlignVCenter, endpoint.why);
            continue;
        }
        paintText(painter, fonts.name, palette.text, words, Qt::AlignTop, endpoint.address);
        paintText(painter, fonts.small, colour, words, Qt::AlignBottom, endpoint.why);
    }
}

void EndpointsView::paintCurve(QPainter& painter, const QPointF& to, State state, bool serving) const {
    const QPointF from(m_service.right(), m_service.center().y());
    const qreal bend = (to.x() - from.x()) * 0.55;
    QPainterPath path(from);
    path.cubicTo(from + QPointF(bend, 0), to - QPointF(bend, 0), to);
    QPen pen(colourOf(state, theme().palette()), serving ? 2.2 : 1.4, Qt::SolidLine, Qt::RoundCap);
    if (!serving) pen.setDashPattern({3.5, 3});
    painter.setBrush(Qt::NoBrush);
    painter.setPen(pen);
    painter.drawPath(path);
}

void EndpointsView::paintNothing(QPainter& painter) const {
    const QRectF words(m_service.right() + theme().px(32), m_service.top(),
                       width() - m_service.right() - theme().px(52), m_service.height());
    painter.setFont(theme().fonts().text);
    painter.setPen(theme().palette().muted);
    painter.drawText(words, Qt::AlignVCenter | Qt::TextWordWrap, m_model.nothing);
}

}  // namespace qd::views
