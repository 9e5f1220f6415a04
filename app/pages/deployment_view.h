#pragma once

#include <QTimer>
#include <set>
#include <string>

#include "app/pages/workbench.h"
#include "app/views/rollout_view.h"

namespace qd::pages {

// One Deployment: its roll-out, its Pods, and what can be done with it.
class DeploymentView : public QWidget {
    Q_OBJECT
public:
    explicit DeploymentView(const Context& context, QWidget* parent = nullptr);
    void setDeployment(const QString& space, const QString& name);
    Workbench& bench() { return *m_bench; }

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void refreshSoon();
    void refresh();
    bool isOurs(const api::Object& pod) const;
    void actOnDeployment();

    Context m_context;
    views::RolloutView* m_picture;
    Workbench* m_bench;
    QTimer m_soon;
    QTimer m_ages;
    std::string m_space;
    std::string m_name;
    std::string m_uid;
    std::set<std::string> m_sets;  // UIDs of its ReplicaSets
};

}  // namespace qd::pages
