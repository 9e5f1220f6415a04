#include "app/views/tile_grid.h"

#include <algorithm>

namespace qd::views {

namespace {

struct Step {
    qreal size;
    qreal stepX;
    qreal stepY;
    bool labels;
};

constexpr Step kSteps[] = {{44, 66, 82, true},  {40, 60, 74, true},  {36, 44, 44, false}, {28, 34, 34, false},
                           {20, 25, 25, false}, {16, 20, 20, false}, {12, 15, 15, false}, {9, 12, 12, false}};

}  // namespace

TileGrid fitTiles(int count, qreal width, qreal height, qreal unit) {
    TileGrid grid;
    for (const Step& step : kSteps) {
        grid.size = step.size * unit;
        grid.stepX = step.stepX * unit;
        grid.stepY = step.stepY * unit;
        grid.labels = step.labels;
        grid.columns = std::max(1, static_cast<int>(width / grid.stepX));
        // Named tiles spread over the width, but stay one group: never further apart than a quarter more.
        if (step.labels) grid.stepX = std::min(width / grid.columns, grid.stepX * 1.25);
        const int rows = (std::max(count, 1) + grid.columns - 1) / grid.columns;
        // The last row needs no space below it but its names'.
        const qreal last = grid.size + (step.labels ? 20 * unit : 0);
        grid.fits = (rows - 1) * grid.stepY + last <= height + 0.5;
        if (grid.fits) break;
    }
    return grid;
}

}  // namespace qd::views
