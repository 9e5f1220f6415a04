#pragma once

#include <QStyle>
#include <QWidget>

namespace qd::pages {

// Gives a widget a role of the style sheet ("muted", "failed") at run time.
inline void setRole(QWidget& widget, const QString& role) {
    if (widget.property("role").toString() == role) return;
    widget.setProperty("role", role);
    widget.style()->unpolish(&widget);
    widget.style()->polish(&widget);
}

}  // namespace qd::pages
