#pragma once

#include <QAbstractScrollArea>
#include <deque>
#include <memory>
#include <vector>

#include "app/shell/theme.h"

struct VTerm;
struct VTermScreen;

namespace qd::views {

// A terminal (libvterm): feed it bytes, it paints them and says what was typed. It has a history of 10,000 lines,
// selects with the mouse, and copies and pastes with Ctrl Shift C and V.
class TerminalView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit TerminalView(const shell::Theme& theme, QWidget* parent = nullptr);
    ~TerminalView() override;

    void feed(const QByteArray& bytes);
    void reset();
    int columns() const { return m_columns; }
    int rows() const { return m_rows; }
    // The visible text, a line each, without trailing spaces.
    QString text() const;
    QString selectedText() const;

signals:
    void typed(const QByteArray& bytes);
    void sizeChanged(int columns, int rows);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool focusNextPrevChild(bool next) override;
    bool event(QEvent* event) override;

private:
    struct Cell {
        QString text;
        QColor ink;
        QColor paper;  // invalid: the theme's
        bool bold = false;
        bool underlined = false;
        int width = 1;
    };
    using Line = std::vector<Cell>;
    struct Place {
        int line = 0;  // of history and screen together
        int column = 0;
        auto operator<=>(const Place&) const = default;
    };
    struct Callbacks;

    void measure();
    void adoptColours();
    Line screenLine(int row) const;
    Line lineAt(int line) const;
    int lines() const { return static_cast<int>(m_history.size()) + m_rows; }
    void paintLine(QPainter& painter, int line, qreal y) const;
    bool isSelected(int line, int column) const;
    Place placeAt(const QPoint& position) const;
    void updateScrollBar();
    bool sendKey(const QKeyEvent& event);
    void copy() const;
    void paste();

    static constexpr std::size_t kHistory = 10'000;

    const shell::Theme& m_theme;
    int m_columns = 80;
    int m_rows = 24;
    VTerm* m_terminal;  // made with the two above
    VTermScreen* m_screen;
    qreal m_cellWidth = 8;
    qreal m_cellHeight = 16;
    std::deque<Line> m_history;
    Place m_cursor;  // line counted from the screen's first
    bool m_cursorShown = true;
    Place m_anchor;
    Place m_head;
};

}  // namespace qd::views
