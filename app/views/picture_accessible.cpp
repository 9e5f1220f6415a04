#include "app/views/picture_accessible.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QPointer>
#include <unordered_map>

#include "app/views/picture.h"

namespace qd::views {

namespace {

// One tile. It finds its tile by id each time it is asked, and says so when the tile has gone.
class TileInterface final : public QAccessibleInterface, public QAccessibleActionInterface {
public:
    TileInterface(Picture& picture, QString id) : m_picture(&picture), m_id(std::move(id)) {}
    const QString& id() const { return m_id; }

    bool isValid() const override { return tile() != nullptr; }
    QObject* object() const override { return nullptr; }
    QAccessibleInterface* parent() const override { return QAccessible::queryAccessibleInterface(m_picture.data()); }
    QAccessibleInterface* child(int) const override { return nullptr; }
    QAccessibleInterface* childAt(int, int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    QAccessible::Role role() const override { return QAccessible::ListItem; }
    QString text(QAccessible::Text kind) const override {
        const Tile* found = tile();
        return found && kind == QAccessible::Name ? found->spoken : QString();
    }
    void setText(QAccessible::Text, const QString&) override {}
    QRect rect() const override {
        const Tile* found = tile();
        if (!found) return {};
        const QRect local = found->rect.toAlignedRect();
        return {m_picture->mapToGlobal(local.topLeft()), local.size()};
    }
    QAccessible::State state() const override {
        QAccessible::State state;
        state.selectable = true;
        state.focusable = true;
        const bool selected = m_picture && m_picture->selected() == m_id;
        state.selected = selected;
        state.focused = selected && m_picture->hasFocus();
        state.invalid = tile() == nullptr;
        return state;
    }
    void* interface_cast(QAccessible::InterfaceType type) override {
        return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
    }
    QStringList actionNames() const override { return {pressAction()}; }
    void doAction(const QString& name) override {
        if (name == pressAction() && m_picture) m_picture->select(m_id);
    }
    QStringList keyBindingsForAction(const QString&) const override { return {}; }

private:
    const Tile* tile() const { return m_picture ? m_picture->tile(m_id) : nullptr; }

    QPointer<Picture> m_picture;
    QString m_id;
};

class PictureInterface final : public QAccessibleWidget {
public:
    explicit PictureInterface(Picture& picture) : QAccessibleWidget(&picture, QAccessible::List), m_picture(picture) {}
    ~PictureInterface() override {
        for (const auto& [id, child] : m_children) QAccessible::deleteAccessibleInterface(child);
    }

    int childCount() const override { return static_cast<int>(pressable().size()); }
    QAccessibleInterface* child(int index) const override {
        const QVector<QString> ids = pressable();
        return index >= 0 && index < ids.size() ? interfaceOf(ids[index]) : nullptr;
    }
    QAccessibleInterface* childAt(int x, int y) const override {
        const Tile* tile = m_picture.tileAt(m_picture.mapFromGlobal(QPoint(x, y)));
        return tile ? interfaceOf(tile->id) : nullptr;
    }
    int indexOfChild(const QAccessibleInterface* child) const override {
        const auto* tile = dynamic_cast<const TileInterface*>(child);
        return tile ? static_cast<int>(pressable().indexOf(tile->id())) : -1;
    }
    QAccessibleInterface* focusChild() const override {
        return m_picture.tile(m_picture.selected()) ? interfaceOf(m_picture.selected()) : nullptr;
    }

private:
    QVector<QString> pressable() const {
        QVector<QString> ids;
        for (const Tile& tile : m_picture.tiles())
            if (tile.pressable) ids.push_back(tile.id);
        return ids;
    }
    QAccessibleInterface* interfaceOf(const QString& id) const {
        const std::string key = id.toStdString();
        const auto found = m_children.find(key);
        if (found != m_children.end()) return QAccessible::accessibleInterface(found->second);
        auto* made = new TileInterface(m_picture, id);
        m_children.emplace(key, QAccessible::registerAccessibleInterface(made));
        return made;
    }

    Picture& m_picture;
    mutable std::unordered_map<std::string, QAccessible::Id> m_children;
};

QAccessibleInterface* factory(const QString&, QObject* object) {
    auto* picture = qobject_cast<Picture*>(object);
    return picture ? new PictureInterface(*picture) : nullptr;
}

}  // namespace

void installPictureAccessibility() {
    static const bool installed = [] {
        QAccessible::installFactory(&factory);
        return true;
    }();
    Q_UNUSED(installed)
}

void announceSelection(Picture& picture) {
    if (!QAccessible::isActive()) return;
    QAccessibleEvent event(&picture, QAccessible::Selection);
    QAccessible::updateAccessibility(&event);
}

}  // namespace qd::views
