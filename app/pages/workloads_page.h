#pragma once

#include "app/pages/deployment_view.h"
#include "app/pages/kind_page.h"

namespace qd::pages {

// Everything that runs Pods, and what scales and spares them; and one Deployment with its roll-out.
class WorkloadsPage : public KindPage {
    Q_OBJECT
public:
    explicit WorkloadsPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;

private:
    DeploymentView* m_deployment;
};

}  // namespace qd::pages
