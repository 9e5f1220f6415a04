#include "app/shell/command_palette.h"

#include <QGraphicsDropShadowEffect>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "app/views/painting.h"

namespace qd::shell {

namespace {

constexpr int kRefresh = 100;  // ms

class EntryDelegate : public QStyledItemDelegate {
public:
    EntryDelegate(const Theme& theme, QObject* parent) : QStyledItemDelegate(parent), m_theme(theme) {}

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {0, m_theme.ipx(36)}; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Palette& palette = m_theme.palette();
        const auto px = [this](qreal length) { return m_theme.px(length); };
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRectF row = QRectF(option.rect).adjusted(px(6), 1, -px(6), -1);
        if (option.state & QStyle::State_Selected) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(over(palette.panel, palette.accent, palette.scheme == Scheme::Dark ? 0.22 : 0.12));
            painter->drawRoundedRect(row, px(6), px(6));
        }
        const qreal size = px(17);
        const QString icon = index.data(PaletteModel::IconRole).toString();
        painter->drawPixmap(QPointF(row.left() + px(10), row.center().y() - size / 2),
                            m_theme.pixmap(icon.isEmpty() ? QStringLiteral("chevron-right") : icon, palette.muted, size,
                                           painter->device()->devicePixelRatioF()));
        QRectF words = row.adjusted(px(38), 0, -px(12), 0);
        const QString keys = index.data(PaletteModel::ShortcutRole).toString();
        const QString category = index.data(PaletteModel::CategoryRole).toString();
        words.setRight(words.right() - paintEnd(*painter, words, keys.isEmpty() ? category : keys) - px(12));
        paintTitle(*painter, words, index);
        painter->restore();
    }

private:
    qreal paintEnd(QPainter& painter, const QRectF& words, const QString& text) const {
        return views::paintText(painter, m_theme.fonts().small, m_theme.palette().muted, words,
                                Qt::AlignVCenter | Qt::AlignRight, text);
    }

    // The matched letters stand out, so that one sees why the entry is there.
    void paintTitle(QPainter& painter, QRectF words, const QModelIndex& index) const {
        const QString title = index.data(Qt::DisplayRole).toString();
        const auto match = index.data(PaletteModel::MatchRole).value<FuzzyMatch>();
        if (match.positions.isEmpty()) {
            views::paintText(painter, m_theme.fonts().text, m_theme.palette().text, words, Qt::AlignVCenter, title);
            return;
        }
        for (int i = 0; i < title.size();) {
            const bool hit = match.positions.contains(i);
            int end = i;
            while (end < title.size() && match.positions.contains(end) == hit) ++end;
            const qreal width = views::paintText(painter, hit ? m_theme.fonts().strong : m_theme.fonts().text,
                                                 hit ? m_theme.palette().accent : m_theme.palette().text, words,
                                                 Qt::AlignVCenter, title.mid(i, end - i));
            words.setLeft(words.left() + width);
            i = end;
        }
    }

    const Theme& m_theme;
};

}  // namespace

void PaletteModel::setEntries(QVector<PaletteEntry> entries) {
    beginResetModel();
    m_entries = std::move(entries);
    m_shown.clear();
    endResetModel();
    filter({});
}

void PaletteModel::filter(const QString& typed) {
    beginResetModel();
    m_shown.clear();
    for (int i = 0; i < m_entries.size(); ++i)
        if (auto match = fuzzyMatch(typed, m_entries[i].title)) m_shown.push_back({i, std::move(*match)});
    if (!typed.trimmed().isEmpty())
        std::stable_sort(m_shown.begin(), m_shown.end(),
                         [](const Shown& a, const Shown& b) { return a.match.score > b.match.score; });
    if (m_shown.size() > kMost) m_shown.resize(kMost);
    endResetModel();
}

int PaletteModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
}

const PaletteEntry* PaletteModel::at(int row) const {
    return row >= 0 && row < m_shown.size() ? &m_entries[m_shown[row].entry] : nullptr;
}

QVariant PaletteModel::data(const QModelIndex& index, int role) const {
    const PaletteEntry* entry = at(index.row());
    if (!entry) return {};
    switch (role) {
        case Qt::DisplayRole:
        case Qt::AccessibleTextRole:
            return entry->title;
        case CategoryRole:
            return entry->category;
        case ShortcutRole:
            return entry->shortcut;
        case IconRole:
            return entry->icon;
        case MatchRole:
            return QVariant::fromValue(m_shown[index.row()].match);
        default:
            return {};
    }
}

CommandPalette::CommandPalette(const Theme& theme, const actions::ActionRegistry& registry, QWidget* window)
    : QFrame(window),
      m_theme(theme),
      m_registry(registry),
      m_model(new PaletteModel(this)),
      m_field(new QLineEdit(this)),
      m_list(new QListView(this)),
      m_refresh(new QTimer(this)) {
    setObjectName(QStringLiteral("commandPalette"));
    setProperty("panel", true);
    //: Accessible name of the command palette.
    setAccessibleName(tr("Command palette"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, theme.ipx(8), 1, theme.ipx(8));
    layout->setSpacing(theme.ipx(6));
    m_field->setObjectName(QStringLiteral("paletteField"));
    m_field->setProperty("plain", true);
    //: In the command palette's empty field.
    m_field->setPlaceholderText(tr("Type a command, a page or an object"));
    m_field->setAccessibleName(m_field->placeholderText());
    m_field->setTextMargins(theme.ipx(14), 0, theme.ipx(14), 0);
    auto* line = new QFrame(this);
    line->setProperty("hairline", true);
    line->setFixedHeight(1);
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new EntryDelegate(theme, m_list));
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setAccessibleName(accessibleName());
    layout->addWidget(m_field);
    layout->addWidget(line);
    layout->addWidget(m_list, 1);
    auto* shadow = new QGraphicsDropShadowEffect(this);
    shadow->setBlurRadius(theme.px(40));
    shadow->setOffset(0, theme.px(10));
    shadow->setColor(QColor(0, 0, 0, 90));
    setGraphicsEffect(shadow);
    m_field->installEventFilter(this);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::typed);
    connect(m_list, &QListView::clicked, this, [this](const QModelIndex& index) { run(index.row()); });
    m_refresh->setSingleShot(true);
    m_refresh->setInterval(kRefresh);
    connect(m_refresh, &QTimer::timeout, this, &CommandPalette::refresh);
    hide();
}

QVector<PaletteEntry> CommandPalette::commands() const {
    QVector<PaletteEntry> entries;
    for (QAction* action : m_registry.all()) {
        // What opened the palette has no place in it.
        if (!action->isEnabled() || !action->isVisible() || action->objectName() == QStringLiteral("window.palette"))
            continue;
        entries.push_back({action->text(),
                           actions::ActionRegistry::category(*action),
                           action->shortcut().toString(QKeySequence::NativeText),
                           actions::ActionRegistry::icon(*action),
                           action,
                           {}});
    }
    // Whoever opens the palette with something chosen most likely wants to do something with it.
    std::stable_sort(entries.begin(), entries.end(), [](const PaletteEntry& a, const PaletteEntry& b) {
        return actions::ActionRegistry::rank(*a.action) < actions::ActionRegistry::rank(*b.action);
    });
    return entries;
}

QVector<PaletteEntry> CommandPalette::entries() const {
    QVector<PaletteEntry> entries = commands();
    if (m_objects) entries += m_objects();
    return entries;
}

void CommandPalette::objectsChanged() {
    if (isVisible() && !m_refresh->isActive()) m_refresh->start();
}

// What was typed stays, and so does the chosen entry where it is still one.
void CommandPalette::refresh() {
    if (!isVisible()) return;
    const PaletteEntry* chosen = m_model->at(m_list->currentIndex().row());
    const bool moved = m_list->currentIndex().row() > 0;
    const QString title = chosen ? chosen->title : QString();
    const QString category = chosen ? chosen->category : QString();
    m_model->setEntries(entries());
    typed(m_field->text());
    if (!moved) return;  // nobody chose the first one: it is the best match, whichever that is
    for (int row = 0; row < m_model->rowCount(); ++row)
        if (m_model->at(row)->title == title && m_model->at(row)->category == category)
            return m_list->setCurrentIndex(m_model->index(row));
}

void CommandPalette::popUp() {
    m_before = window()->focusWidget();
    m_model->setEntries(entries());
    m_field->clear();
    const int width = qMin(m_theme.ipx(620), parentWidget()->width() - m_theme.ipx(80));
    setGeometry((parentWidget()->width() - width) / 2, m_theme.ipx(64), width, m_theme.ipx(120));
    show();
    raise();
    m_field->setFocus(Qt::PopupFocusReason);
    typed({});
}

void CommandPalette::typed(const QString& text) {
    m_model->filter(text);
    const int rows = qBound(1, m_model->rowCount(), 11);
    resize(width(), qMin(m_field->sizeHint().height() + m_theme.ipx(36) + rows * m_theme.ipx(36),
                         parentWidget()->height() - m_theme.ipx(120)));
    if (m_model->rowCount() > 0) m_list->setCurrentIndex(m_model->index(0));
}

void CommandPalette::move(int by) {
    const int count = m_model->rowCount();
    if (count == 0) return;
    const int row = (m_list->currentIndex().row() + by + count) % count;
    m_list->setCurrentIndex(m_model->index(row));
}

void CommandPalette::run(int row) {
    const PaletteEntry* entry = m_model->at(row);
    if (!entry) return;
    const QPointer<QAction> action = entry->action;
    const Location target = entry->target;
    hide();
    if (m_before) m_before->setFocus();
    if (action)
        action->trigger();
    else if (!target.page.isEmpty())
        emit goTo(target);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::FocusOut && isVisible() && window()->isActiveWindow()) hide();
    if (event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
    switch (static_cast<QKeyEvent*>(event)->key()) {
        case Qt::Key_Down:
            move(1);
            return true;
        case Qt::Key_Up:
            move(-1);
            return true;
        case Qt::Key_PageDown:
            move(8);
            return true;
        case Qt::Key_PageUp:
            move(-8);
            return true;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            run(m_list->currentIndex().row());
            return true;
        case Qt::Key_Escape:
            hide();
            if (m_before) m_before->setFocus();
            return true;
        default:
            return false;
    }
}

}  // namespace qd::shell
