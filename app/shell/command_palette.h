#pragma once

#include <QAbstractListModel>
#include <QFrame>
#include <QLineEdit>
#include <QListView>
#include <QPointer>
#include <QTimer>
#include <functional>

#include "app/actions/action_registry.h"
#include "app/shell/fuzzy.h"
#include "app/shell/location.h"
#include "app/shell/theme.h"

namespace qd::shell {

// Something that can be run or gone to from the palette.
struct PaletteEntry {
    QString title;
    QString category;
    QString shortcut = {};
    QString icon = {};
    QPointer<QAction> action = {};  // or, when null:
    Location target = {};
};

// The entries that match what was typed, the best first.
class PaletteModel : public QAbstractListModel {
    Q_OBJECT
public:
    using QAbstractListModel::QAbstractListModel;
    enum Role { CategoryRole = Qt::UserRole, ShortcutRole, IconRole, MatchRole };
    void setEntries(QVector<PaletteEntry> entries);
    void filter(const QString& typed);
    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    const PaletteEntry* at(int row) const;
    // Longer lists are cut: nobody reads further.
    static constexpr int kMost = 60;

private:
    struct Shown {
        int entry;
        FuzzyMatch match;
    };
    QVector<PaletteEntry> m_entries;
    QVector<Shown> m_shown;
};

// Ctrl K: type a few letters of a command, a page or an object, and press Enter.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    CommandPalette(const Theme& theme, const actions::ActionRegistry& registry, QWidget* window);
    // Objects to go to, asked for at each opening and whenever they change while it is open.
    void setObjects(std::function<QVector<PaletteEntry>()> objects) { m_objects = std::move(objects); }
    void objectsChanged();
    void popUp();
    PaletteModel& model() { return *m_model; }

signals:
    void goTo(const qd::shell::Location& target);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void run(int row);
    void typed(const QString& text);
    void move(int by);
    QVector<PaletteEntry> commands() const;
    QVector<PaletteEntry> entries() const;
    void refresh();

    const Theme& m_theme;
    const actions::ActionRegistry& m_registry;
    std::function<QVector<PaletteEntry>()> m_objects;
    PaletteModel* m_model;
    QLineEdit* m_field;
    QListView* m_list;
    QPointer<QWidget> m_before;  // had the focus
    QTimer* m_refresh;           // many changes make one new list
};

}  // namespace qd::shell

Q_DECLARE_METATYPE(qd::shell::FuzzyMatch)
