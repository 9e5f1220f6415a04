#include "app/pages/kind_page.h"

#include <QFile>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/bridge/resources.h"
#include "app/models/kind_columns.h"
#include "app/models/object_state.h"
#include "app/models/words.h"

// Resources in a static library must be asked for.
static void initSamples() {
    Q_INIT_RESOURCE(samples);
}

namespace qd::pages {

using models::toQString;

namespace {
constexpr int kMostCounted = 5'000;  // above so many objects nobody counts those in trouble at each change
}

KindPage::KindPage(const Context& context, const QString& id, const QString& title, const QString& icon,
                   QVector<KindList> lists, bool counted, QWidget* parent)
    : Page(id, title, icon, parent),
      m_context(context),
      m_lists(std::move(lists)),
      m_tabs(new QTabBar(this)),
      m_tabRow(new QWidget(this)),
      m_stack(new QStackedWidget(this)) {
    initSamples();
    const shell::Theme& theme = context.theme;
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* row = new QHBoxLayout(m_tabRow);
    row->setContentsMargins(theme.ipx(11), theme.ipx(6), theme.ipx(20), 0);
    row->addWidget(m_tabs);
    layout->addWidget(m_tabRow);
    layout->addWidget(m_stack, 1);
    m_tabs->setObjectName(QStringLiteral("kindTabs"));
    m_tabs->setAccessibleName(tr("Kinds"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false);
    m_tabs->setUsesScrollButtons(true);
    m_tabs->setElideMode(Qt::ElideNone);
    for (const KindList& list : std::as_const(m_lists)) m_tabs->addTab(list.title);
    connect(m_tabs, &QTabBar::currentChanged, this,
            [this](int index) { emit goTo({this->id(), toQString(m_lists[index].resource.plural)}); });
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &KindPage::showTrouble);
    if (!counted) return;
    models::LiveObjects& first = context.inventory.objects(m_lists.first().resource);
    connect(&first, &models::LiveObjects::changed, this,
            [this, &first] { emit countChanged(static_cast<int>(first.size())); });
}

const KindList& KindPage::listOf(const QString& plural) const {
    const auto found = std::find_if(m_lists.begin(), m_lists.end(), [&plural](const KindList& list) {
        return toQString(list.resource.plural) == plural;
    });
    return found == m_lists.end() ? m_lists.first() : *found;
}

Workbench* KindPage::makeBench(const KindList& list) {
    QVector<models::Column> columns =
        list.columns ? list.columns(m_context.inventory) : models::kindColumns(m_context.inventory, list.resource);
    return new Workbench(m_context, toQString(list.resource.plural), list.resource, std::move(columns), nullptr, false,
                         m_stack);
}

Workbench* KindPage::benchOf(const KindList& list) {
    Workbench*& made = m_benches[toQString(list.resource.plural)];
    if (made) return made;
    made = makeBench(list);
    made->header().setTitle(list.title);
    ResourceTable& table = made->table();
    //: Link in an empty list: opens a manifest that makes a first object, to look at and apply.
    table.setEmptyText(list.empty, list.sample.isEmpty() ? QString() : tr("Try it with a sample"));
    table.proxy().setNamespace(list.resource.namespaced ? m_namespace : QString());
    m_stack->addWidget(made);
    connectBench(list, made);
    return made;
}

void KindPage::connectBench(const KindList& list, Workbench* bench) {
    connect(bench, &Workbench::opened, this, &KindPage::openObject);
    connect(&bench->table(), &ResourceTable::emptyLinkActivated, this, [this, file = list.sample] {
        QFile sample(QStringLiteral(":/samples/") + file);
        if (sample.open(QIODevice::ReadOnly)) emit sampleWanted(file, sample.readAll());
    });
    models::LiveObjects& objects = m_context.inventory.objects(list.resource);
    connect(&objects, &models::LiveObjects::changed, this, &KindPage::chooseWanted);
    connect(&objects, &models::LiveObjects::changed, &m_soon, qOverload<>(&QTimer::start));
    if (models::ownsPods(list.resource.kind))
        connect(&m_context.inventory.objects(bridge::kPods), &models::LiveObjects::changed, &m_soon,
                qOverload<>(&QTimer::start));
}

void KindPage::openObject(const api::ObjectPtr& object) {
    const shell::Location target = actions::locationOf(m_context.inventory, *object);
    if (!target.page.isEmpty() && !(target == m_location)) emit goTo(target);
}

void KindPage::settle(const shell::Location& location) {
    const KindList& list = listOf(location.kind);
    m_location = location;
    m_location.kind = toQString(list.resource.plural);
    const QSignalBlocker blocker(m_tabs);
    m_tabs->setCurrentIndex(static_cast<int>(&list - m_lists.constData()));
}

void KindPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    m_appeared = true;
}

void KindPage::open(const shell::Location& location) {
    settle(location);
    Workbench* bench = benchOf(listOf(m_location.kind));
    m_tabRow->show();
    m_stack->setCurrentWidget(bench);
    m_wanted = true;
    chooseWanted();
    bench->takeOver();
    // Who goes from tab to tab by keyboard stays there; a page that appears gives its first widget the keyboard.
    if (std::exchange(m_appeared, false) || !m_tabs->hasFocus()) bench->table().view().setFocus();
    m_soon.start();
    emit crumbsChanged();
}

void KindPage::openInstead(const shell::Location& location, QWidget* widget) {
    settle(location);
    m_wanted = false;
    m_tabRow->hide();
    m_stack->setCurrentWidget(widget);
    emit crumbsChanged();
}

// What is to be shown may come only with the first list of its kind, or be made a moment later.
void KindPage::chooseWanted() {
    Workbench* bench = shownBench();
    if (!m_wanted || !bench || !bench->isVisibleTo(this)) return;
    if (m_location.name.isEmpty()) {
        // A person's choice stays; otherwise the first row is better than an invitation to choose one.
        if (bench->inspector().object() || bench->table().proxy().rowCount() == 0) return;
        m_wanted = false;
        bench->table().chooseFirst();
        return;
    }
    const api::ObjectPtr object = m_context.inventory.objects(listOf(m_location.kind).resource)
                                      .byName(m_location.space.toStdString(), m_location.name.toStdString());
    if (!object) return;
    m_wanted = false;
    bench->table().select(object->metadata.uid);
}

void KindPage::showTrouble() {
    Workbench* bench = shownBench();
    if (!bench || !isVisible() || !models::hasState(listOf(m_location.kind).resource.kind)) return;
    const models::LiveObjects& objects = m_context.inventory.objects(listOf(m_location.kind).resource);
    if (objects.size() > kMostCounted) return bench->header().setHeadline({});
    const auto now = m_context.clock.now();
    const auto troubled = std::count_if(objects.all().begin(), objects.all().end(), [this, now](const auto& entry) {
        return models::isToLookAt(models::stateOf(m_context.inventory, *entry.second, now));
    });
    //: Beside the title of a list: how many of the objects are in trouble.
    bench->header().setHeadline(troubled == 0 ? QString() : tr("%n to look at", nullptr, static_cast<int>(troubled)));
}

QVector<shell::Crumb> KindPage::crumbs() const {
    QVector<shell::Crumb> crumbs{{title(), {id()}}, {listOf(m_location.kind).title, {id(), m_location.kind}}};
    if (m_location.name.isEmpty()) return crumbs;
    const QString name =
        m_location.space.isEmpty() ? m_location.name : m_location.space + QStringLiteral(" / ") + m_location.name;
    crumbs.push_back({name, m_location});
    return crumbs;
}

void KindPage::setNamespace(const QString& name) {
    m_namespace = name;
    for (auto bench = m_benches.cbegin(); bench != m_benches.cend(); ++bench)
        if (listOf(bench.key()).resource.namespaced) bench.value()->table().proxy().setNamespace(name);
}

}  // namespace qd::pages
