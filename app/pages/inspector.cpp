#include "app/pages/inspector.h"

#include <QHBoxLayout>
#include <QScrollBar>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/actions/object_actions.h"
#include "app/bridge/resources.h"
#include "app/models/details.h"
#include "app/models/field_owners.h"
#include "app/models/object_state.h"
#include "app/models/story.h"
#include "app/models/words.h"
#include "app/pages/log_tab.h"
#include "app/pages/terminal_tab.h"
#include "app/pages/why_tab.h"
#include "app/pages/yaml_tab.h"
#include "cluster/api/types/core_v1.h"

namespace qd::pages {

namespace {

constexpr qsizetype kLongLabel = 17;

bridge::Resource resourceOf(const api::Object& object) {
    const api::KindName& kind = *object.descriptor().kind;
    return {std::string(kind.apiVersion), std::string(kind.kind), std::string(kind.resource),
            !object.metadata.namespace_.empty()};
}

QString escaped(const QString& text) {
    return text.toHtmlEscaped().replace(u'\n', QStringLiteral("<br>"));
}

}  // namespace

Inspector::Inspector(const shell::Theme& theme, models::Inventory& inventory, const base::Clock& clock, QWidget* parent)
    : QFrame(parent),
      m_theme(theme),
      m_inventory(inventory),
      m_clock(clock),
      m_tabs(new QTabBar(this)),
      m_enlarge(new QToolButton(this)),
      m_stack(new QStackedWidget(this)),
      m_name(new NameLabel(theme, theme.fonts().nameStrong, this)),
      m_pill(new StatePill(theme, this)),
      m_line(new QFrame(this)),
      m_head(new QWidget(this)),
      m_nothing(new QLabel(this)),
      m_story(new StoryView(theme, this)),
      m_details(new QTextBrowser(this)),
      m_yaml(new YamlTab(theme, inventory.session(), this)),
      m_logs(new LogTab(theme, inventory.session(), this)),
      m_terminal(new TerminalTab(theme, inventory.session(), this)) {
    setObjectName(QStringLiteral("inspector"));
    setProperty("panel", true);
    //: Accessible name of the panel about the chosen object.
    setAccessibleName(tr("Inspector"));
    buildLayout();
    connect(m_tabs, &QTabBar::currentChanged, m_stack, &QStackedWidget::setCurrentIndex);
    connect(m_details, &QTextBrowser::anchorClicked, this, &Inspector::follow);
    connect(&inventory.objects(bridge::kEvents), &models::LiveObjects::changed, this, &Inspector::fillDetails);
    connect(&theme, &shell::Theme::changed, this, [this] {
        m_name->setNameFont(m_theme.fonts().nameStrong);
        m_enlarge->setIcon(m_theme.icon(QStringLiteral("expand")));
        fillDetails();
    });
    // "14 s ago" grows without an event; the story repaints only when it reads differently.
    m_ages.setInterval(1000);
    connect(&m_ages, &QTimer::timeout, this, [this] {
        if (!m_object) return;
        if (m_story->isVisible()) showStory();
        if (!std::exchange(m_stale, false)) return;
        showState();
        if (m_details->isVisible() && !m_details->textCursor().hasSelection()) fillDetails();
    });
    // How an object is depends on the Pods that belong to it, too.
    connect(&inventory.objects(bridge::kPods), &models::LiveObjects::changed, this, [this] { m_stale = true; });
    m_ages.start();
    setObject(nullptr);
}

void Inspector::buildLayout() {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, m_theme.ipx(4), 1, 1);
    layout->setSpacing(0);
    m_tabs->setObjectName(QStringLiteral("inspectorTabs"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false);
    m_tabs->setUsesScrollButtons(true);
    for (const QString& title : {tr("Why"), tr("Details"), tr("YAML"), tr("Logs"), tr("Terminal")})
        m_tabs->addTab(title);
    auto* tabRow = new QHBoxLayout;
    tabRow->setContentsMargins(m_theme.ipx(6), 0, m_theme.ipx(8), 0);
    tabRow->setSpacing(0);
    tabRow->addWidget(m_tabs, 1);
    m_enlarge->setObjectName(QStringLiteral("inspectorEnlarge"));
    //: Tool tip of the button that gives the panel the whole page.
    m_enlarge->setToolTip(tr("Enlarge or make small again (Ctrl+Shift+Enter)"));
    m_enlarge->setAccessibleName(tr("Enlarge the panel"));
    m_enlarge->setIcon(m_theme.icon(QStringLiteral("expand")));
    m_enlarge->setIconSize(QSize(m_theme.ipx(16), m_theme.ipx(16)));
    tabRow->addWidget(m_enlarge);
    layout->addLayout(tabRow);
    m_line->setProperty("hairline", true);
    m_line->setFixedHeight(1);
    layout->addWidget(m_line);
    auto* head = new QHBoxLayout(m_head);
    head->setContentsMargins(m_theme.ipx(16), m_theme.ipx(12), m_theme.ipx(14), m_theme.ipx(4));
    m_name->setObjectName(QStringLiteral("inspectorName"));
    head->setSpacing(m_theme.ipx(12));
    head->addWidget(m_name, 1);
    head->addWidget(m_pill);
    layout->addWidget(m_head);
    m_nothing->setAlignment(Qt::AlignCenter);
    m_nothing->setWordWrap(true);
    m_nothing->setMargin(m_theme.ipx(24));
    m_nothing->setProperty("role", QStringLiteral("muted"));
    //: In the inspector when nothing is chosen.
    m_nothing->setText(tr("Choose an object in a table or a picture to see why it is as it is."));
    layout->addWidget(m_nothing, 1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(m_story);
    m_story->setAutoFillBackground(false);  // setWidget() switches it on
    m_details->setObjectName(QStringLiteral("inspectorDetails"));
    m_details->setOpenLinks(false);
    m_details->setFrameShape(QFrame::NoFrame);
    m_details->setAccessibleName(tr("Details"));
    m_details->document()->setDocumentMargin(m_theme.px(16));
    m_details->setStyleSheet(QStringLiteral("border: none; background: transparent; padding: 0;"));
    m_stack->addWidget(scroll);
    m_stack->addWidget(m_details);
    m_stack->addWidget(m_yaml);
    m_stack->addWidget(m_logs);
    m_stack->addWidget(m_terminal);
    layout->addWidget(m_stack, 1);
}

void Inspector::showTab(Tab tab) {
    if (m_tabs->isTabVisible(tab)) m_tabs->setCurrentIndex(tab);
}

void Inspector::editYaml() {
    showTab(Yaml);
    m_yaml->edit();
}

void Inspector::openShell() {
    showTab(Terminal);
    m_terminal->start();
}

void Inspector::setObject(const api::ObjectPtr& object) {
    m_object = object;
    const bool any = object != nullptr;
    m_nothing->setVisible(!any);
    m_line->setVisible(any);
    m_head->setVisible(any);
    m_stack->setVisible(any);
    m_tabs->setVisible(any);
    m_enlarge->setVisible(any);
    if (any) showObject();
}

void Inspector::showObject() {
    const api::Object& object = *m_object;
    const auto* event = api::objectAs<corev1::Event>(object);
    // An Event's own name says nothing to anybody.
    m_name->setText(models::toQString(event ? event->involvedObject.kind + ' ' + event->involvedObject.name
                                            : object.metadata.name));
    showState();
    showStory();
    const auto* pod = api::objectAs<corev1::Pod>(object);
    m_tabs->setTabVisible(Logs, pod != nullptr);
    m_tabs->setTabVisible(Terminal, pod != nullptr);
    // Qt 6.4 forgets to lay the bar out when the last of several calls of setTabVisible changes nothing.
    m_tabs->setTabText(Why, m_tabs->tabText(Why));
    m_yaml->setObject({resourceOf(object), object.metadata.namespace_, object.metadata.name}, object.metadata.uid,
                      object.metadata.resourceVersion);
    QStringList containers;
    if (pod)
        for (const corev1::Container& container : pod->spec.containers) containers << models::toQString(container.name);
    m_logs->setPod(pod ? pod->metadata.namespace_ : "", pod ? pod->metadata.name : "", containers);
    m_terminal->setPod(pod ? pod->metadata.namespace_ : "", pod ? pod->metadata.name : "", containers);
    fillDetails();
}

void Inspector::showState() {
    const models::ObjectState state = models::stateOf(m_inventory, *m_object, m_clock.now());
    m_pill->setState(state.state, state.word);
}

void Inspector::showStory() {
    QVector<models::StoryStep> story = models::buildStory(m_inventory, *m_object, m_clock.now());
    if (m_tabs->isTabVisible(Why) == story.isEmpty()) m_tabs->setTabVisible(Why, !story.isEmpty());
    m_story->setStory(std::move(story));
}

void Inspector::fillDetails() {
    if (!m_object) return;
    const shell::Palette& p = m_theme.palette();
    const int place = m_details->verticalScrollBar()->value();
    QString html = QStringLiteral(
                       "<style>td{padding:2px 12px 2px 0;} h4{margin:14px 0 4px 0;color:%1;} .l{color:%2;} "
                       "a{color:%5;text-decoration:none;} .f{font-family:'%3';font-size:%4pt;}</style>")
                       .arg(p.text.name(), p.muted.name(), m_theme.fonts().name.family())
                       .arg(m_theme.fonts().name.pointSizeF() * 0.96)
                       .arg(p.accent.name());
    for (const models::DetailGroup& group : models::detailsOf(m_inventory, *m_object, m_clock.now())) {
        html += QStringLiteral("<h4>%1</h4><table cellspacing=0>").arg(escaped(group.title));
        for (const models::Detail& detail : group.details) {
            const QString colour =
                detail.state == views::State::Empty ? p.text.name() : colourOf(detail.state, p).name();
            // A long label stands above its value: broken words read badly.
            const QString row =
                detail.label.size() > kLongLabel
                    ? QStringLiteral(
                          "<tr><td class=l colspan=2>%1</td></tr>"
                          "<tr><td width=%5></td><td class=%2 style='color:%3'>%4</td></tr>")
                    : QStringLiteral("<tr><td class=l width=%5>%1</td><td class=%2 style='color:%3'>%4</td></tr>");
            html +=
                row.arg(escaped(detail.label), detail.fixed ? QStringLiteral("f") : QStringLiteral("t"), colour,
                        detail.link.isEmpty()
                            ? escaped(detail.value)
                            : QStringLiteral("<a href='%1'>%2</a>").arg(escaped(detail.link), escaped(detail.value)))
                    .arg(m_theme.ipx(112));
        }
        html += QStringLiteral("</table>");
    }
    m_details->setHtml(html + eventsHtml() + writersHtml());
    m_details->verticalScrollBar()->setValue(place);
}

// Links are "owner:<kind>:<name>", in the namespace of the object.
void Inspector::follow(const QUrl& link) {
    const QStringList parts = link.toString().split(u':');
    if (!m_object || parts.size() != 3) return;
    const shell::Location target =
        actions::locationOf(m_inventory, parts[1].toStdString(), m_object->metadata.namespace_, parts[2].toStdString());
    if (!target.page.isEmpty()) emit goTo(target);
}

QString Inspector::writersHtml() const {
    const QVector<models::FieldOwner> owners = models::fieldOwnersOf(*m_object, m_clock.now());
    if (owners.isEmpty()) return {};
    //: Heading of the list of who wrote which fields of an object.
    QString html = QStringLiteral("<h4>%1</h4><table cellspacing=0>").arg(tr("Who wrote what"));
    for (const models::FieldOwner& owner : owners)
        html += QStringLiteral("<tr><td class=l width=%4>%1</td><td><b>%2</b><br><span class=f>%3</span></td></tr>")
                    .arg(escaped(owner.when), escaped(owner.who), escaped(owner.fields.join(QStringLiteral("\n"))))
                    .arg(m_theme.ipx(60));
    return html + QStringLiteral("</table>");
}

QString Inspector::eventsHtml() const {
    std::vector<const corev1::Event*> events;
    for (const auto& [uid, object] : m_inventory.objects(bridge::kEvents).all()) {
        const auto* event = api::objectAs<corev1::Event>(*object);
        if (!event || event->involvedObject.name != m_object->metadata.name ||
            event->involvedObject.kind != m_object->kind() ||
            event->involvedObject.namespace_ != m_object->metadata.namespace_)
            continue;
        events.push_back(event);
    }
    if (events.empty()) return {};
    std::sort(events.begin(), events.end(),
              [](const corev1::Event* a, const corev1::Event* b) { return a->lastTimestamp > b->lastTimestamp; });
    if (events.size() > 30) events.resize(30);
    QString html = QStringLiteral("<h4>%1</h4><table cellspacing=0>").arg(tr("Events"));
    for (const corev1::Event* event : events) {
        const bool warning = event->type == "Warning";
        html += QStringLiteral("<tr><td class=l>%1</td><td style='color:%2'><b>%3</b><br>%4</td></tr>")
                    .arg(escaped(models::ageText(event->lastTimestamp, m_clock.now())),
                         (warning ? m_theme.palette().starting : m_theme.palette().text).name(),
                         escaped(models::toQString(event->reason)), escaped(models::toQString(event->message)));
    }
    return html + QStringLiteral("</table>");
}

}  // namespace qd::pages
