#include "app/pages/workspace.h"

#include <QLocale>

#include "app/actions/places.h"
#include "app/bridge/resources.h"
#include "app/models/words.h"
#include "app/pages/configuration_page.h"
#include "app/pages/events_page.h"
#include "app/pages/network_page.h"
#include "app/pages/nodes_page.h"
#include "app/pages/overview_page.h"
#include "app/pages/storage_page.h"
#include "app/pages/workloads_page.h"

namespace qd::pages {

Workspace::Workspace(const shell::Theme& theme, actions::ActionRegistry& registry, QSettings& settings,
                     const base::Clock& clock, shell::MainWindow& window,
                     std::unique_ptr<bridge::ClusterSession> session)
    : m_window(window),
      m_session(std::move(session)),
      m_inventory(std::make_unique<models::Inventory>(*m_session)),
      m_actions(new actions::ObjectActions(registry, *m_inventory, clock, &window)),
      m_context{theme, *m_inventory, clock, *m_actions, settings} {
    addPages();
    connect(m_actions, &actions::ObjectActions::done, &window, &shell::MainWindow::notify);
    connect(m_actions, &actions::ObjectActions::goTo, &window, &shell::MainWindow::goTo);
    connect(m_session.get(), &bridge::ClusterSession::statusChanged, this, &Workspace::showStatus);
    models::LiveObjects& namespaces = m_inventory->objects(bridge::kNamespaces);
    connect(&m_inventory->objects(bridge::kNodes), &models::LiveObjects::changed, this, &Workspace::showStatus);
    connect(&namespaces, &models::LiveObjects::changed, this, &Workspace::showNamespaces);
    for (const actions::Place& place : actions::places())
        if (place.searched)
            connect(&m_inventory->objects(*place.resource), &models::LiveObjects::changed, &window.palette(),
                    &shell::CommandPalette::objectsChanged);
    window.palette().setObjects([this] { return objects(); });
    window.topBar().setClusterOpen(true);
    showStatus();
    showNamespaces();
    window.goTo({QStringLiteral("overview")});
}

Workspace::~Workspace() {
    m_window.palette().setObjects(nullptr);
    m_window.topBar().setClusterOpen(false);
    m_window.rail().setFoot({}, {});
    m_window.rail().switcher().setSummary({});
    for (const QString& page : std::as_const(m_pages)) m_window.removePage(page);
    delete m_actions;
}

void Workspace::addPages() {
    addPage(new OverviewPage(m_context, &m_window));
    addPage(new WorkloadsPage(m_context, &m_window));
    addPage(new NetworkPage(m_context, &m_window));
    addPage(new StoragePage(m_context, &m_window));
    addPage(new ConfigurationPage(m_context, &m_window));
    addPage(new NodesPage(m_context, &m_window));
    addPage(new EventsPage(m_context, &m_window));
}

void Workspace::addPage(shell::Page* page) {
    m_pages << page->id();
    m_window.addPage(page);
    if (const auto* lists = qobject_cast<KindPage*>(page))
        connect(lists, &KindPage::sampleWanted, &m_window, &shell::MainWindow::yamlDropped);
}

void Workspace::showStatus() {
    const bridge::SessionStatus status = m_session->status();
    const int nodes = static_cast<int>(m_inventory->objects(bridge::kNodes).size());
    //: Under the cluster's name: its nodes, and its version or what is wrong with it.
    const QString detail = nodes == 0 ? status.words : tr("%n nodes · %1", nullptr, nodes).arg(status.words);
    m_window.rail().switcher().setSummary({m_session->name(), detail, status.state});
    QLocale locale;
    locale.setNumberOptions(QLocale::DefaultNumberOptions);
    //: Foot of the rail: the newest revision of the cluster's store.
    const QString revision = tr("revision %1").arg(locale.toString(status.revision));
    //: Foot of the rail: how long a change takes from the cluster to this window.
    const QString delay =
        status.delayMicros < 0
            ? QString()
            : tr("watch %1 ms")
                  .arg(locale.toString(double(status.delayMicros) / 1000, 'f', status.delayMicros < 10'000 ? 1 : 0));
    m_window.rail().setFoot(revision, delay);
}

void Workspace::showNamespaces() {
    QStringList names;
    for (const auto& [uid, object] : m_inventory->objects(bridge::kNamespaces).all())
        names << models::toQString(object->metadata.name);
    names.sort();
    m_window.topBar().setNamespaces(names);
}

QVector<shell::PaletteEntry> Workspace::objects() const {
    QVector<shell::PaletteEntry> entries;
    for (const actions::Place& place : actions::places()) {
        if (!place.searched) continue;
        const bridge::Resource& kind = *place.resource;
        for (const auto& [uid, object] : m_inventory->objects(kind).all()) {
            const QString space = models::toQString(object->metadata.namespace_);
            const QString name = models::toQString(object->metadata.name);
            entries.push_back({space.isEmpty() ? name : space + u'/' + name,
                               models::toQString(kind.kind),
                               {},
                               place.icon,
                               {},
                               {place.page, models::toQString(kind.plural), space, name}});
        }
    }
    return entries;
}

}  // namespace qd::pages
