#include "app/views/picture.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <limits>

#include "app/views/painting.h"
#include "app/views/picture_accessible.h"

namespace qd::views {

namespace {

constexpr qsizetype kMostMoving = 120;

QRectF between(const QRectF& a, const QRectF& b, qreal t) {
    const auto mix = [t](qreal from, qreal to) { return from + (to - from) * t; };
    return {mix(a.x(), b.x()), mix(a.y(), b.y()), mix(a.width(), b.width()), mix(a.height(), b.height())};
}

// How far `to` lies from `from` in the direction of an arrow key; infinite when it lies elsewhere.
qreal distanceTowards(int key, const QPointF& from, const QPointF& to) {
    const QPointF d = to - from;
    const bool sideways = key == Qt::Key_Left || key == Qt::Key_Right;
    const qreal along = sideways ? (key == Qt::Key_Right ? d.x() : -d.x()) : (key == Qt::Key_Down ? d.y() : -d.y());
    const qreal across = std::abs(sideways ? d.y() : d.x());
    if (along < 1) return std::numeric_limits<qreal>::infinity();
    return along + 3 * across;
}

}  // namespace

Picture::Picture(const shell::Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    installPictureAccessibility();
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_Hover);
    m_motion.setStartValue(0.0);
    m_motion.setEndValue(1.0);
    m_motion.setEasingCurve(QEasingCurve::OutCubic);
    connect(&m_motion, &QVariantAnimation::valueChanged, this, qOverload<>(&QWidget::update));
    connect(&m_motion, &QVariantAnimation::finished, this, [this] {
        m_gone.clear();
        m_before.clear();
        update();
    });
    connect(&theme, &shell::Theme::changed, this, [this] { refresh(false); });
}

void Picture::refresh(bool animated) {
    QHash<QString, Shown> before;
    for (const Tile& tile : std::as_const(m_tiles)) before.insert(tile.id, shown(tile));
    QVector<Tile> old = std::move(m_tiles);
    m_tiles = layOut(QSizeF(size()));
    m_motion.stop();
    m_gone.clear();
    m_before.clear();
    const int duration = m_theme.motionMs();
    // A few movements tell what happened; a swarm tells nothing.
    const bool few = old.size() + m_tiles.size() <= kMostMoving;
    const bool moves =
        old.size() != m_tiles.size() || std::any_of(m_tiles.begin(), m_tiles.end(), [&before](const Tile& tile) {
            const auto was = before.constFind(tile.id);
            return was == before.constEnd() || was->rect != tile.rect || was->opacity < 1;
        });
    if (animated && few && moves && duration > 0 && isVisible() && !old.isEmpty()) {
        m_before = std::move(before);
        for (Tile& tile : old)
            if (!this->tile(tile.id)) m_gone.push_back(std::move(tile));
        m_motion.setDuration(duration);
        m_motion.start();
    }
    if (!m_selected.isEmpty() && !tile(m_selected)) m_selected.clear();
    updateGeometry();
    update();
}

Picture::Shown Picture::shown(const Tile& tile) const {
    if (!moving()) return {tile.rect, 1};
    const qreal t = m_motion.currentValue().toReal();
    const auto it = m_before.constFind(tile.id);
    if (it == m_before.constEnd()) return {tile.rect, t};
    return {between(it->rect, tile.rect, t), it->opacity + (1 - it->opacity) * t};
}

QRectF Picture::shownRect(const Tile& tile) const {
    return shown(tile).rect;
}

const Tile* Picture::tileAt(const QPointF& position) const {
    for (const Tile& tile : m_tiles)
        if (tile.pressable && tile.rect.adjusted(-2, -2, 2, 2).contains(position)) return &tile;
    return nullptr;
}

const Tile* Picture::tile(const QString& id) const {
    for (const Tile& tile : m_tiles)
        if (tile.id == id) return &tile;
    return nullptr;
}

void Picture::select(const QString& id) {
    if (id == m_selected || (!id.isEmpty() && !tile(id))) return;
    m_selected = id;
    announceSelection(*this);
    update();
    emit selectionChanged(id);
}

void Picture::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintScene(painter);
    paintTiles(painter);
}

void Picture::paintTiles(QPainter& painter) {
    for (const Tile& tile : std::as_const(m_gone)) {
        painter.setOpacity(1 - m_motion.currentValue().toReal());
        paintTile(painter, m_theme, tile.rect, tile.state, tile.progress);
    }
    for (const Tile& tile : std::as_const(m_tiles)) {
        const Shown at = shown(tile);
        painter.setOpacity(at.opacity);
        paintTile(painter, m_theme, at.rect, tile.state, tile.progress);
        if (!tile.label.isEmpty()) paintLabel(painter, tile, at.rect);
    }
    painter.setOpacity(1);
    if (const Tile* selectedTile = tile(m_selected))
        paintRing(painter, m_theme, shown(*selectedTile).rect,
                  qMin(m_theme.px(shell::Theme::kTileRadius), selectedTile->rect.width() * 0.18));
}

void Picture::paintLabel(QPainter& painter, const Tile& tile, const QRectF& rect) const {
    const qreal overhang = m_theme.px(12);
    const QRectF under(rect.left() - overhang, rect.bottom() + m_theme.px(5), rect.width() + 2 * overhang,
                       m_theme.px(15));
    paintText(painter, m_theme.fonts().nameSmall,
              tile.id == m_selected ? m_theme.palette().accent : m_theme.palette().muted, under,
              Qt::AlignHCenter | Qt::AlignTop, tile.label, Qt::ElideLeft);
}

void Picture::resizeEvent(QResizeEvent*) {
    refresh(false);
}

void Picture::mousePressEvent(QMouseEvent* event) {
    const Tile* hit = tileAt(event->position());
    if (hit && event->button() == Qt::LeftButton) select(hit->id);
}

void Picture::mouseDoubleClickEvent(QMouseEvent* event) {
    if (const Tile* hit = tileAt(event->position())) emit activated(hit->id);
}

void Picture::contextMenuEvent(QContextMenuEvent* event) {
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    const Tile* hit = byKey ? tile(m_selected) : tileAt(event->pos());
    if (!hit) return;
    select(hit->id);
    emit menuRequested(hit->id, byKey ? mapToGlobal(hit->rect.center().toPoint()) : event->globalPos());
}

void Picture::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
        case Qt::Key_Right:
        case Qt::Key_Up:
        case Qt::Key_Down:
            step(event->key());
            return;
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (tile(m_selected)) emit activated(m_selected);
            return;
        case Qt::Key_Escape:
            if (m_selected.isEmpty()) break;
            select({});
            return;
        default:
            break;
    }
    QWidget::keyPressEvent(event);
}

void Picture::step(int key) {
    const Tile* from = tile(m_selected);
    const Tile* best = nullptr;
    qreal nearest = std::numeric_limits<qreal>::infinity();
    for (const Tile& candidate : std::as_const(m_tiles)) {
        if (!candidate.pressable) continue;
        if (!from) {
            best = &candidate;
            break;
        }
        const qreal distance = distanceTowards(key, from->rect.center(), candidate.rect.center());
        if (distance < nearest) {
            nearest = distance;
            best = &candidate;
        }
    }
    if (best) select(best->id);
}

void Picture::focusInEvent(QFocusEvent* event) {
    // Whoever comes by keyboard must see where they are; a window that is merely shown selects nothing.
    const bool byKey = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    if (byKey && m_selected.isEmpty()) step(Qt::Key_Right);
    update();
}

bool Picture::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const Tile* hit = tileAt(help->pos());
        if (hit)
            QToolTip::showText(help->globalPos(), hit->spoken, this, hit->rect.toAlignedRect());
        else
            QToolTip::hideText();
        return true;
    }
    if (event->type() == QEvent::HoverMove) {
        const auto* hover = static_cast<QHoverEvent*>(event);
        setCursor(tileAt(hover->position()) ? Qt::PointingHandCursor : Qt::ArrowCursor);
    }
    return QWidget::event(event);
}

}  // namespace qd::views
