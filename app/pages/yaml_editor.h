#pragma once

#include <Qsci/qsciscintilla.h>

#include "app/shell/theme.h"

namespace qd::pages {

// A text editor for YAML in the colours and the fixed font of the theme.
class YamlEditor : public QsciScintilla {
    Q_OBJECT
public:
    explicit YamlEditor(const shell::Theme& theme, QWidget* parent = nullptr);
    // Keeps the place that is shown.
    void replaceText(const QString& text);
    // Marks a line (from 1) as wrong; 0 removes the mark.
    void markLine(int line);

private:
    void restyle();
    const shell::Theme& m_theme;
    int m_marker;
};

}  // namespace qd::pages
