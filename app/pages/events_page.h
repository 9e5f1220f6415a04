#pragma once

#include "app/pages/workbench.h"
#include "app/shell/page.h"

namespace qd::pages {

// What the cluster's parts said lately, the newest first.
class EventsPage : public shell::Page {
    Q_OBJECT
public:
    explicit EventsPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    void setNamespace(const QString& name) override;

private:
    Workbench* m_bench;
};

}  // namespace qd::pages
