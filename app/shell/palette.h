// The colours of Quarterdeck: one palette, filled once for each theme. No colour is written anywhere else.
//
// All text and marks reach a contrast of 4.5 to 1 (WCAG 2.1, success criterion 1.4.3) on every surface they stand on;
// tests/app/shell/palette_test.cpp computes it.
#pragma once

#include <QColor>

namespace qd::shell {

enum class Scheme { Light, Dark };

struct Palette {
    Scheme scheme;
    // Surfaces.
    QColor window;  // behind everything
    QColor panel;   // cards, tables, bars
    QColor sunken;  // the rail, fields, boxes inside a panel
    QColor line;    // hairlines and empty places
    // Words.
    QColor text;
    QColor muted;
    QColor onSolid;  // text and marks on a solid state colour or on the accent
    // What is selected, new, or yours to press.
    QColor accent;
    // States; see app/views/state.h.
    QColor ready;
    QColor starting;
    QColor leaving;
    QColor failed;
    QColor unknown;
    QColor done;

    static const Palette& of(Scheme scheme);
};

// `colour` laid over `surface` with the given opacity, as an opaque colour.
QColor over(const QColor& surface, const QColor& colour, qreal opacity);

// The faint fill that goes with a colour: behind a selected row, inside a tile that is starting.
QColor tint(const Palette& palette, const QColor& colour);

// Contrast ratio of two opaque colours, 1 to 21; WCAG 2.1, "contrast ratio".
qreal contrast(const QColor& a, const QColor& b);

}  // namespace qd::shell
