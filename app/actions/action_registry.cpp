#include "app/actions/action_registry.h"

namespace qd::actions {

namespace {
constexpr char kCategory[] = "qdCategory";
constexpr char kIcon[] = "qdIcon";
constexpr char kDanger[] = "qdDanger";
constexpr char kRank[] = "qdRank";
}  // namespace

QAction* ActionRegistry::add(const ActionSpec& spec, QObject* context, std::function<void()> run) {
    auto* action = new QAction(spec.text, context);
    action->setObjectName(spec.id);
    action->setShortcut(spec.shortcut);
    action->setProperty(kCategory, spec.category);
    action->setProperty(kIcon, spec.icon);
    action->setProperty(kDanger, spec.danger);
    action->setProperty(kRank, spec.rank);
    connect(action, &QAction::triggered, context, [run = std::move(run)] { run(); });
    connect(action, &QObject::destroyed, this, &ActionRegistry::forget);
    m_actions.push_back(action);
    emit added(action);
    return action;
}

QAction* ActionRegistry::find(const QString& id) const {
    for (QAction* action : m_actions)
        if (action->objectName() == id) return action;
    return nullptr;
}

void ActionRegistry::forget(QObject* action) {
    m_actions.removeIf([action](QAction* known) { return static_cast<QObject*>(known) == action; });
}

QString ActionRegistry::category(const QAction& action) {
    return action.property(kCategory).toString();
}
QString ActionRegistry::icon(const QAction& action) {
    return action.property(kIcon).toString();
}
int ActionRegistry::rank(const QAction& action) {
    return action.property(kRank).toInt();
}
bool ActionRegistry::isDanger(const QAction& action) {
    return action.property(kDanger).toBool();
}

}  // namespace qd::actions
