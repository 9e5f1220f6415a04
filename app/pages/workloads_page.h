#pragma once

#include <QStackedWidget>
#include <QTabBar>

#include "app/pages/deployment_view.h"
#include "app/pages/workbench.h"
#include "app/shell/page.h"

namespace qd::pages {

// Deployments and Pods, and one Deployment with its roll-out.
class WorkloadsPage : public shell::Page {
    Q_OBJECT
public:
    explicit WorkloadsPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    QVector<shell::Crumb> crumbs() const override;
    void setNamespace(const QString& name) override;

private:
    Workbench* makeList(const QString& name, const bridge::Resource& resource, QVector<models::Column> columns,
                        const QString& title, const QString& empty);
    void openObject(const api::ObjectPtr& object);

    Context m_context;
    QStackedWidget* m_stack;
    Workbench* m_deployments;
    Workbench* m_pods;
    DeploymentView* m_deployment;
    shell::Location m_location;
};

}  // namespace qd::pages
