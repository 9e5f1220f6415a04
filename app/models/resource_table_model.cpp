#include "app/models/resource_table_model.h"

#include <algorithm>

#include "app/models/words.h"

namespace qd::models {

ResourceTableModel::ResourceTableModel(LiveObjects& objects, QVector<Column> columns, const base::Clock& clock,
                                       QObject* parent)
    : QAbstractTableModel(parent), m_objects(objects), m_columns(std::move(columns)), m_clock(clock) {
    m_rows.reserve(objects.size());
    for (const auto& [uid, object] : objects.all()) {
        m_rowByUid.emplace(uid, static_cast<int>(m_rows.size()));
        m_rows.push_back({object, {}});
    }
    connect(&objects, &LiveObjects::changed, this, &ResourceTableModel::take);
}

int ResourceTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ResourceTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

api::ObjectPtr ResourceTableModel::objectAt(int row) const {
    return row >= 0 && row < rowCount() ? m_rows[static_cast<std::size_t>(row)].object : nullptr;
}

int ResourceTableModel::rowOf(const std::string& uid) const {
    const auto found = m_rowByUid.find(uid);
    if (found == m_rowByUid.end()) return -1;
    int row = found->second;
    for (const auto& [first, count] : m_going)
        if (found->second > first) row -= count;
    return row;
}

Cell ResourceTableModel::cell(const QModelIndex& index) const {
    if (!index.isValid()) return {};
    return m_columns[index.column()].cell(*m_rows[static_cast<std::size_t>(index.row())].object, m_clock.now());
}

QVariant ResourceTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    const Column& column = m_columns[index.column()];
    switch (role) {
        case KindRole:
            return static_cast<int>(column.kind);
        case UidRole:
            return toQString(row.object->metadata.uid);
        case NamespaceRole:
            return toQString(row.object->metadata.namespace_);
        case SortRole:
            return sortKey(row, index.column());
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::AlignVCenter |
                                       (column.kind == CellKind::Number ? Qt::AlignRight : Qt::AlignLeft));
        case Qt::DisplayRole:
            return cell(index).text;
        case Qt::AccessibleTextRole:
        case FilterRole: {
            const Cell now = cell(index);
            return now.head.isEmpty() ? now.text : QString(now.head + u' ' + now.text);
        }
        case StateRole:
            return static_cast<int>(cell(index).state);
        case Qt::ToolTipRole: {
            const QString toolTip = cell(index).toolTip;
            return toolTip.isEmpty() ? QVariant() : QVariant(toolTip);
        }
        default:
            return {};
    }
}

QVariant ResourceTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= m_columns.size()) return {};
    if (role == Qt::DisplayRole) return m_columns[section].title;
    if (role == Qt::TextAlignmentRole) {
        const bool number = m_columns[section].kind == CellKind::Number;
        return QVariant::fromValue(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    }
    return {};
}

QVariant ResourceTableModel::sortKey(const Row& row, int column) const {
    if (row.sortKeys.isEmpty()) row.sortKeys.resize(m_columns.size());
    QVariant& key = row.sortKeys[column];
    if (!key.isValid()) {
        const Cell cell = m_columns[column].cell(*row.object, m_clock.now());
        key = cell.sort.isValid() ? cell.sort : QVariant(cell.text);
    }
    return key;
}

void ResourceTableModel::take(const std::vector<Change>& changes) {
    std::vector<int> gone;
    std::vector<api::ObjectPtr> added;
    for (const Change& change : changes) {
        const int row = rowOf(change.uid);
        if (!change.after) {
            if (row >= 0) gone.push_back(row);
        } else if (row < 0) {
            added.push_back(change.after);
        } else {
            Row& changed = m_rows[static_cast<std::size_t>(row)];
            changed.object = change.after;
            changed.sortKeys.clear();
            emit dataChanged(index(row, 0), index(row, columnCount() - 1));
        }
    }
    removeRowsOf(gone);
    if (added.empty()) return;
    const int first = rowCount();
    beginInsertRows({}, first, first + static_cast<int>(added.size()) - 1);
    for (const api::ObjectPtr& object : added) {
        m_rowByUid.emplace(object->metadata.uid, static_cast<int>(m_rows.size()));
        m_rows.push_back({object, {}});
    }
    endInsertRows();
}

// Neighbouring rows go in one step; from the end, so that the rows before keep their numbers. The numbers of those
// behind are put right once, after the last step; whoever asks in between is answered by way of m_going.
void ResourceTableModel::removeRowsOf(std::vector<int>& rows) {
    std::sort(rows.begin(), rows.end(), std::greater<>());
    for (std::size_t i = 0; i < rows.size();) {
        std::size_t end = i + 1;
        while (end < rows.size() && rows[end] == rows[end - 1] - 1) ++end;
        const int last = rows[i];
        const int first = rows[end - 1];
        beginRemoveRows({}, first, last);
        for (int row = first; row <= last; ++row)
            m_rowByUid.erase(m_rows[static_cast<std::size_t>(row)].object->metadata.uid);
        m_rows.erase(m_rows.begin() + first, m_rows.begin() + last + 1);
        m_going.push_back({first, last - first + 1});
        endRemoveRows();
        i = end;
    }
    m_going.clear();
    if (rows.empty()) return;
    for (std::size_t row = static_cast<std::size_t>(rows.back()); row < m_rows.size(); ++row)
        m_rowByUid[m_rows[row].object->metadata.uid] = static_cast<int>(row);
}

ResourceTableProxy::ResourceTableProxy(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(ResourceTableModel::SortRole);
    setDynamicSortFilter(true);
}

void ResourceTableProxy::setNamespace(const QString& name) {
    if (name == m_namespace) return;
    m_namespace = name;
    invalidateRowsFilter();
}

void ResourceTableProxy::setWords(const QString& words) {
    m_words = words.split(u' ', Qt::SkipEmptyParts);
    invalidateRowsFilter();
}

void ResourceTableProxy::setCondition(std::function<bool(const api::Object&)> condition) {
    m_condition = std::move(condition);
    invalidateRowsFilter();
}

api::ObjectPtr ResourceTableProxy::objectAt(const QModelIndex& index) const {
    const auto* table = static_cast<const ResourceTableModel*>(sourceModel());
    return table ? table->objectAt(mapToSource(index).row()) : nullptr;
}

Cell ResourceTableProxy::cell(const QModelIndex& index) const {
    const auto* table = static_cast<const ResourceTableModel*>(sourceModel());
    return table ? table->cell(mapToSource(index)) : Cell();
}

bool ResourceTableProxy::filterAcceptsRow(int row, const QModelIndex&) const {
    const auto* table = static_cast<const ResourceTableModel*>(sourceModel());
    const api::ObjectPtr object = table->objectAt(row);
    if (!m_namespace.isEmpty() && toQString(object->metadata.namespace_) != m_namespace) return false;
    if (m_condition && !m_condition(*object)) return false;
    return std::all_of(m_words.begin(), m_words.end(), [&](const QString& word) {
        for (int column = 0; column < table->columnCount(); ++column)
            if (table->index(row, column)
                    .data(ResourceTableModel::FilterRole)
                    .toString()
                    .contains(word, Qt::CaseInsensitive))
                return true;
        return false;
    });
}

bool ResourceTableProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(ResourceTableModel::SortRole);
    const QVariant b = right.data(ResourceTableModel::SortRole);
    if (a.typeId() == QMetaType::QString) return a.toString() < b.toString();
    return QVariant::compare(a, b) == QPartialOrdering::Less;
}

}  // namespace qd::models
