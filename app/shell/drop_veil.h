#pragma once

#include <QWidget>

#include "app/shell/theme.h"

namespace qd::shell {

// Lies over the window while a file is held above it, and says what letting go will do.
class DropVeil : public QWidget {
    Q_OBJECT
public:
    DropVeil(const Theme& theme, QWidget* window);
    void cover(bool canTake);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
    bool m_canTake = true;
};

}  // namespace qd::shell
