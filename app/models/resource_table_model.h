// The one table that all lists are: rows are the live objects of a kind, columns are functions of an object.
//
// Cells are computed when somebody looks at them, sort keys once for each change of a row; so 50,000 rows cost what is
// seen of them. Ages
// need no event to grow: the model is asked again whenever the view repaints.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QVector>
#include <functional>
#include <unordered_map>

#include "app/models/live_objects.h"
#include "app/views/state.h"
#include "cluster/base/time.h"

namespace qd::models {

// How a column is painted. Object: the kind muted, then the name. Tiles: the states of what belongs to the row. Feed:
// two lines, head and tail above the text.
enum class CellKind { Name, Text, Muted, State, Number, Object, Tiles, Feed };

struct Cell {
    QString text;
    QVariant sort = {};  // empty: the text
    views::State state = views::State::Empty;
    QString toolTip = {};
    QString head = {};                 // Object: the kind; Feed: what happened to whom
    QString tail = {};                 // Feed: when
    QVector<views::State> tiles = {};  // Tiles

    bool operator==(const Cell&) const = default;
};

struct Column {
    QString title;
    CellKind kind = CellKind::Text;
    int width = 120;  // at the usual text size
    std::function<Cell(const api::Object&, base::WallTime)> cell;
    QString widest = {};  // a text that must fit, in whichever font the desktop has
    int yields = 0;       // where there is no room for all, columns hide, the highest number first; 0: never
    bool ages = false;    // its text changes with the time alone
    std::vector<LiveObjects*> reads = {};  // other kinds that its cells tell of
};

class ResourceTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { SortRole = Qt::UserRole, StateRole, KindRole, UidRole, NamespaceRole, FilterRole };

    ResourceTableModel(LiveObjects& objects, QVector<Column> columns, const base::Clock& clock,
                       QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    const QVector<Column>& columns() const { return m_columns; }
    // The cell as it is now; the index is one of this model.
    Cell cell(const QModelIndex& index) const;
    LiveObjects& objects() { return m_objects; }
    api::ObjectPtr objectAt(int row) const;
    int rowOf(const std::string& uid) const;  // -1 when there is none

private:
    struct Row {
        api::ObjectPtr object;
        mutable QVector<QVariant> sortKeys;  // filled when first asked for
    };
    void take(const std::vector<Change>& changes);
    void removeRowsOf(std::vector<int>& rows);
    QVariant sortKey(const Row& row, int column) const;

    LiveObjects& m_objects;
    QVector<Column> m_columns;
    const base::Clock& m_clock;
    std::vector<Row> m_rows;
    std::unordered_map<std::string, int> m_rowByUid;
    std::vector<std::pair<int, int>> m_going;  // first row and count of what has gone since m_rowByUid was right
};

// Sorting, the namespace, and the words of the filter field (each must occur in the row's name, namespace or cells).
class ResourceTableProxy : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit ResourceTableProxy(QObject* parent = nullptr);
    void setNamespace(const QString& name);
    void setWords(const QString& words);
    // Only objects for which it is true; null for all.
    void setCondition(std::function<bool(const api::Object&)> condition);
    // What the condition asks beyond the object itself has changed.
    void refilter() { invalidateRowsFilter(); }
    api::ObjectPtr objectAt(const QModelIndex& index) const;
    Cell cell(const QModelIndex& index) const;

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QString m_namespace;
    QStringList m_words;
    std::function<bool(const api::Object&)> m_condition;
};

}  // namespace qd::models
