#pragma once

#include <QLabel>
#include <QTimer>

#include "app/pages/context.h"
#include "app/pages/object_header.h"
#include "app/pages/resource_table.h"
#include "app/shell/page.h"
#include "app/views/nodes_view.h"

class QScrollArea;

namespace qd::pages {

// The whole cluster at a glance: nodes with everything on them, the Deployments, and what happened lately.
class OverviewPage : public shell::Page {
    Q_OBJECT
public:
    explicit OverviewPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    void setNamespace(const QString& name) override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void fitNodes();
    QWidget* titled(const QString& title, ResourceTable* table);

    Context m_context;
    ObjectHeader* m_header;
    QScrollArea* m_scroll;
    views::NodesView* m_nodes;
    ResourceTable* m_deployments;
    ResourceTable* m_events;
    QTimer m_soon;
};

}  // namespace qd::pages
