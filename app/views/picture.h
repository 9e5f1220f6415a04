// The base of all pictures: a widget of tiles that can be pointed at, walked through with the arrow keys, selected,
// read out by a screen reader, and that move from their old place to their new one when the model changes.
//
// A picture implements layOut (where each tile stands for a given size) and paintScene (everything but the tiles). It
// keeps no timer: it repaints when its model, size or theme changes and while a movement lasts.
#pragma once

#include <QHash>
#include <QVariantAnimation>
#include <QVector>
#include <QWidget>

#include "app/shell/theme.h"
#include "app/views/state.h"

namespace qd::views {

struct Tile {
    QString id;  // of the object it stands for, the same from one model to the next
    QRectF rect;
    State state = State::Empty;
    qreal progress = 0.25;  // of the arc, for a starting one
    QString label;          // under the tile; empty: none
    QString spoken;         // the whole story in a line: tool tip and accessible name
    bool pressable = true;  // an empty place is not
};

class Picture : public QWidget {
    Q_OBJECT
public:
    explicit Picture(const shell::Theme& theme, QWidget* parent = nullptr);

    const QVector<Tile>& tiles() const { return m_tiles; }
    // Where a tile is painted at this moment, movement included.
    QRectF shownRect(const Tile& tile) const;
    const Tile* tileAt(const QPointF& position) const;
    const Tile* tile(const QString& id) const;
    // The id of the selected tile, empty for none.
    QString selected() const { return m_selected; }
    void select(const QString& id);
    bool moving() const { return m_motion.state() == QAbstractAnimation::Running; }

signals:
    void selectionChanged(const QString& id);
    void activated(const QString& id);
    void menuRequested(const QString& id, const QPoint& globalPosition);

protected:
    virtual QVector<Tile> layOut(const QSizeF& size) = 0;
    virtual void paintScene(QPainter& painter) = 0;
    // Lays out anew; tiles move when `animated`.
    void refresh(bool animated);
    const shell::Theme& theme() const { return m_theme; }

    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Shown {
        QRectF rect;
        qreal opacity;
    };
    Shown shown(const Tile& tile) const;
    void paintTiles(QPainter& painter);
    void paintLabel(QPainter& painter, const Tile& tile, const QRectF& rect) const;
    void step(int key);

    const shell::Theme& m_theme;
    QVector<Tile> m_tiles;
    QVector<Tile> m_gone;            // fading out
    QHash<QString, Shown> m_before;  // where each was when the movement began
    QString m_selected;
    QVariantAnimation m_motion;
};

}  // namespace qd::views
