// The composition root of the window: makes the parts, connects them, and keeps them in the order in which they must
// go.
#pragma once

#include <QApplication>
#include <QMenu>
#include <QSettings>
#include <QTranslator>
#include <memory>
#include <optional>

#include "app/actions/action_registry.h"
#include "app/bridge/cluster_host.h"
#include "app/pages/clusters_page.h"
#include "app/pages/workspace.h"
#include "app/shell/desktop_settings.h"
#include "app/shell/main_window.h"
#include "app/shell/theme.h"
#include "app/shell/tray.h"
#include "cluster/base/executor.h"

namespace qd::app {

class Application : public QObject {
    Q_OBJECT
public:
    // The executor outlives it, has threads that may wait, and is for requests. `host` may be null: then there is no
    // page of clusters, only what open() is given.
    Application(QApplication& qt, base::Executor& executor, std::unique_ptr<bridge::ClusterHost> host);
    ~Application() override;

    shell::MainWindow& window() { return m_window; }
    // Shows the cluster in the place of the one that is open.
    void open(std::unique_ptr<bridge::ClusterSession> session);
    // Shows no cluster any more.
    void close();
    // Its kubeconfig can be exported from now on.
    void setKubeconfig(const client::KubeconfigEntry& entry) { m_kubeconfig = entry; }
    void show();

private:
    void createActions();
    void connectWindow();
    void connectHost();
    void openByName(const QString& name);
    void applyYaml(const QString& name, const QByteArray& text);
    void exportKubeconfig();
    void followTray();
    void setTheme(shell::DesktopSettings::Choice choice);

    base::SystemClock m_clock;
    base::Executor& m_executor;
    QTranslator m_words;
    QSettings m_settings;
    shell::Theme m_theme;
    shell::DesktopSettings m_desktop;
    actions::ActionRegistry m_registry;
    shell::MainWindow m_window;
    shell::Tray* m_tray;
    std::unique_ptr<bridge::ClusterHost> m_host;
    pages::ClustersPage* m_clusters = nullptr;
    QMenu m_switcher;
    std::unique_ptr<pages::Workspace> m_workspace;
    std::optional<client::KubeconfigEntry> m_kubeconfig;
};

}  // namespace qd::app
