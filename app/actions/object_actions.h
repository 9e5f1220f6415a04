#pragma once

#include <QMenu>
#include <QObject>
#include <QPointer>

#include "app/actions/action_registry.h"
#include "app/actions/rollback.h"
#include "app/models/live_objects.h"
#include "app/shell/location.h"
#include "cluster/base/time.h"

namespace qd::actions {

// What can be done with the object that is chosen: the same actions in menus, buttons and the palette, enabled by its
// kind and state. Requests go out at once; their outcome is told by `done`.
class ObjectActions : public QObject {
    Q_OBJECT
public:
    ObjectActions(ActionRegistry& registry, models::Inventory& inventory, const base::Clock& clock, QWidget* window);
    // What the actions act on from now; null disables them all.
    void setObject(const api::ObjectPtr& object);
    // Those that the object has, in the order of a context menu.
    void fill(QMenu& menu) const;
    QAction* find(const QString& id) const { return m_registry.find(id); }

signals:
    void done(const QString& text, bool failed);
    void goTo(const qd::shell::Location& location);
    void yamlWanted();
    void enlargeWanted();
    void logsWanted();
    void shellWanted();

private:
    void create();
    void enable();
    bridge::ObjectKey key() const;
    QString label() const;
    void askScale();
    void scaleTo(int replicas);
    void restart();
    void setPaused(bool paused);
    void askUndo();
    void undoTo(const EarlierRevision& revision);
    bool hasEarlierRevision();
    void setSuspended(bool suspended);
    void runNow();
    void setCordoned(bool cordoned);
    void askDelete();
    void remove(const bridge::ObjectKey& target, const QString& name);
    void patch(bridge::PatchType type, const std::string& json, const QString& success);
    void open();

    ActionRegistry& m_registry;
    models::Inventory& m_inventory;
    const base::Clock& m_clock;
    QWidget* m_window;
    api::ObjectPtr m_object;
    bool m_followsRevisions = false;
};

// Where the window shows an object (places.h), or the Deployment that a ReplicaSet belongs to; for an Event where it
// shows what the Event is about. An empty page when it has no place.
shell::Location locationOf(models::Inventory& inventory, const api::Object& object);
shell::Location locationOf(models::Inventory& inventory, std::string_view kind, const std::string& space,
                           const std::string& name);

// What goes along when the object is deleted, in a sentence for the question before.
QString whatGoesWith(const models::Inventory& inventory, const api::Object& object);

}  // namespace qd::actions
