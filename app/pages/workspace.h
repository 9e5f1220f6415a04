// Everything that belongs to one open cluster: what is known of it, its pages, its actions, and what the rail and the
// top bar say about it. Opening another cluster makes another one.
#pragma once

#include <QObject>
#include <QSettings>
#include <memory>

#include "app/actions/object_actions.h"
#include "app/models/live_objects.h"
#include "app/pages/context.h"
#include "app/shell/main_window.h"

namespace qd::pages {

class Workspace : public QObject {
    Q_OBJECT
public:
    Workspace(const shell::Theme& theme, actions::ActionRegistry& registry, QSettings& settings,
              const base::Clock& clock, shell::MainWindow& window, std::unique_ptr<bridge::ClusterSession> session);
    ~Workspace() override;

    bridge::ClusterSession& session() { return *m_session; }
    // Objects for the command palette.
    QVector<shell::PaletteEntry> objects() const;

private:
    void addPages();
    void addPage(shell::Page* page);
    void showStatus();
    void showNamespaces();

    shell::MainWindow& m_window;
    std::unique_ptr<bridge::ClusterSession> m_session;
    std::unique_ptr<models::Inventory> m_inventory;
    actions::ObjectActions* m_actions;
    Context m_context;
    QStringList m_pages;  // their ids
};

}  // namespace qd::pages
