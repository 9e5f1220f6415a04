#include "app/pages/workbench.h"

#include <QMenu>
#include <QScopedValueRollback>
#include <QScrollArea>
#include <QShortcut>
#include <QVBoxLayout>

#include "app/bridge/resources.h"

namespace qd::pages {

Workbench::Workbench(const Context& context, const QString& name, const bridge::Resource& resource,
                     QVector<models::Column> columns, views::Picture* picture, bool scrollPicture, QWidget* parent)
    : QWidget(parent),
      m_context(context),
      m_name(name),
      m_header(new ObjectHeader(context.theme, this)),
      m_filter(new QLineEdit(this)),
      m_table(new ResourceTable(context.theme, context.inventory.objects(resource), std::move(columns), context.clock,
                                this)),
      m_inspector(new Inspector(context.theme, context.inventory, context.clock, this)),
      m_across(new QSplitter(Qt::Horizontal, this)),
      m_beside(nullptr),
      m_picture(picture) {
    m_filter->setObjectName(QStringLiteral("tableFilter"));
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setAccessibleName(tr("Filter the table"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setFixedWidth(context.theme.ipx(200));
    m_header->addWidget(m_filter);
    buildLayout(picture, scrollPicture);
    connectParts(picture);
}

Workbench::~Workbench() {
    m_context.settings.setValue(QStringLiteral("panels/%1/across").arg(m_name), m_across->saveState());
    if (m_down) m_context.settings.setValue(QStringLiteral("panels/%1/down").arg(m_name), m_down->saveState());
}

QFrame* Workbench::framed(views::Picture* picture, bool scroll) {
    auto* frame = new QFrame(this);
    auto* layout = new QVBoxLayout(frame);
    layout->setContentsMargins(0, 0, 0, 0);
    if (!scroll) {
        frame->setProperty("panel", true);
        layout->setContentsMargins(1, 1, 1, 1);
        layout->addWidget(picture);
        return frame;
    }
    auto* area = new QScrollArea(frame);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidget(picture);
    layout->addWidget(area);
    return frame;
}

void Workbench::buildLayout(views::Picture* picture, bool scroll) {
    const shell::Theme& theme = m_context.theme;
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(20), theme.ipx(14), theme.ipx(20), theme.ipx(18));
    layout->setSpacing(theme.ipx(12));
    layout->addWidget(m_header);
    m_across->setHandleWidth(theme.ipx(16));
    m_across->setChildrenCollapsible(false);
    m_beside = picture ? static_cast<QWidget*>(framed(picture, scroll)) : m_table;
    m_across->addWidget(m_beside);
    m_across->addWidget(m_inspector);
    m_inspector->setMinimumWidth(theme.ipx(250));
    m_across->setStretchFactor(0, 1);
    m_across->setSizes({theme.ipx(800), theme.ipx(372)});
    if (!picture) {
        m_table->setMinimumWidth(theme.ipx(320));
        layout->addWidget(m_across, 1);
    } else {
        m_down = new QSplitter(Qt::Vertical, this);
        m_down->setHandleWidth(theme.ipx(14));
        m_down->setChildrenCollapsible(false);
        m_down->addWidget(m_across);
        m_down->addWidget(m_table);
        m_table->setMinimumHeight(theme.ipx(110));
        m_down->setStretchFactor(0, 1);
        m_down->setSizes(scroll ? QList<int>{theme.ipx(400), theme.ipx(336)}
                                : QList<int>{theme.ipx(500), theme.ipx(236)});
        m_down->restoreState(m_context.settings.value(QStringLiteral("panels/%1/down").arg(m_name)).toByteArray());
        layout->addWidget(m_down, 1);
    }
    m_across->restoreState(m_context.settings.value(QStringLiteral("panels/%1/across").arg(m_name)).toByteArray());
}

void Workbench::connectParts(views::Picture* picture) {
    connect(m_filter, &QLineEdit::textChanged, &m_table->proxy(), &models::ResourceTableProxy::setWords);
    connect(m_table, &ResourceTable::currentChanged, this, &Workbench::choose);
    connect(m_table, &ResourceTable::activated, this, &Workbench::opened);
    connect(m_table, &ResourceTable::menuRequested, this, &Workbench::popUpMenu);
    if (picture) {
        connect(picture, &views::Picture::selectionChanged, this, &Workbench::chooseTile);
        connect(picture, &views::Picture::menuRequested, this,
                [this](const QString&, const QPoint& at) { popUpMenu(at); });
        connect(picture, &views::Picture::activated, this, [this] {
            if (m_inspector->object()) emit opened(m_inspector->object());
        });
    }
    // The actions ask whoever is seen.
    connect(&m_context.actions, &actions::ObjectActions::yamlWanted, this, [this] {
        if (isVisible()) m_inspector->editYaml();
    });
    connect(&m_context.actions, &actions::ObjectActions::logsWanted, this, [this] {
        if (isVisible()) m_inspector->showTab(Inspector::Logs);
    });
    connect(&m_context.actions, &actions::ObjectActions::shellWanted, this, [this] {
        if (isVisible()) m_inspector->openShell();
    });
    connect(&m_context.actions, &actions::ObjectActions::enlargeWanted, this, [this] {
        if (isVisible()) setEnlarged(!m_enlarged);
    });
    connect(&m_inspector->enlargeButton(), &QToolButton::clicked, this, [this] { setEnlarged(!m_enlarged); });
    connect(m_inspector, &Inspector::goTo, &m_context.actions, &actions::ObjectActions::goTo);
    auto* find = new QShortcut(QKeySequence(Qt::Key_Slash), this);
    find->setContext(Qt::WidgetWithChildrenShortcut);
    connect(find, &QShortcut::activated, m_filter, qOverload<>(&QWidget::setFocus));
}

// Tiles stand for Pods in all pictures.
void Workbench::chooseTile(const QString& id) {
    const api::ObjectPtr pod = m_context.inventory.objects(bridge::kPods).byUid(id.toStdString());
    if (!pod || m_choosing) return;
    if (m_table->proxy().sourceModel() &&
        static_cast<models::ResourceTableModel*>(m_table->proxy().sourceModel())->rowOf(pod->metadata.uid) >= 0)
        m_table->select(pod->metadata.uid);
    choose(pod);
}

void Workbench::choose(const api::ObjectPtr& object) {
    // Table and picture follow each other; what one of them says while it follows is no choice.
    if (!object || m_choosing) return;
    const QScopedValueRollback choosing(m_choosing, true);
    m_inspector->setObject(object);
    if (isVisible()) m_context.actions.setObject(object);
    if (m_picture) m_picture->select(QString::fromStdString(object->metadata.uid));
}

// YAML, logs and terminals want room now and then; what else the page shows waits.
void Workbench::setEnlarged(bool enlarged) {
    m_enlarged = enlarged;
    m_beside->setVisible(!enlarged);
    m_table->setVisible(!enlarged);
}

void Workbench::takeOver() {
    if (!m_inspector->object()) m_table->chooseFirst();
    m_context.actions.setObject(m_inspector->object());
}

void Workbench::popUpMenu(const QPoint& at) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    m_context.actions.fill(*menu);
    menu->popup(at);
}

}  // namespace qd::pages
