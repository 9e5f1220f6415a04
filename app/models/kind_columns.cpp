#include "app/models/kind_columns.h"

#include <QCoreApplication>

#include "app/bridge/resources.h"
#include "app/models/basic_columns.h"
#include "app/models/object_state.h"
#include "cluster/api/kinds/kind.h"

namespace qd::models {

using base::WallTime;

namespace {

struct KindColumns {
    Q_DECLARE_TR_FUNCTIONS(qd::models::KindColumns)
};

constexpr int kWide = 8;  // what kubectl shows with -o wide goes first where there is no room

const api::Kind* kindOf(std::string_view apiVersion, std::string_view kind) {
    const std::size_t slash = apiVersion.find('/');
    const bool core = slash == std::string_view::npos;
    return api::builtinKind(core ? "" : apiVersion.substr(0, slash), core ? apiVersion : apiVersion.substr(slash + 1),
                            kind);
}

// What the window's own columns say better.
bool isOurs(const api::Kind& kind, const std::string& column) {
    return column == "Name" || column == "Namespace" || column == "Age" || (column == "Status" && hasState(kind.kind));
}

// kubectl's "<none>", "<unset>" and "<unknown>" stand for nothing where an empty cell says as much.
QString plainText(const std::string& text) {
    return text.starts_with('<') && text.ends_with('>') ? QString() : toQString(text);
}

Cell cellOf(const api::Cell& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        Cell cell{plainText(*text)};
        cell.toolTip = cell.text;
        return cell;
    }
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return {QString::number(*number), QVariant::fromValue<qlonglong>(*number)};
    if (const auto* number = std::get_if<double>(&value)) return {QString::number(*number), *number};
    if (const auto* truth = std::get_if<bool>(&value)) return {*truth ? KindColumns::tr("yes") : KindColumns::tr("no")};
    return {};
}

//: Titles of columns as kubectl has them: translated where a translation knows them.
QString titleOf(const api::Column& column) {
    return QCoreApplication::translate("qd::models::KindColumns", column.name.c_str());
}

Column fromKind(const api::Kind& kind, std::size_t place) {
    const api::Column& shown = kind.columns[place];
    const bool number = shown.type == "integer" || shown.type == "number";
    Column made{titleOf(shown), number ? CellKind::Number : CellKind::Text, number ? 86 : 130,
                [&kind, place](const api::Object& object, WallTime now) {
                    const std::vector<api::Cell> cells = kind.cells(object, now);
                    return place < cells.size() ? cellOf(cells[place]) : Cell();
                }};
    made.ages = shown.name == "Duration" || shown.name == "Last Schedule";
    if (shown.priority > 0) {
        made.kind = CellKind::Muted;
        made.yields = kWide;
    } else {
        // The later, the less it tells.
        made.yields = 2 + static_cast<int>(place) % 4;
    }
    return made;
}

Column stateColumn(Inventory& inventory, std::string_view kind) {
    Column column{KindColumns::tr("State"), CellKind::State, 150,
                  [&inventory](const api::Object& object, WallTime now) {
                      const ObjectState state = stateOf(inventory, object, now);
                      return Cell{state.word, {}, state.state, tipOf(state.why, state.remedy)};
                  }};
    if (ownsPods(kind)) {
        column.reads = {&inventory.objects(bridge::kPods)};
        column.widest = QStringLiteral("CrashLoopBackOff");
    }
    return column;
}

Column podsColumn(Inventory& inventory) {
    Column pods{KindColumns::tr("Pods"), CellKind::Tiles, 170, [&inventory](const api::Object& object, WallTime now) {
                    const int wanted = wantedPods(object).value_or(0);
                    const ObjectState state = stateOf(inventory, object, now);
                    Cell cell{{}, wanted, state.state, state.why};
                    cell.tiles = podTiles(inventory.objects(bridge::kPods).ownedBy(object.metadata.uid), wanted, now);
                    return cell;
                }};
    pods.reads = {&inventory.objects(bridge::kPods)};
    return pods;
}

}  // namespace

QVector<Column> kindColumns(Inventory& inventory, const bridge::Resource& resource) {
    QVector<Column> columns{nameColumn(toQString(resource.kind), 230)};
    if (resource.namespaced) columns.push_back(namespaceColumn());
    if (hasState(resource.kind)) columns.push_back(stateColumn(inventory, resource.kind));
    if (ownsPods(resource.kind)) columns.push_back(podsColumn(inventory));
    if (const api::Kind* kind = kindOf(resource.apiVersion, resource.kind); kind && kind->cells)
        for (std::size_t place = 0; place < kind->columns.size(); ++place)
            if (!isOurs(*kind, kind->columns[place].name)) columns.push_back(fromKind(*kind, place));
    columns.push_back(ageColumn());
    return columns;
}

QVector<std::pair<QString, QString>> kindFacts(const api::Object& object, WallTime now) {
    QVector<std::pair<QString, QString>> facts;
    const api::Kind* kind = kindOf(object.apiVersion(), object.kind());
    if (!kind || !kind->cells) return facts;
    const std::vector<api::Cell> cells = kind->cells(object, now);
    for (std::size_t place = 0; place < std::min(cells.size(), kind->columns.size()); ++place) {
        const api::Column& shown = kind->columns[place];
        const QString text = cellOf(cells[place]).text;
        if (!isOurs(*kind, shown.name) && !text.isEmpty()) facts.push_back({titleOf(shown), text});
    }
    return facts;
}

}  // namespace qd::models
