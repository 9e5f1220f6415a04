#include "app/shell/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFile>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMimeData>
#include <QVBoxLayout>

#include "app/shell/drop_veil.h"
#include "app/shell/notice.h"

namespace qd::shell {

namespace {
constexpr int kRemembered = 64;                    // steps back
constexpr qint64 kLargestDrop = 16 * 1024 * 1024;  // a manifest, not a disk image
}  // namespace

MainWindow::MainWindow(const Theme& theme, actions::ActionRegistry& registry, QSettings& settings)
    : m_theme(theme),
      m_registry(registry),
      m_settings(settings),
      m_rail(new Rail(theme, this)),
      m_topBar(new TopBar(theme, this)),
      m_stack(new QStackedWidget(this)),
      m_palette(nullptr),
      m_notice(nullptr),
      m_veil(nullptr) {
    setObjectName(QStringLiteral("mainWindow"));
    setWindowTitle(QStringLiteral("Quarterdeck"));
    setWindowIcon(QIcon(QStringLiteral(":/icons/quarterdeck.svg")));
    setAcceptDrops(true);
    buildLayout();
    m_palette = new CommandPalette(theme, registry, this);
    m_notice = new Notice(theme, this);
    m_veil = new DropVeil(theme, this);
    createActions();
    connect(m_rail, &Rail::pageChosen, this, [this](const QString& id) { goTo({id}); });
    connect(m_topBar, &TopBar::crumbChosen, this, &MainWindow::goTo);
    connect(&m_topBar->search(), &QAbstractButton::clicked, m_palette, &CommandPalette::popUp);
    connect(m_palette, &CommandPalette::goTo, this, &MainWindow::goTo);
    connect(m_topBar, &TopBar::namespaceChosen, this, [this](const QString& name) {
        for (Page* page : std::as_const(m_pages)) page->setNamespace(name);
    });
    restore();
}

MainWindow::~MainWindow() = default;

void MainWindow::buildLayout() {
    auto* centre = new QWidget(this);
    auto* layout = new QHBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(m_topBar);
    right->addWidget(m_stack, 1);
    layout->addWidget(m_rail);
    layout->addLayout(right, 1);
    setCentralWidget(centre);
    setMinimumSize(1024, 640);
}

void MainWindow::createActions() {
    //: Category of commands in the palette.
    const QString category = tr("Window");
    QAction* open = m_registry.add({QStringLiteral("window.palette"), tr("Search or run a command"), category,
                                    QStringLiteral("search"), QKeySequence(Qt::CTRL | Qt::Key_K)},
                                   this, [this] { m_palette->popUp(); });
    QAction* back = m_registry.add({QStringLiteral("window.back"), tr("Go back"), category, QStringLiteral("undo"),
                                    QKeySequence(Qt::ALT | Qt::Key_Left), false, 3},
                                   this, [this] { goBack(); });
    QAction* quit = m_registry.add({QStringLiteral("window.quit"), tr("Quit Quarterdeck"), category,
                                    QStringLiteral("close"), QKeySequence(QKeySequence::Quit), false, 3},
                                   this, [] { QApplication::quit(); });
    addActions({open, back, quit});
}

void MainWindow::restore() {
    resize(1440, 900);
    restoreGeometry(m_settings.value(QStringLiteral("window/geometry")).toByteArray());
}

void MainWindow::save() {
    m_settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
}

void MainWindow::addPage(Page* page) {
    m_pages.insert(page->id(), page);
    m_stack->addWidget(page);
    m_rail->addPage(page->id(), page->title(), page->icon());
    page->setNamespace(m_topBar->currentNamespace());
    addPageAction(*page);
    connect(page, &Page::goTo, this, &MainWindow::goTo);
    connect(page, &Page::countChanged, this, [this, id = page->id()](int count) { m_rail->setCount(id, count); });
    connect(page, &Page::crumbsChanged, this, [this, page] {
        if (m_stack->currentWidget() == page) showCrumbs();
    });
    if (m_location.page.isEmpty()) goTo({page->id()});
}

// Ctrl 1 to Ctrl 9 in the rail's order; the palette has them all. The action goes with its page.
void MainWindow::addPageAction(Page& page) {
    const int number = static_cast<int>(m_pages.size());
    const QKeySequence keys =
        number <= 9 ? QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_0 + number)) : QKeySequence();
    //: Command: shows a page of the window, for example Nodes.
    QAction* action = m_registry.add({QStringLiteral("page.") + page.id(), tr("Go to %1").arg(page.title()),
                                      //: Category of commands in the palette: those that show a page.
                                      tr("Pages"), page.icon(), keys},
                                     &page, [this, id = page.id()] { goTo({id}); });
    action->setShortcutContext(Qt::WindowShortcut);
    addAction(action);
}

void MainWindow::removePage(const QString& id) {
    Page* page = m_pages.take(id);
    if (!page) return;
    m_rail->removePage(id);
    m_stack->removeWidget(page);
    m_past.removeIf([&id](const Location& past) { return past.page == id; });
    delete page;
}

void MainWindow::goTo(const Location& location) {
    Page* page = m_pages.value(location.page);
    if (!page) return;
    if (!m_location.page.isEmpty() && !(m_location == location)) {
        m_past.push_back(m_location);
        if (m_past.size() > kRemembered) m_past.removeFirst();
    }
    m_location = location;
    m_stack->setCurrentWidget(page);
    m_rail->setCurrent(location.page);
    page->open(location);
    showCrumbs();
    emit wentTo(location);
}

void MainWindow::goBack() {
    while (!m_past.isEmpty()) {
        const Location before = m_past.takeLast();
        if (before == m_location || !m_pages.contains(before.page)) continue;
        m_location = {};
        goTo(before);
        return;
    }
}

void MainWindow::showCrumbs() {
    const auto* page = qobject_cast<Page*>(m_stack->currentWidget());
    if (!page) return;
    const QVector<Crumb> crumbs = page->crumbs();
    m_topBar->setCrumbs(crumbs);
    //: Window title: what is open, and the application.
    setWindowTitle(tr("%1 - Quarterdeck").arg(crumbs.isEmpty() ? page->title() : crumbs.last().text));
}

void MainWindow::notify(const QString& text, bool failed) {
    m_notice->say(text, failed);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    save();
    if (!m_staysInTray) {
        event->accept();
        QApplication::quit();
        return;
    }
    event->ignore();
    hide();
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    if (m_notice && m_notice->isVisible()) m_notice->place();
    if (m_palette && m_palette->isVisible()) m_palette->hide();
}

bool MainWindow::event(QEvent* event) {
    if (event->type() == QEvent::Hide) save();
    return QMainWindow::event(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    const QMimeData* dropped = event->mimeData();
    bool local = dropped->hasText() && !dropped->hasUrls();
    for (const QUrl& url : dropped->urls()) local = local || url.isLocalFile();
    if (!local) return;
    event->acceptProposedAction();
    m_veil->cover(m_topBar->isClusterOpen());
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) {
    m_veil->hide();
}

void MainWindow::dropEvent(QDropEvent* event) {
    const QMimeData* dropped = event->mimeData();
    m_veil->hide();
    event->acceptProposedAction();
    if (!dropped->hasUrls()) {
        //: Name of manifests that were dropped as text, not as a file.
        emit yamlDropped(tr("Dropped text"), dropped->text().toUtf8());
        return;
    }
    for (const QUrl& url : dropped->urls())
        if (url.isLocalFile()) readDropped(url);
}

void MainWindow::readDropped(const QUrl& url) {
    QFile file(url.toLocalFile());
    const QString name = QFileInfo(file).fileName();
    if (!file.open(QIODevice::ReadOnly)) {
        notify(tr("%1 cannot be read: %2").arg(name, file.errorString()), true);
        return;
    }
    if (file.size() > kLargestDrop) {
        notify(tr("%1 is too large for a manifest; drop YAML or JSON files of at most 16 MiB.").arg(name), true);
        return;
    }
    emit yamlDropped(name, file.readAll());
}

}  // namespace qd::shell
