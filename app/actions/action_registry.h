// Every command of the application, once: menus, buttons, context menus and the command palette show the same QAction,
// so that it has one name, one shortcut and one condition everywhere.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QVector>
#include <functional>

namespace qd::actions {

struct ActionSpec {
    QString id;        // object name, e.g. "cluster.create"
    QString text;      // what it does, as a verb: "Create cluster…"
    QString category;  // where the palette files it: "Clusters"
    QString icon;      // of resources/icons
    QKeySequence shortcut = {};
    bool danger = false;  // deletes or stops something: asks once before
    int rank = 2;  // where the palette lists it: 0 about what is chosen, 1 about the cluster, 2 anything, 3 the window
};

class ActionRegistry : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    // Adds the command; `run` is called on the Qt thread and only starts work, it never waits for it.
    QAction* add(const ActionSpec& spec, QObject* context, std::function<void()> run);
    // The command with this id; null when there is none.
    QAction* find(const QString& id) const;
    const QVector<QAction*>& all() const { return m_actions; }

    static QString category(const QAction& action);
    static QString icon(const QAction& action);
    static bool isDanger(const QAction& action);
    static int rank(const QAction& action);

signals:
    void added(QAction* action);

private:
    void forget(QObject* action);
    QVector<QAction*> m_actions;
};

}  // namespace qd::actions
