#include "app/application.h"

#include "app/models/words.h"
#include "app/pages/apply_dialog.h"
#include "app/pages/export_dialog.h"

namespace qd::app {

using shell::DesktopSettings;

namespace {
const QString kTranslations = QStringLiteral(":/translations");
const QString kThemeKey = QStringLiteral("window/theme");
}  // namespace

Application::Application(QApplication& qt, base::Executor& executor, std::unique_ptr<bridge::ClusterHost> host)
    : m_executor(executor),
      m_desktop(m_theme),
      m_window(m_theme, m_registry, m_settings),
      m_tray(nullptr),
      m_host(std::move(host)) {
    if (m_words.load(QLocale(), QStringLiteral("quarterdeck"), QStringLiteral("_"), kTranslations) ||
        m_words.load(QStringLiteral("quarterdeck_en"), kTranslations))
        QCoreApplication::installTranslator(&m_words);
    m_theme.applyTo(qt);
    m_desktop.setChoice(static_cast<DesktopSettings::Choice>(m_settings.value(kThemeKey, 0).toInt()));
    m_desktop.follow();
    m_tray = new shell::Tray(m_theme, m_registry, m_window);
    createActions();
    connectWindow();
    if (m_host) connectHost();
}

Application::~Application() {
    m_workspace.reset();
}

void Application::createActions() {
    const QString window = tr("Window");
    const auto q = [](const char* text) { return QString::fromLatin1(text); };
    QAction* apply = m_registry.add(
        {q("cluster.apply"), tr("Apply YAML…"), tr("Cluster"), q("file"), QKeySequence(Qt::CTRL | Qt::Key_O), false, 1},
        this, [this] { applyYaml({}, {}); });
    QAction* exporting = m_registry.add({q("cluster.export"), tr("Export kubeconfig…"), tr("Cluster"), q("export"),
                                         QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E), false, 1},
                                        this, [this] { exportKubeconfig(); });
    m_registry.add({q("window.light"), tr("Use the light theme"), window, q("theme"), {}, false, 3}, this,
                   [this] { setTheme(DesktopSettings::Choice::Light); });
    m_registry.add({q("window.dark"), tr("Use the dark theme"), window, q("theme"), {}, false, 3}, this,
                   [this] { setTheme(DesktopSettings::Choice::Dark); });
    m_registry.add({q("window.desktopTheme"), tr("Use the desktop's theme"), window, q("theme"), {}, false, 3}, this,
                   [this] { setTheme(DesktopSettings::Choice::Desktop); });
    m_window.addActions({apply, exporting});
    for (const char* id : {"cluster.apply", "cluster.export"}) m_registry.find(q(id))->setEnabled(false);
}

void Application::setTheme(DesktopSettings::Choice choice) {
    m_desktop.setChoice(choice);
    m_settings.setValue(kThemeKey, static_cast<int>(choice));
}

void Application::connectWindow() {
    connect(&m_window.topBar().applyButton(), &QPushButton::clicked, this, [this] { applyYaml({}, {}); });
    connect(&m_window, &shell::MainWindow::yamlDropped, this, &Application::applyYaml);
    connect(&m_window.rail().exportButton(), &QPushButton::clicked, this, &Application::exportKubeconfig);
    m_window.rail().switcher().setMenu(&m_switcher);
}

void Application::connectHost() {
    m_clusters = new pages::ClustersPage(m_theme, m_registry, *m_host, &m_window);
    m_window.addPage(m_clusters);
    connect(m_clusters, &pages::ClustersPage::openWanted, this, &Application::openByName);
    connect(m_clusters, &pages::ClustersPage::notify, &m_window, &shell::MainWindow::notify);
    connect(m_host.get(), &bridge::ClusterHost::ending, this, [this](const QString& name) {
        if (m_workspace && m_workspace->session().name() == name) close();
    });
    connect(&m_switcher, &QMenu::aboutToShow, this, [this] {
        m_switcher.clear();
        m_clusters->fill(m_switcher);
    });
}

void Application::openByName(const QString& name) {
    auto session = m_host->open(name);
    if (!session) {
        m_window.notify(tr("%1 cannot be opened: %2").arg(name, models::toQString(session.error().message)), true);
        return;
    }
    if (const auto entry = m_host->kubeconfig(name)) m_kubeconfig = *entry;
    open(std::move(*session));
}

void Application::close() {
    m_workspace.reset();
    m_kubeconfig.reset();
    for (const char* id : {"cluster.apply", "cluster.export"})
        m_registry.find(QString::fromLatin1(id))->setEnabled(false);
    m_tray->setState(views::State::Empty, QStringLiteral("Quarterdeck"));
}

void Application::open(std::unique_ptr<bridge::ClusterSession> session) {
    m_workspace.reset();
    m_workspace =
        std::make_unique<pages::Workspace>(m_theme, m_registry, m_settings, m_clock, m_window, std::move(session));
    connect(&m_workspace->session(), &bridge::ClusterSession::statusChanged, this, &Application::followTray);
    for (const char* id : {"cluster.apply", "cluster.export"})
        m_registry.find(QString::fromLatin1(id))->setEnabled(true);
    followTray();
}

void Application::followTray() {
    const bridge::SessionStatus status = m_workspace->session().status();
    //: Tool tip of the tray icon: the cluster's name and its state.
    m_tray->setState(status.state, tr("%1: %2").arg(m_workspace->session().name(), views::wordFor(status.state)));
}

void Application::applyYaml(const QString& name, const QByteArray& text) {
    if (!m_workspace) {
        m_window.notify(tr("Open a cluster first; then drop the manifests again."), true);
        return;
    }
    auto* dialog =
        new pages::ApplyDialog(m_theme, m_workspace->session(), m_window.topBar().currentNamespace(), &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
    if (!text.isEmpty()) dialog->preview(name, text);
}

void Application::exportKubeconfig() {
    if (!m_kubeconfig) {
        m_window.notify(tr("This cluster's kubeconfig is not known here; it was opened from one."), true);
        return;
    }
    const auto file = client::defaultKubeconfigPath(std::getenv("KUBECONFIG"), std::getenv("HOME"));
    auto* dialog = new pages::ExportDialog(m_theme, *m_kubeconfig, file, m_clock, &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void Application::show() {
    m_tray->start();
    m_window.show();
}

}  // namespace qd::app
