// How many tiles of which size fit into an area: pure arithmetic, shared by all pictures.
#pragma once

#include <QRectF>

namespace qd::views {

struct TileGrid {
    qreal size = 44;   // of a tile
    qreal stepX = 66;  // from one tile to the next
    qreal stepY = 82;
    int columns = 1;
    bool labels = true;  // names under the tiles
    bool fits = true;    // whether all of them are inside the area

    // Where tile number `index` stands, from the area's top left.
    QRectF cell(int index) const {
        const int column = index % columns;
        const int row = index / columns;
        return {column * stepX + (stepX - size) / 2, row * stepY, size, size};
    }
};

// The largest of the sizes 44 and 40 with names, 36, 28, 20, 16, 12 and 9 at which `count` tiles fit into `width` by
// `height`; the smallest when none does. `unit` scales the sizes with the reader's text.
//
// For example 10 tiles in 360 by 220: 5 columns of 72 and 2 rows of 82, with names.
TileGrid fitTiles(int count, qreal width, qreal height, qreal unit);

}  // namespace qd::views
