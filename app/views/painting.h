// The small things that every picture and table is painted from: tiles, dots, pills, text.
#pragma once

#include <QPainter>
#include <QRectF>

#include "app/shell/theme.h"
#include "app/views/state.h"

namespace qd::views {

// A tile of the state. `progress` (0 to 1) is how far the arc of a starting tile has turned: each step of a start turns
// it further, so that it moves exactly when something happened.
void paintTile(QPainter& painter, const shell::Theme& theme, const QRectF& rect, State state, qreal progress = 0.25);

// A dot that says the state: solid for solid fills, a ring with the state's outline for the others.
void paintDot(QPainter& painter, const shell::Theme& theme, const QPointF& centre, qreal radius, State state);

// A rounded label in the state's tint. Returns its width; with a null painter it only measures.
qreal paintPill(QPainter* painter, const shell::Theme& theme, const QPointF& topLeft, State state, const QString& text);

// The ring around what is selected (accent) or has the keyboard's focus.
void paintRing(QPainter& painter, const shell::Theme& theme, const QRectF& rect, qreal radius);

// One line of text, shortened with an ellipsis where it does not fit (`mode`), its digits all of one width.
// Returns the width that was painted.
qreal paintText(QPainter& painter, const QFont& font, const QColor& colour, const QRectF& rect, Qt::Alignment alignment,
                const QString& text, Qt::TextElideMode mode = Qt::ElideRight);

// Text on at most so many lines, the last one shortened. Returns the height; with a null painter it only measures.
qreal paintParagraph(QPainter* painter, const QFont& font, const QColor& colour, const QRectF& rect,
                     const QString& text, int mostLines);

// The width that paintText would paint.
qreal textWidth(const QFont& font, const QString& text);

// A box inside a panel.
void paintBox(QPainter& painter, const shell::Theme& theme, const QRectF& rect, const QColor& fill, const QColor& line);

}  // namespace qd::views
