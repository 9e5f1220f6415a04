#include "app/pages/resource_table.h"

#include <QContextMenuEvent>
#include <QFocusEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QVBoxLayout>
#include <algorithm>

#include "app/views/painting.h"

namespace qd::pages {

using models::ResourceTableModel;

namespace {
// How far columns of words shrink, in parts of their usual width: words can be shortened.
constexpr qreal kNarrowestWords = 0.5;
// Columns that yield this readily go before words are shortened further than this.
constexpr int kYieldsSoon = 4;
constexpr qreal kTight = 1.1;

bool isWords(const models::Column& column) {
    using models::CellKind;
    return column.kind == CellKind::Muted || column.kind == CellKind::Name || column.kind == CellKind::Object ||
           column.kind == CellKind::Tiles || column.width > 200;
}

struct Room {
    int wanted;
    int least;
};

// Shares what is left over among the columns in proportion to their widths, or what is missing among those that can
// give, so that the table ends where the panel does.
void shareOut(int room, const QVector<Room>& columns, QVector<int>& widths) {
    int wanted = 0;
    int give = 0;
    for (const Room& column : columns) {
        wanted += column.wanted;
        give += column.wanted - column.least;
    }
    const int all = room < wanted ? -qMin(wanted - room, give) : room - wanted;
    int left = all;
    for (qsizetype i = 0; i < columns.size(); ++i) {
        const Room& column = columns[i];
        const qreal part = all < 0 ? (give > 0 ? qreal(column.wanted - column.least) / give : 0)
                                   : qreal(column.wanted) / qMax(1, wanted);
        const int share = i + 1 == columns.size() ? left : int(all * part);
        widths << column.wanted + share;
        left -= share;
    }
}
}  // namespace

ResourceTable::ResourceTable(const shell::Theme& theme, models::LiveObjects& objects, QVector<models::Column> columns,
                             const base::Clock& clock, QWidget* parent)
    : QFrame(parent),
      m_theme(theme),
      m_objects(objects),
      m_model(new ResourceTableModel(objects, std::move(columns), clock, this)),
      m_proxy(new models::ResourceTableProxy(this)),
      m_view(new QTableView(this)),
      m_header(new TableHeader(theme, m_view)),
      m_delegate(new CellDelegate(theme, this)),
      m_corner(new QFrame(m_view)),
      m_emptyBox(new QWidget(m_view)),
      m_empty(new QLabel(m_emptyBox)),
      m_emptyLink(new QPushButton(m_emptyBox)) {
    setProperty("panel", true);
    m_proxy->setSourceModel(m_model);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, theme.ipx(2), 1, theme.ipx(8));
    layout->addWidget(m_view);
    connect(m_proxy, &QAbstractItemModel::rowsAboutToBeRemoved, this, [this] { m_removing = true; });
    setUpView();
    connect(m_proxy, &QAbstractItemModel::rowsRemoved, this, [this] {
        m_removing = false;
        keepSelection();
    });
    connect(m_proxy, &QAbstractItemModel::rowsInserted, this, &ResourceTable::showEmptyText);
    connect(m_proxy, &QAbstractItemModel::rowsRemoved, this, &ResourceTable::showEmptyText);
    connect(m_proxy, &QAbstractItemModel::dataChanged, this, &ResourceTable::keepSelection);
    connect(&objects, &models::LiveObjects::synced, this, &ResourceTable::showEmptyText);
    connect(&objects, &models::LiveObjects::errorChanged, this, &ResourceTable::showEmptyText);
    connect(&theme, &shell::Theme::changed, this, &ResourceTable::setColumnWidths);
    for (const models::Column& column : m_model->columns())
        for (models::LiveObjects* read : column.reads)
            connect(read, &models::LiveObjects::changed, m_view->viewport(), qOverload<>(&QWidget::update));
    m_ages.setInterval(1000);
    connect(&m_ages, &QTimer::timeout, this, &ResourceTable::repaintAges);
    sortBy(0);
    showEmptyText();
}

void ResourceTable::setUpView() {
    m_view->setObjectName(QStringLiteral("resourceTable"));
    m_view->setAccessibleName(m_model->columns().first().title);
    m_view->setHorizontalHeader(m_header);
    m_view->setModel(m_proxy);
    m_view->setItemDelegate(m_delegate);
    m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_view->setShowGrid(false);
    m_view->setWordWrap(false);
    m_view->setMouseTracking(true);
    m_view->setSortingEnabled(true);
    m_view->setTabKeyNavigation(false);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->verticalHeader()->hide();
    m_view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    // The scroll bar stands beside the rows, not beside the header.
    m_corner->setProperty("bar", true);
    m_view->addScrollBarWidget(m_corner, Qt::AlignTop);
    const bool feed = m_model->columns().first().kind == models::CellKind::Feed;
    m_header->setVisible(!feed);
    m_corner->setVisible(!feed);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    setUpEmptyBox();
    m_view->viewport()->installEventFilter(this);
    m_view->installEventFilter(this);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
        // While rows go, indexes do not tell true; keepSelection() says afterwards what is chosen.
        if (m_removing) return;
        // A view that gets the focus makes its first row current without choosing it.
        if (index.isValid() && !current()) return;
        m_current = m_proxy->objectAt(index);
        emit currentChanged(m_current);
    });
    // A press makes the row current first and selects it then.
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        if (!m_removing && current()) keepSelection();
    });
    connect(m_view, &QTableView::doubleClicked, this,
            [this](const QModelIndex& index) { emit activated(m_proxy->objectAt(index)); });
    connect(m_view, &QWidget::customContextMenuRequested, this,
            [this](const QPoint& at) { emit menuRequested(m_view->viewport()->mapToGlobal(at)); });
    setColumnWidths();
}

void ResourceTable::setUpEmptyBox() {
    auto* layout = new QVBoxLayout(m_emptyBox);
    layout->setSpacing(m_theme.ipx(10));
    layout->addStretch(1);
    layout->addWidget(m_empty);
    layout->addWidget(m_emptyLink, 0, Qt::AlignHCenter);
    layout->addStretch(1);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    m_empty->setProperty("role", QStringLiteral("muted"));
    m_empty->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_emptyLink->setObjectName(QStringLiteral("emptyLink"));
    m_emptyLink->setCursor(Qt::PointingHandCursor);
    connect(m_emptyLink, &QPushButton::clicked, this, &ResourceTable::emptyLinkActivated);
}

void ResourceTable::setColumnWidths() {
    const auto& columns = m_model->columns();
    m_view->verticalHeader()->setDefaultSectionSize(m_delegate->rowHeight(columns.first().kind));
    m_corner->setFixedHeight(m_header->sizeHint().height());
    QVector<Room> rooms;
    QVector<int> shown;
    int wants = 0;
    int least = 0;
    for (int i = 0; i < columns.size(); ++i) {
        const models::Column& column = columns[i];
        int needed = m_header->widthOf(column.title, i == 0);
        if (!column.widest.isEmpty()) needed = qMax(needed, m_delegate->widthOf(column.kind, column.widest, i == 0));
        const int wanted = qMax(needed, m_theme.ipx(column.width));
        rooms << Room{wanted, qMax(needed, isWords(column) ? int(wanted * kNarrowestWords) : needed)};
        shown << i;
        wants += wanted;
        least += rooms.last().least;
    }
    const int room = m_view->viewport()->width();
    while (least > room || wants > room * kTight) {
        const auto first = std::max_element(shown.begin(), shown.end(),
                                            [&columns](int a, int b) { return columns[a].yields < columns[b].yields; });
        if (columns[*first].yields == 0 || (least <= room && columns[*first].yields < kYieldsSoon)) break;
        wants -= rooms[*first].wanted;
        least -= rooms[*first].least;
        shown.erase(first);
    }
    QVector<Room> taking;
    for (const int i : std::as_const(shown)) taking << rooms[i];
    QVector<int> widths;
    shareOut(room, taking, widths);
    for (int i = 0; i < columns.size(); ++i) m_header->setSectionHidden(i, !shown.contains(i));
    for (qsizetype i = 0; i < shown.size(); ++i) m_header->resizeSection(shown[i], widths[i]);
}

// Ages grow without an event. Only those that now read differently are painted again.
void ResourceTable::repaintAges() {
    const auto& columns = m_model->columns();
    const int first = qMax(0, m_view->rowAt(0));
    const int end = m_view->rowAt(m_view->viewport()->height() - 1);
    const int last = end < 0 ? m_proxy->rowCount() - 1 : end;
    for (int column = 0; column < columns.size(); ++column) {
        if (!columns[column].ages || m_header->isSectionHidden(column)) continue;
        for (int row = first; row <= last; ++row) {
            const QModelIndex index = m_proxy->index(row, column);
            const models::Cell cell = m_proxy->cell(index);
            QString& before = m_shownAges[{row, column}];
            const QString& now = cell.tail.isEmpty() ? cell.text : cell.tail;
            if (before == now) continue;
            before = now;
            m_view->update(index);
        }
    }
}

void ResourceTable::setEmptyText(const QString& text, const QString& link) {
    m_emptyText = text;
    m_emptyLink->setText(link);
    showEmptyText();
}

void ResourceTable::showEmptyText() {
    QString text;
    const bool none = m_model->rowCount() == 0;
    const bool failed = none && !m_objects.error().isEmpty();
    if (failed)
        //: In an empty list whose watch fails; %1 is the error.
        text = tr("The cluster does not answer: %1\nQuarterdeck goes on trying.").arg(m_objects.error());
    else if (m_objects.isSynced() && m_proxy->rowCount() == 0)
        //: In a list whose filter leaves nothing over.
        text = none ? m_emptyText : tr("Nothing here has these words or this namespace.");
    m_empty->setText(text);
    m_emptyLink->setVisible(none && !failed && !m_emptyLink->text().isEmpty());
    m_emptyBox->setVisible(!text.isEmpty());
    m_emptyBox->setGeometry(m_view->viewport()->geometry().adjusted(m_theme.ipx(40), 0, -m_theme.ipx(40), 0));
}

api::ObjectPtr ResourceTable::current() const {
    const QModelIndex index = m_view->currentIndex();
    return m_view->selectionModel()->isSelected(index) ? m_proxy->objectAt(index) : nullptr;
}

void ResourceTable::select(const std::string& uid) {
    const QModelIndex index = m_proxy->mapFromSource(m_model->index(m_model->rowOf(uid), 0));
    if (index.isValid()) {
        m_view->setCurrentIndex(index);
        m_view->scrollTo(index);
    } else {
        m_view->clearSelection();
        m_view->setCurrentIndex({});
    }
}

void ResourceTable::chooseFirst() {
    if (m_view->selectionModel()->hasSelection() || m_proxy->rowCount() == 0) return;
    m_view->setCurrentIndex({});
    m_view->setCurrentIndex(m_proxy->index(0, 0));
}

void ResourceTable::sortBy(int column, Qt::SortOrder order) {
    m_view->sortByColumn(column, order);
}

// The selected object changed in place: whoever shows it must hear of its new version.
void ResourceTable::keepSelection() {
    const api::ObjectPtr now = current();
    if (now == m_current) return;
    m_current = now;
    emit currentChanged(now);
}

bool ResourceTable::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_view && event->type() == QEvent::FocusIn) {
        // Whoever comes by keyboard must see where they are.
        const Qt::FocusReason reason = static_cast<QFocusEvent*>(event)->reason();
        if (reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason) chooseFirst();
    }
    if (watched == m_view && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if ((key == Qt::Key_Return || key == Qt::Key_Enter) && current()) {
            emit activated(current());
            return true;
        }
    }
    if (watched == m_view->viewport() && (event->type() == QEvent::MouseMove || event->type() == QEvent::Leave)) {
        const auto* mouse = event->type() == QEvent::MouseMove ? static_cast<QMouseEvent*>(event) : nullptr;
        const int row = mouse ? m_view->rowAt(mouse->pos().y()) : -1;
        if (row != m_delegate->hoveredRow()) {
            m_delegate->setHoveredRow(row);
            m_view->viewport()->update();
        }
    }
    return QFrame::eventFilter(watched, event);
}

void ResourceTable::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    setColumnWidths();
    showEmptyText();
}

void ResourceTable::showEvent(QShowEvent* event) {
    QFrame::showEvent(event);
    setColumnWidths();
    showEmptyText();
    m_ages.start();
}

void ResourceTable::hideEvent(QHideEvent* event) {
    QFrame::hideEvent(event);
    m_ages.stop();
}

}  // namespace qd::pages
