#include "app/models/basic_columns.h"

#include <QCoreApplication>
#include <algorithm>

#include "app/models/pod_summary.h"

namespace qd::models {

using base::WallTime;

namespace {

struct Columns {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Columns)
};

constexpr int kMostTiles = 64;  // empty places beyond these say nothing more

}  // namespace

Column nameColumn(const QString& title, int width) {
    return {title, CellKind::Name, width,
            [](const api::Object& object, WallTime) { return Cell{toQString(object.metadata.name)}; }};
}

Column namespaceColumn() {
    Column column{Columns::tr("Namespace"), CellKind::Muted, 120,
                  [](const api::Object& object, WallTime) { return Cell{toQString(object.metadata.namespace_)}; }};
    column.yields = 3;
    return column;
}

Column ageColumn() {
    Column column{Columns::tr("Age"), CellKind::Muted, 80, [](const api::Object& object, WallTime now) {
                      // The younger, the smaller.
                      return Cell{ageText(object.metadata.creationTimestamp, now),
                                  QVariant::fromValue<qlonglong>(-object.metadata.creationTimestamp.unixSeconds())};
                  }};
    column.ages = true;
    column.widest = lengthText(std::chrono::minutes(59));
    return column;
}

Column yielding(Column column, int yields) {
    column.yields = yields;
    return column;
}

Column fitting(Column column, const QString& widest) {
    column.widest = widest;
    return column;
}

QVector<views::State> podTiles(const std::vector<api::ObjectPtr>& pods, int wanted, WallTime now) {
    QVector<views::State> tiles;
    for (const api::ObjectPtr& object : pods)
        if (const auto* pod = api::objectAs<corev1::Pod>(*object)) tiles.push_back(summarize(*pod, now).state);
    std::sort(tiles.begin(), tiles.end());
    const auto places = qBound(0, wanted, kMostTiles);
    while (tiles.size() < places) tiles.push_back(views::State::Empty);
    return tiles;
}

QString tipOf(const QString& what, const QString& remedy) {
    return remedy.isEmpty() ? what : what + u'\n' + remedy;
}

}  // namespace qd::models
