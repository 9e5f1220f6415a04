#include "app/views/terminal_view.h"

#include <vterm.h>

#include <QApplication>
#include <QClipboard>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <algorithm>

namespace qd::views {

using shell::Palette;

namespace {

VTermColor vtermColour(const QColor& colour) {
    VTermColor made;
    vterm_color_rgb(&made, static_cast<uint8_t>(colour.red()), static_cast<uint8_t>(colour.green()),
                    static_cast<uint8_t>(colour.blue()));
    return made;
}

VTermModifier modifiersOf(Qt::KeyboardModifiers modifiers) {
    int made = VTERM_MOD_NONE;
    if (modifiers & Qt::ShiftModifier) made |= VTERM_MOD_SHIFT;
    if (modifiers & Qt::AltModifier) made |= VTERM_MOD_ALT;
    if (modifiers & Qt::ControlModifier) made |= VTERM_MOD_CTRL;
    return static_cast<VTermModifier>(made);
}

VTermKey keyOf(int key) {
    switch (key) {
        case Qt::Key_Return:
            return VTERM_KEY_ENTER;
        case Qt::Key_Enter:
            return VTERM_KEY_KP_ENTER;
        case Qt::Key_Tab:
        case Qt::Key_Backtab:
            return VTERM_KEY_TAB;
        case Qt::Key_Backspace:
            return VTERM_KEY_BACKSPACE;
        case Qt::Key_Escape:
            return VTERM_KEY_ESCAPE;
        case Qt::Key_Up:
            return VTERM_KEY_UP;
        case Qt::Key_Down:
            return VTERM_KEY_DOWN;
        case Qt::Key_Left:
            return VTERM_KEY_LEFT;
        case Qt::Key_Right:
            return VTERM_KEY_RIGHT;
        case Qt::Key_Insert:
            return VTERM_KEY_INS;
        case Qt::Key_Delete:
            return VTERM_KEY_DEL;
        case Qt::Key_Home:
            return VTERM_KEY_HOME;
        case Qt::Key_End:
            return VTERM_KEY_END;
        case Qt::Key_PageUp:
            return VTERM_KEY_PAGEUP;
        case Qt::Key_PageDown:
            return VTERM_KEY_PAGEDOWN;
        default:
            break;
    }
    if (key >= Qt::Key_F1 && key <= Qt::Key_F12) return static_cast<VTermKey>(VTERM_KEY_FUNCTION(1 + key - Qt::Key_F1));
    return VTERM_KEY_NONE;
}

}  // namespace

// What libvterm calls back into; `user` is the view.
struct TerminalView::Callbacks {
    static TerminalView& viewOf(void* user) { return *static_cast<TerminalView*>(user); }

    static void output(const char* bytes, size_t length, void* user) {
        emit viewOf(user).typed(QByteArray(bytes, static_cast<qsizetype>(length)));
    }
    static int damage(VTermRect, void* user) {
        viewOf(user).viewport()->update();
        return 1;
    }
    static int moveCursor(VTermPos position, VTermPos, int visible, void* user) {
        viewOf(user).m_cursor = {position.row, position.col};
        viewOf(user).m_cursorShown = visible != 0;
        viewOf(user).viewport()->update();
        return 1;
    }
    static int setProperty(VTermProp property, VTermValue* value, void* user) {
        if (property == VTERM_PROP_CURSORVISIBLE) viewOf(user).m_cursorShown = value->boolean;
        return 1;
    }
    static Cell convert(const TerminalView& view, const VTermScreenCell& cell) {
        Cell made;
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0 && cell.chars[i] != uint32_t(-1); ++i)
            made.text += QString::fromUcs4(reinterpret_cast<const char32_t*>(&cell.chars[i]), 1);
        made.width = qMax<int>(1, cell.width);
        made.bold = cell.attrs.bold;
        made.underlined = cell.attrs.underline != 0;
        const auto convertColour = [&view](VTermColor colour) {
            vterm_screen_convert_color_to_rgb(view.m_screen, &colour);
            return QColor(colour.rgb.red, colour.rgb.green, colour.rgb.blue);
        };
        made.ink = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ? QColor() : convertColour(cell.fg);
        made.paper = VTERM_COLOR_IS_DEFAULT_BG(&cell.bg) ? QColor() : convertColour(cell.bg);
        if (cell.attrs.reverse) {
            const QColor ink = made.ink.isValid() ? made.ink : view.m_theme.palette().text;
            made.ink = made.paper.isValid() ? made.paper : view.m_theme.palette().panel;
            made.paper = ink;
        }
        return made;
    }
    static int pushLine(int columns, const VTermScreenCell* cells, void* user) {
        TerminalView& self = viewOf(user);
        Line line;
        for (int i = 0; i < columns; ++i) line.push_back(convert(self, cells[i]));
        self.m_history.push_back(std::move(line));
        if (self.m_history.size() > kHistory) self.m_history.pop_front();
        return 1;
    }
    static const VTermScreenCallbacks& table() {
        static const VTermScreenCallbacks callbacks = [] {
            VTermScreenCallbacks made{};
            made.damage = damage;
            made.movecursor = moveCursor;
            made.settermprop = setProperty;
            made.sb_pushline = pushLine;
            return made;
        }();
        return callbacks;
    }
};

TerminalView::TerminalView(const shell::Theme& theme, QWidget* parent)
    : QAbstractScrollArea(parent),
      m_theme(theme),
      m_terminal(vterm_new(m_rows, m_columns)),
      m_screen(vterm_obtain_screen(m_terminal)) {
    setObjectName(QStringLiteral("terminalView"));
    //: Accessible name of a terminal inside a container.
    setAccessibleName(tr("Terminal"));
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_InputMethodEnabled);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    vterm_set_utf8(m_terminal, 1);
    vterm_output_set_callback(m_terminal, &Callbacks::output, this);
    vterm_screen_set_callbacks(m_screen, &Callbacks::table(), this);
    vterm_screen_enable_altscreen(m_screen, 1);
    vterm_screen_set_damage_merge(m_screen, VTERM_DAMAGE_SCROLL);
    viewport()->setCursor(Qt::IBeamCursor);
    connect(&theme, &shell::Theme::changed, this, [this] {
        adoptColours();
        measure();
    });
    connect(verticalScrollBar(), &QScrollBar::valueChanged, viewport(), qOverload<>(&QWidget::update));
    reset();
}

TerminalView::~TerminalView() {
    vterm_free(m_terminal);
}

void TerminalView::reset() {
    vterm_screen_reset(m_screen, 1);
    m_history.clear();
    m_cursor = {};
    adoptColours();
    measure();
}

// Programs choose among sixteen colours; they are the palette's, so that they can be read in both themes.
void TerminalView::adoptColours() {
    const Palette& p = m_theme.palette();
    VTermState* state = vterm_obtain_state(m_terminal);
    const QColor base[] = {p.muted, p.failed, p.ready, p.starting, p.accent, p.leaving, p.done, p.text};
    for (int i = 0; i < 16; ++i) {
        const VTermColor colour = vtermColour(base[i % 8]);
        vterm_state_set_palette_color(state, i, &colour);
    }
    viewport()->update();
}

void TerminalView::measure() {
    const QFontMetricsF metrics(m_theme.fonts().name);
    m_cellWidth = metrics.horizontalAdvance(u'0');
    m_cellHeight = qCeil(metrics.height() * 1.08);
    const qreal inset = 2 * m_theme.px(10);
    const int columns = qMax(10, int((viewport()->width() - inset) / m_cellWidth));
    const int rows = qMax(3, int((viewport()->height() - inset) / m_cellHeight));
    if (columns != m_columns || rows != m_rows) {
        m_columns = columns;
        m_rows = rows;
        vterm_set_size(m_terminal, rows, columns);
        emit sizeChanged(columns, rows);
    }
    updateScrollBar();
}

void TerminalView::feed(const QByteArray& bytes) {
    const bool atEnd = verticalScrollBar()->value() == verticalScrollBar()->maximum();
    vterm_input_write(m_terminal, bytes.constData(), static_cast<size_t>(bytes.size()));
    vterm_screen_flush_damage(m_screen);
    updateScrollBar();
    if (atEnd) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void TerminalView::updateScrollBar() {
    verticalScrollBar()->setPageStep(m_rows);
    verticalScrollBar()->setRange(0, static_cast<int>(m_history.size()));
    viewport()->update();
}

TerminalView::Line TerminalView::screenLine(int row) const {
    Line line;
    for (int column = 0; column < m_columns; ++column) {
        VTermScreenCell cell;
        if (vterm_screen_get_cell(m_screen, VTermPos{row, column}, &cell))
            line.push_back(Callbacks::convert(*this, cell));
    }
    return line;
}

TerminalView::Line TerminalView::lineAt(int line) const {
    const int history = static_cast<int>(m_history.size());
    if (line < history) return m_history[static_cast<std::size_t>(line)];
    return screenLine(line - history);
}

QString TerminalView::text() const {
    QString all;
    for (int row = 0; row < m_rows; ++row) {
        QString line;
        for (const Cell& cell : screenLine(row)) line += cell.text.isEmpty() ? QStringLiteral(" ") : cell.text;
        while (line.endsWith(u' ')) line.chop(1);
        all += line + u'\n';
    }
    while (all.endsWith(QStringLiteral("\n\n"))) all.chop(1);
    return all;
}

bool TerminalView::isSelected(int line, int column) const {
    const Place place{line, column};
    const auto [from, to] = std::minmax({m_anchor, m_head});
    return place >= from && place < to;
}

QString TerminalView::selectedText() const {
    const auto [from, to] = std::minmax({m_anchor, m_head});
    QString all;
    for (int line = from.line; line <= to.line && line < lines(); ++line) {
        QString row;
        const Line cells = lineAt(line);
        for (int column = 0; column < static_cast<int>(cells.size()); ++column)
            if (isSelected(line, column)) {
                const QString& text = cells[static_cast<std::size_t>(column)].text;
                row += text.isEmpty() ? QStringLiteral(" ") : text;
            }
        while (row.endsWith(u' ')) row.chop(1);
        all += row;
        if (line < to.line) all += u'\n';
    }
    return all;
}

void TerminalView::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), m_theme.palette().panel);
    const qreal inset = m_theme.px(10);
    const int first = verticalScrollBar()->value();
    for (int row = 0; row < m_rows; ++row)
        if (first + row < lines()) paintLine(painter, first + row, inset + row * m_cellHeight);
    const int cursorRow = static_cast<int>(m_history.size()) + m_cursor.line - first;
    if (!m_cursorShown || cursorRow < 0 || cursorRow >= m_rows) return;
    const QRectF cursor(inset + m_cursor.column * m_cellWidth, inset + cursorRow * m_cellHeight, m_cellWidth,
                        m_cellHeight);
    if (hasFocus()) {
        QColor fill = m_theme.palette().accent;
        fill.setAlphaF(0.55F);
        painter.fillRect(cursor, fill);
    } else {
        painter.setPen(m_theme.palette().muted);
        painter.drawRect(cursor.adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void TerminalView::paintLine(QPainter& painter, int line, qreal y) const {
    const Palette& p = m_theme.palette();
    const QFontMetricsF metrics(m_theme.fonts().name);
    const qreal inset = m_theme.px(10);
    const Line cells = lineAt(line);
    for (int column = 0; column < static_cast<int>(cells.size()) && column < m_columns; ++column) {
        const Cell& cell = cells[static_cast<std::size_t>(column)];
        const QRectF rect(inset + column * m_cellWidth, y, m_cellWidth * cell.width, m_cellHeight);
        if (isSelected(line, column))
            painter.fillRect(rect, shell::over(p.panel, p.accent, 0.3));
        else if (cell.paper.isValid())
            painter.fillRect(rect, cell.paper);
        if (cell.text.isEmpty() || cell.text == u' ') continue;
        painter.setFont(cell.bold ? m_theme.fonts().nameStrong : m_theme.fonts().name);
        painter.setPen(cell.ink.isValid() ? cell.ink : p.text);
        const qreal baseline = y + metrics.ascent() + (m_cellHeight - metrics.height()) / 2;
        painter.drawText(QPointF(rect.left(), baseline), cell.text);
        if (cell.underlined) painter.drawLine(QPointF(rect.left(), baseline + 2), QPointF(rect.right(), baseline + 2));
    }
}

void TerminalView::resizeEvent(QResizeEvent*) {
    measure();
}

bool TerminalView::focusNextPrevChild(bool) {
    return false;
}

bool TerminalView::event(QEvent* event) {
    // Keys such as Ctrl K belong to the program in the terminal while it has the focus; Ctrl Shift ones stay the
    // window's.
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool shifted =
            key->modifiers().testFlag(Qt::ControlModifier) && key->modifiers().testFlag(Qt::ShiftModifier);
        if (!shifted) {
            event->accept();
            return true;
        }
    }
    return QAbstractScrollArea::event(event);
}

void TerminalView::keyPressEvent(QKeyEvent* event) {
    const bool shifted = event->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier);
    if (shifted && event->key() == Qt::Key_C) return copy();
    if (shifted && event->key() == Qt::Key_V) return paste();
    // The way out for whoever uses the keyboard alone.
    if (shifted && event->key() == Qt::Key_Tab) {
        QAbstractScrollArea::focusNextPrevChild(true);
        return;
    }
    if (sendKey(*event)) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

bool TerminalView::sendKey(const QKeyEvent& event) {
    const VTermModifier modifiers = modifiersOf(event.modifiers());
    const VTermKey key = keyOf(event.key());
    if (key != VTERM_KEY_NONE) {
        vterm_keyboard_key(m_terminal, key, modifiers);
        return true;
    }
    if (event.modifiers().testFlag(Qt::ControlModifier) && event.key() >= Qt::Key_At &&
        event.key() <= Qt::Key_Underscore) {
        vterm_keyboard_unichar(m_terminal, static_cast<uint32_t>(QChar(event.key()).toLower().unicode()), modifiers);
        return true;
    }
    for (const uint32_t character : event.text().toUcs4())
        vterm_keyboard_unichar(m_terminal, character, static_cast<VTermModifier>(modifiers & VTERM_MOD_ALT));
    return !event.text().isEmpty();
}

void TerminalView::inputMethodEvent(QInputMethodEvent* event) {
    for (const uint32_t character : event->commitString().toUcs4())
        vterm_keyboard_unichar(m_terminal, character, VTERM_MOD_NONE);
    event->accept();
}

TerminalView::Place TerminalView::placeAt(const QPoint& position) const {
    const qreal inset = m_theme.px(10);
    const int row = qBound(0, int((position.y() - inset) / m_cellHeight), m_rows - 1);
    const int column = qBound(0, qRound((position.x() - inset) / m_cellWidth), m_columns);
    return {verticalScrollBar()->value() + row, column};
}

void TerminalView::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::MiddleButton) return paste();
    m_anchor = m_head = placeAt(event->pos());
    viewport()->update();
}

void TerminalView::mouseMoveEvent(QMouseEvent* event) {
    if (!(event->buttons() & Qt::LeftButton)) return;
    m_head = placeAt(event->pos());
    viewport()->update();
}

void TerminalView::focusInEvent(QFocusEvent*) {
    viewport()->update();
}
void TerminalView::focusOutEvent(QFocusEvent*) {
    viewport()->update();
}

void TerminalView::copy() const {
    const QString selected = selectedText();
    if (!selected.isEmpty()) QApplication::clipboard()->setText(selected);
}

void TerminalView::paste() {
    const QString text = QApplication::clipboard()->text().replace(u'\n', u'\r');
    vterm_keyboard_start_paste(m_terminal);
    for (const uint32_t character : text.toUcs4()) vterm_keyboard_unichar(m_terminal, character, VTERM_MOD_NONE);
    vterm_keyboard_end_paste(m_terminal);
}

}  // namespace qd::views
