#include "app/views/nodes_view.h"

#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "app/views/painting.h"

namespace qd::views {

using shell::Theme;

namespace {
constexpr qreal kCardWidth = 300;
constexpr qreal kGap = 16;
constexpr qreal kHead = 108;        // above the tiles
constexpr qreal kWaitingHead = 68;  // the card of Pods on no node has no meters
}  // namespace

NodesView::NodesView(const Theme& theme, QWidget* parent) : Picture(theme, parent) {
    setObjectName(QStringLiteral("nodesView"));
    //: Accessible name of the picture that shows the nodes and what runs on them.
    setAccessibleName(tr("Nodes"));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void NodesView::setModel(NodesModel model) {
    if (model == m_model) return;
    m_model = std::move(model);
    refresh(true);
}

int NodesView::cards() const {
    return static_cast<int>(m_model.nodes.size()) + (m_model.unscheduled.isEmpty() ? 0 : 1);
}

const QVector<PodTile>& NodesView::podsOf(int card) const {
    return card < m_model.nodes.size() ? m_model.nodes[card].pods : m_model.unscheduled;
}

NodesView::Shelf NodesView::shelf(qreal width) const {
    const auto px = [this](qreal length) { return theme().px(length); };
    Shelf shelf{};
    shelf.columns = std::clamp(static_cast<int>((width + px(kGap)) / px(kCardWidth + kGap)), 1, std::max(1, cards()));
    // Few nodes do not become banners.
    shelf.cardWidth = std::min((width - px(kGap) * (shelf.columns - 1)) / shelf.columns, px(460));
    qsizetype most = 1;
    for (int i = 0; i < cards(); ++i) most = std::max(most, podsOf(i).size());
    shelf.tile = px(most > 120 ? 10 : most > 40 ? 16 : 24);
    shelf.step = shelf.tile + px(most > 120 ? 3 : 6);
    const int across = std::max(1, static_cast<int>((shelf.cardWidth - px(32) + px(6)) / shelf.step));
    const int rows = static_cast<int>((most + across - 1) / across);
    shelf.cardHeight = px(kHead) + rows * shelf.step + px(10);
    return shelf;
}

int NodesView::heightForWidth(int width) const {
    const Shelf layout = shelf(width);
    const int rows = (std::max(1, cards()) + layout.columns - 1) / layout.columns;
    return qCeil(rows * layout.cardHeight + (rows - 1) * theme().px(kGap));
}

QSize NodesView::sizeHint() const {
    const int width = theme().ipx(3 * kCardWidth);
    return {width, heightForWidth(width)};
}

QSize NodesView::minimumSizeHint() const {
    return {theme().ipx(kCardWidth), heightForWidth(qMax(width(), 100))};
}

QRectF NodesView::cardRect(int index, const Shelf& layout) const {
    const qreal gap = theme().px(kGap);
    return {(index % layout.columns) * (layout.cardWidth + gap), (index / layout.columns) * (layout.cardHeight + gap),
            layout.cardWidth, layout.cardHeight};
}

QVector<Tile> NodesView::layOut(const QSizeF& size) {
    const Shelf layout = shelf(size.width());
    const qreal inset = theme().px(16);
    const int across = std::max(1, static_cast<int>((layout.cardWidth - 2 * inset + theme().px(6)) / layout.step));
    QVector<Tile> tiles;
    for (int card = 0; card < cards(); ++card) {
        const QPointF origin = cardRect(card, layout).topLeft() +
                               QPointF(inset, theme().px(card < m_model.nodes.size() ? kHead : kWaitingHead));
        int index = 0;
        for (const PodTile& pod : podsOf(card)) {
            Tile tile;
            tile.id = pod.id;
            tile.state = pod.state;
            tile.progress = pod.progress;
            tile.rect = QRectF(origin + QPointF(index % across, index / across) * layout.step,
                               QSizeF(layout.tile, layout.tile));
            //: A Pod on a node's card: its name, its state, what is to be known about it.
            tile.spoken = tr("%1: %2. %3").arg(pod.name, wordFor(pod.state), pod.why);
            tiles.push_back(tile);
            ++index;
        }
    }
    return tiles;
}

void NodesView::paintScene(QPainter& painter) {
    if (cards() == 0) {
        //: In place of the node cards.
        paintText(painter, theme().fonts().text, theme().palette().muted, QRectF(rect()), Qt::AlignCenter,
                  tr("No node has registered yet. Nodes appear here as soon as their machines have started."));
        return;
    }
    const Shelf layout = shelf(width());
    for (int i = 0; i < m_model.nodes.size(); ++i) paintCard(painter, m_model.nodes[i], cardRect(i, layout));
    if (m_model.unscheduled.isEmpty()) return;
    NodeCard waiting;
    //: Title of the card with Pods that no node has taken yet.
    waiting.name = tr("On no node yet");
    waiting.state = State::Empty;
    //: Under that title.
    waiting.why = tr("%n waiting for a place", nullptr, static_cast<int>(m_model.unscheduled.size()));
    paintCard(painter, waiting, cardRect(static_cast<int>(m_model.nodes.size()), layout));
}

void NodesView::paintCard(QPainter& painter, const NodeCard& card, const QRectF& rect) const {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    const auto px = [this](qreal length) { return theme().px(length); };
    painter.setPen(QPen(palette.line, 1, card.state == State::Empty ? Qt::DashLine : Qt::SolidLine));
    painter.setBrush(palette.panel);
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), px(Theme::kPanelRadius), px(Theme::kPanelRadius));
    const QRectF inside = rect.adjusted(px(16), px(14), -px(16), -px(12));
    const QRectF first(inside.left(), inside.top(), inside.width(), px(22));
    qreal pill = 0;
    if (card.state != State::Empty) {
        //: State of a node that takes no new Pods, as kubectl cordon leaves it.
        const QString word = card.cordoned ? tr("Cordoned") : wordFor(card.state);
        const State shown = card.cordoned && card.state == State::Ready ? State::Leaving : card.state;
        pill = paintPill(nullptr, theme(), {}, shown, word);
        paintPill(&painter, theme(), first.topRight() - QPointF(pill, 0), shown, word);
    }
    paintText(painter, card.state == State::Empty ? fonts.heading : fonts.nameStrong, palette.text,
              first.adjusted(0, 0, -pill - px(8), 0), Qt::AlignVCenter, card.name, Qt::ElideMiddle);
    const QRectF second(inside.left(), first.bottom() + px(2), inside.width(), px(16));
    const bool trouble = card.state == State::Failed || card.state == State::Unknown;
    paintText(painter, fonts.secondary, trouble ? colourOf(card.state, palette) : palette.muted, second,
              Qt::AlignVCenter, card.why);
    if (card.state == State::Empty) return;
    const QRectF meter(inside.left(), second.bottom() + px(8), inside.width(), px(16));
    //: Label of the meter on a node's card.
    paintMeter(painter, meter, tr("CPU"), card.cpu, card.cpuText);
    //: Label of the meter on a node's card.
    paintMeter(painter, meter.translated(0, px(18)), tr("Memory"), card.memory, card.memoryText);
}

void NodesView::paintMeter(QPainter& painter, const QRectF& rect, const QString& label, double used,
                           const QString& text) const {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    const auto px = [this](qreal length) { return theme().px(length); };
    const qreal labelWidth = px(56);
    const qreal textRoom = px(116);
    paintText(painter, fonts.small, palette.muted, QRectF(rect.left(), rect.top(), labelWidth, rect.height()),
              Qt::AlignVCenter, label);
    paintText(painter, fonts.small, palette.text, QRectF(rect.right() - textRoom, rect.top(), textRoom, rect.height()),
              Qt::AlignVCenter | Qt::AlignRight, text);
    const QRectF bar(rect.left() + labelWidth, rect.center().y() - px(3), rect.width() - labelWidth - textRoom - px(8),
                     px(6));
    QPainterPath shape;
    shape.addRoundedRect(bar, bar.height() / 2, bar.height() / 2);
    painter.save();
    painter.setClipPath(shape);
    painter.fillRect(bar, palette.sunken);
    const QColor colour = used > 0.9 ? palette.starting : palette.accent;
    painter.fillRect(QRectF(bar.topLeft(), QSizeF(bar.width() * std::clamp(used, 0.0, 1.0), bar.height())), colour);
    painter.restore();
}

void NodesView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (tileAt(event->position())) {
        Picture::mouseDoubleClickEvent(event);
        return;
    }
    const Shelf layout = shelf(width());
    for (int i = 0; i < m_model.nodes.size(); ++i)
        if (cardRect(i, layout).contains(event->position())) emit nodeActivated(m_model.nodes[i].name);
}

}  // namespace qd::views
