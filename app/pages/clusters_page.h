#pragma once

#include <QLabel>
#include <QMenu>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "app/actions/action_registry.h"
#include "app/bridge/cluster_host.h"
#include "app/pages/object_header.h"
#include "app/pages/operation_view.h"
#include "app/shell/page.h"

namespace qd::pages {

// The clusters of this machine: make one, start, open, suspend, remove. The only page while none is open.
class ClustersPage : public shell::Page {
    Q_OBJECT
public:
    ClustersPage(const shell::Theme& theme, actions::ActionRegistry& registry, bridge::ClusterHost& host,
                 QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    // Fills a menu for the cluster switcher.
    void fill(QMenu& menu);

signals:
    void openWanted(const QString& name);
    void notify(const QString& text, bool failed);

private:
    QWidget* makeEmpty();
    QWidget* makeCard(const bridge::ClusterInfo& info);
    void fillCards();
    void askCreate();
    void askRemove(const QString& name);
    void run(std::unique_ptr<bridge::Operation> operation, const QString& openAfterwards = {});

    const shell::Theme& m_theme;
    bridge::ClusterHost& m_host;
    QAction* m_create;
    ObjectHeader* m_header;
    QStackedWidget* m_stack;
    QWidget* m_list;
    QVBoxLayout* m_cards;
    OperationView* m_operation;
    QString m_openAfterwards;
};

}  // namespace qd::pages
