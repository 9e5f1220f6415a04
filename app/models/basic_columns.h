// What the columns of several kinds are made of.
#pragma once

#include "app/models/resource_table_model.h"
#include "app/models/words.h"

namespace qd::models {

// A column over objects of one kind; of another kind its cells are empty.
template <typename T, typename Function>
Column column(const QString& title, CellKind kind, int width, Function cell) {
    return {title, kind, width, [cell = std::move(cell)](const api::Object& object, base::WallTime now) {
                const T* typed = api::objectAs<T>(object);
                return typed ? Cell(cell(*typed, now)) : Cell();
            }};
}

Column nameColumn(const QString& title, int width = 260);
Column namespaceColumn();
Column ageColumn();

// The same column, hidden this readily where there is no room for all; and with a text that must always fit.
Column yielding(Column column, int yields);
Column fitting(Column column, const QString& widest);

// The states of the Pods, ready ones first, and as many empty places as are wanted and not there.
QVector<views::State> podTiles(const std::vector<api::ObjectPtr>& pods, int wanted, base::WallTime now);

// A word for what is wrong and what to do, as a tool tip.
QString tipOf(const QString& what, const QString& remedy);

}  // namespace qd::models
