#include "app/views/rollout_view.h"

#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <array>

#include "app/views/painting.h"

namespace qd::views {

using shell::Theme;

RolloutView::RolloutView(const Theme& theme, QWidget* parent) : Picture(theme, parent) {
    setObjectName(QStringLiteral("rolloutView"));
    //: Accessible name of the picture that shows a Deployment's roll-out.
    setAccessibleName(tr("Roll-out"));
}

void RolloutView::setModel(RolloutModel model) {
    if (model == m_model) return;
    const bool same = model.deployment == m_model.deployment;
    m_model = std::move(model);
    setAccessibleDescription(m_model.trouble.isEmpty() ? m_model.headline : m_model.trouble + u' ' + m_model.remedy);
    refresh(same);
}

QSize RolloutView::sizeHint() const {
    return {theme().ipx(760), theme().ipx(480)};
}
QSize RolloutView::minimumSizeHint() const {
    return {theme().ipx(420), theme().ipx(300)};
}

bool RolloutView::isHeatGrid() const {
    qsizetype pods = 0;
    for (const RevisionBox& box : m_model.boxes) pods += box.pods.size();
    return pods > kHeatGridAbove;
}

QVector<Tile> RolloutView::layOut(const QSizeF& size) {
    const auto px = [this](qreal length) { return theme().px(length); };
    const QRectF inside = QRectF(QPointF(0, 0), size).adjusted(px(20), px(14), -px(20), -px(12));
    m_header = QRectF(inside.left(), inside.top(), inside.width(), px(20));
    m_trouble = QRectF(inside.left(), m_header.bottom() + px(10), inside.width(), 0);
    if (!m_model.trouble.isEmpty()) m_trouble.setHeight(paintTrouble(nullptr, m_trouble));
    m_budget =
        QRectF(inside.left(), m_trouble.bottom() + px(m_model.trouble.isEmpty() ? 0 : 12), inside.width(), px(40));
    m_history = QRectF(inside.left(), inside.bottom() - px(44), inside.width(), px(44));
    const bool hasHistory = m_model.history.size() > 1;
    const qreal bottom = hasHistory ? m_history.top() - px(8) : inside.bottom() - px(6);
    QRectF boxes(inside.left(), m_budget.bottom() + px(14), inside.width(), 0);
    boxes.setBottom(bottom);

    QVector<Tile> tiles;
    m_boxes.clear();
    const int count = static_cast<int>(m_model.boxes.size());
    const qreal gap = px(24);
    for (int i = 0; i < count; ++i) {
        const RevisionBox& revision = m_model.boxes[i];
        const qreal width = (boxes.width() - gap * (count - 1)) / count;
        Box box;
        box.rect = QRectF(boxes.left() + i * (width + gap), boxes.top(), width, boxes.height());
        const qreal top = isHeatGrid() ? px(92) : px(68);
        box.field = box.rect.adjusted(px(14), top, -px(14), -px(revision.note.isEmpty() ? 12 : 38));
        const int places = isHeatGrid() ? 0 : m_model.places;
        box.grid = fitTiles(std::max(static_cast<int>(revision.pods.size()), places), box.field.width(),
                            box.field.height(), theme().px(1));
        if (isHeatGrid()) box.grid.labels = false;
        layOutBox(revision, box, tiles);
        m_boxes.push_back(box);
    }
    return tiles;
}

void RolloutView::layOutBox(const RevisionBox& revision, const Box& box, QVector<Tile>& tiles) const {
    int index = 0;
    const QRectF rect = box.field;
    for (const PodTile& pod : revision.pods) {
        Tile tile;
        tile.id = pod.id;
        tile.rect = box.grid.cell(index++).translated(rect.topLeft());
        if (tile.rect.bottom() > rect.bottom() + 1) break;  // the counts above say how many there are
        tile.state = pod.state;
        tile.progress = pod.progress;
        if (box.grid.labels) tile.label = pod.shortName;
        //: A Pod in the roll-out picture: its name, its state, what is to be known about it.
        tile.spoken = tr("%1: %2. %3").arg(pod.name, wordFor(pod.state), pod.why);
        tiles.push_back(tile);
    }
    if (isHeatGrid()) return;
    for (; index < m_model.places; ++index) {
        Tile place;
        place.id = QStringLiteral("place/%1/%2").arg(revision.replicaSet).arg(index);
        place.rect = box.grid.cell(index).translated(rect.topLeft());
        if (place.rect.bottom() > rect.bottom() + 1) break;
        place.pressable = false;
        tiles.push_back(place);
    }
}

void RolloutView::paintScene(QPainter& painter) {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    //: Heading of the picture.
    const QString heading = tr("Roll-out");
    const qreal width = paintText(painter, fonts.heading, palette.text, m_header, Qt::AlignVCenter, heading);
    const QRectF rest = m_header.adjusted(width + theme().px(16), 0, 0, 0);
    paintText(painter, fonts.secondary, palette.muted, rest, Qt::AlignVCenter, m_model.began);
    if (!m_model.waitingFor.isEmpty() && rest.width() > theme().px(420))
        paintText(painter, fonts.secondaryStrong, palette.starting, rest, Qt::AlignVCenter | Qt::AlignRight,
                  m_model.waitingFor);
    if (!m_model.trouble.isEmpty()) paintTrouble(&painter, m_trouble);
    paintBudget(painter);
    for (int i = 0; i < m_boxes.size(); ++i) {
        paintBox(painter, m_model.boxes[i], m_boxes[i]);
        if (i > 0) paintArrow(painter, m_boxes[i - 1].rect, m_boxes[i].rect);
    }
    if (m_model.history.size() > 1) paintHistory(painter);
}

// What is wrong, and what can be done, in a box of its own. Returns its height; with a null painter it only measures.
qreal RolloutView::paintTrouble(QPainter* painter, const QRectF& rect) const {
    const auto px = [this](qreal length) { return theme().px(length); };
    const auto& palette = theme().palette();
    const QColor colour = colourOf(m_model.state, palette);
    if (painter) views::paintBox(*painter, theme(), rect, shell::over(palette.panel, colour, 0.08), colour);
    QRectF words = rect.adjusted(px(16), px(10), -px(16), 0);
    words.translate(0, paintParagraph(painter, theme().fonts().strong, colour, words, m_model.trouble, 2) + px(3));
    qreal height = words.top() - rect.top();
    if (!m_model.remedy.isEmpty())
        height += paintParagraph(painter, theme().fonts().secondary, palette.text, words, m_model.remedy, 2);
    return height + px(10);
}

// Example: wants 10, at least 8 available, at most 13; 9 are available and 11 run. The bar is 13 long: 9 solid, 2
// tinted in the colour of starting, marks at 8 and 13.
void RolloutView::paintBudget(QPainter& painter) const {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    const auto px = [this](qreal length) { return theme().px(length); };
    //: Before the bar that counts the Pods of a roll-out.
    const QString label = tr("Pods");
    const qreal left = m_budget.left() + textWidth(fonts.secondary, label) + px(16);
    const QRectF bar(left, m_budget.top() + px(4), m_budget.right() - left, px(14));
    paintText(painter, fonts.secondary, palette.muted, QRectF(m_budget.left(), bar.top(), left, bar.height()),
              Qt::AlignVCenter, label);

    const int length = std::max({m_model.maxTotal, m_model.total, 1});
    const auto at = [&](int pods) { return bar.left() + bar.width() * pods / length; };
    QPainterPath shape;
    shape.addRoundedRect(bar, bar.height() / 2, bar.height() / 2);
    painter.save();
    painter.setClipPath(shape);
    painter.fillRect(bar, palette.sunken);
    painter.fillRect(QRectF(QPointF(bar.left(), bar.top()), QPointF(at(m_model.total), bar.bottom())),
                     shell::over(palette.panel, palette.starting, 0.55));
    painter.fillRect(QRectF(QPointF(bar.left(), bar.top()), QPointF(at(m_model.available), bar.bottom())),
                     palette.ready);
    painter.restore();

    const qreal labels = bar.bottom() + px(7);
    const auto mark = [&](int pods, const QString& text) {
        const qreal x = std::min(at(pods), bar.right() - 1);
        painter.setPen(QPen(palette.text, 1.6));
        painter.drawLine(QPointF(x, bar.top() - px(4)), QPointF(x, bar.bottom() + px(4)));
        const qreal width = textWidth(fonts.small, text) + 1;
        const qreal start = std::clamp(x - width / 2, bar.left(), bar.right() - width);
        paintText(painter, fonts.small, palette.muted, QRectF(start, labels, width, px(14)), Qt::AlignLeft, text);
        return QRectF(start, labels, width, px(14));
    };
    //: Mark on the bar: the roll-out never lets fewer Pods be available.
    const QRectF first = mark(m_model.minAvailable, tr("at least %n available", nullptr, m_model.minAvailable));
    //: Mark on the bar: the roll-out never lets more Pods exist.
    const QString most = tr("at most %n", nullptr, m_model.maxTotal);
    const bool room = bar.right() - textWidth(fonts.small, most) - px(12) > first.right();
    mark(m_model.maxTotal, room ? most : QString());
}

void RolloutView::paintBox(QPainter& painter, const RevisionBox& revision, const Box& box) const {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    const auto px = [this](qreal length) { return theme().px(length); };
    const QColor fill = revision.current ? shell::over(palette.panel, palette.accent, 0.06)
                                         : shell::over(palette.panel, palette.sunken, 0.55);
    views::paintBox(painter, theme(), box.rect, fill, revision.current ? palette.accent : palette.line);
    const QRectF inside = box.rect.adjusted(px(16), px(12), -px(16), -px(12));
    const QRectF first(inside.left(), inside.top(), inside.width(), px(18));
    const QRectF second = first.translated(0, px(21));
    const QColor strong = revision.current ? palette.accent : palette.text;
    //: Heading of a box in the roll-out picture: the revision's number.
    const QString title = tr("revision %1").arg(revision.number);
    //: In a box of the roll-out picture: ready Pods of wanted Pods.
    const QString ready = tr("ready %1 of %2").arg(revision.ready).arg(revision.desired);
    const qreal readyWidth = textWidth(fonts.secondary, ready);
    paintText(painter, fonts.secondary, palette.muted, first, Qt::AlignVCenter | Qt::AlignRight, ready);
    paintText(painter, fonts.heading, strong, first.adjusted(0, 0, -readyWidth - px(8), 0), Qt::AlignVCenter, title);
    const qreal imageWidth = qMin(textWidth(fonts.nameStrong, revision.image), second.width() * 0.6);
    paintText(painter, fonts.nameStrong, strong, second.adjusted(second.width() - imageWidth, 0, 0, 0),
              Qt::AlignVCenter | Qt::AlignRight, revision.image, Qt::ElideLeft);
    paintText(painter, fonts.name, palette.muted, second.adjusted(0, 0, -imageWidth - px(8), 0), Qt::AlignVCenter,
              revision.replicaSet, Qt::ElideMiddle);
    if (isHeatGrid()) paintCounts(painter, revision, second.translated(0, px(26)));
    if (!revision.note.isEmpty()) {
        const QColor colour =
            revision.noteState == State::Empty ? palette.muted : colourOf(revision.noteState, palette);
        paintText(painter, fonts.secondary, colour,
                  QRectF(inside.left(), inside.bottom() - px(18), inside.width(), px(18)), Qt::AlignVCenter,
                  revision.note);
    }
}

void RolloutView::paintCounts(QPainter& painter, const RevisionBox& revision, const QRectF& rect) const {
    std::array<int, kStates> counts{};
    for (const PodTile& pod : revision.pods) ++counts[static_cast<std::size_t>(pod.state)];
    qreal x = rect.left();
    for (int i = 0; i < kStates; ++i) {
        const int count = counts[static_cast<std::size_t>(i)];
        if (count == 0) continue;
        const auto state = static_cast<State>(i);
        const qreal radius = theme().px(4.5);
        paintDot(painter, theme(), QPointF(x + radius, rect.center().y()), radius, state);
        //: A count beside a dot in the heat grid: "180 Ready".
        const QString text = tr("%1 %2").arg(QLocale().toString(count), wordFor(state));
        x += 2 * radius + theme().px(6);
        x += paintText(painter, theme().fonts().secondary, theme().palette().text,
                       QRectF(x, rect.top(), rect.right() - x, rect.height()), Qt::AlignVCenter, text);
        x += theme().px(14);
    }
}

void RolloutView::paintArrow(QPainter& painter, const QRectF& from, const QRectF& to) const {
    const qreal y = from.top() + theme().px(68 + 22);
    const qreal head = theme().px(4);
    const QPointF start(from.right() + 3, y);
    const QPointF end(to.left() - 3, y);
    painter.setPen(QPen(theme().palette().accent, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawLine(start, end);
    painter.drawPolyline(QPolygonF({end + QPointF(-head, -head), end, end + QPointF(-head, head)}));
}

QPointF RolloutView::historyPoint(int index) const {
    const auto steps = qMax<qsizetype>(1, m_model.history.size() - 1);
    const qreal inset = theme().px(24);
    return {m_history.left() + inset + (m_history.width() - 2 * inset) * index / steps,
            m_history.top() + theme().px(14)};
}

void RolloutView::paintHistory(QPainter& painter) const {
    const auto& fonts = theme().fonts();
    const auto& palette = theme().palette();
    const int last = static_cast<int>(m_model.history.size()) - 1;
    painter.setPen(QPen(palette.line, 1.6));
    painter.drawLine(historyPoint(0), historyPoint(last));
    const qreal spacing = last > 0 ? historyPoint(1).x() - historyPoint(0).x() : m_history.width();
    for (int i = 0; i <= last; ++i) {
        const RevisionMark& mark = m_model.history[i];
        const QPointF at = historyPoint(i);
        const qreal radius = theme().px(mark.current ? 6 : 4.5);
        painter.setPen(QPen(mark.current ? palette.accent : palette.muted, 1.6));
        painter.setBrush(mark.current ? palette.accent : palette.panel);
        painter.drawEllipse(at, radius, radius);
        //: A mark on the line of revisions: number and age, "r6 2 h".
        const QString full =
            mark.age.isEmpty() ? tr("r%1").arg(mark.number) : tr("r%1 %2").arg(mark.number).arg(mark.age);
        const QString text = textWidth(fonts.small, full) + 6 < spacing ? full : tr("r%1").arg(mark.number);
        const QRectF label(at.x() - spacing / 2, at.y() + theme().px(11), spacing, theme().px(15));
        paintText(painter, fonts.small, mark.current ? palette.accent : palette.muted, label,
                  Qt::AlignHCenter | Qt::AlignTop, text);
    }
}

void RolloutView::mousePressEvent(QMouseEvent* event) {
    for (int i = 0; m_model.history.size() > 1 && i < m_model.history.size(); ++i) {
        const QPointF distance = event->position() - historyPoint(i);
        if (QPointF::dotProduct(distance, distance) > theme().px(12) * theme().px(12)) continue;
        emit revisionActivated(m_model.history[i].number);
        return;
    }
    Picture::mousePressEvent(event);
}

}  // namespace qd::views
