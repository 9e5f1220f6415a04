// The states that a thing can be in, the same everywhere: tile, dot, table, chart, tray. Colour, fill, outline and mark
// say it together, so that no one has to tell colours apart.
#pragma once

#include <QColor>
#include <QString>

#include "app/shell/palette.h"

namespace qd::views {

enum class State { Ready, Starting, Leaving, Failed, Unknown, Done, Empty };
inline constexpr int kStates = 7;

enum class Fill { None, Tint, Solid };
enum class Outline { None, Solid, Dashed, Dotted };
enum class Mark { None, Tick, Arc, Minus, Cross, Question };

struct StateStyle {
    Fill fill;
    Outline outline;
    Mark mark;
};

StateStyle styleOf(State state);
QColor colourOf(State state, const shell::Palette& palette);
// The word for it, translated: "Ready".
QString wordFor(State state);

}  // namespace qd::views
