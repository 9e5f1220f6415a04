#pragma once

#include <QTimer>

#include "app/pages/workbench.h"
#include "app/shell/page.h"
#include "app/views/nodes_view.h"

namespace qd::pages {

// The nodes: how full they are and what runs where.
class NodesPage : public shell::Page {
    Q_OBJECT
public:
    explicit NodesPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;

private:
    void refresh();

    Context m_context;
    views::NodesView* m_picture;
    Workbench* m_bench;
    QTimer m_soon;
};

// The cards of all nodes of a cluster at this moment.
views::NodesModel nodesModel(const Context& context);

}  // namespace qd::pages
