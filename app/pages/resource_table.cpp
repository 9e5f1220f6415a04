#include "app/pages/resource_table.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QVBoxLayout>

#include "app/views/painting.h"

namespace qd::pages {

using models::ResourceTableModel;

namespace {
// How far columns shrink, in parts of their usual width, before the table scrolls sideways: words can be shortened.
constexpr qreal kNarrowest = 0.78;
constexpr qreal kNarrowestWords = 0.5;

// Shares what is left over (in proportion to the widths) or missing (to what each can give) among the columns, so that
// the table ends where the panel does.
void shareOut(int extra, int wanted, int give, const QVector<int>& slack, QVector<int>& widths) {
    int left = extra < 0 ? -qMin(-extra, give) : extra;
    const int all = left;
    for (qsizetype i = 0; i < widths.size(); ++i) {
        const bool last = i + 1 == widths.size();
        const qreal part = all < 0 ? (give > 0 ? qreal(slack[i]) / give : 0) : qreal(widths[i]) / qMax(1, wanted);
        const int share = last ? left : int(all * part);
        widths[i] += share;
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
      m_delegate(new CellDelegate(theme, this)),
      m_empty(new QLabel(m_view)) {
    setProperty("panel", true);
    m_proxy->setSourceModel(m_model);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, theme.ipx(2), 1, theme.ipx(8));
    layout->addWidget(m_view);
    setUpView();
    connect(m_proxy, &QAbstractItemModel::rowsInserted, this, &ResourceTable::showEmptyText);
    connect(m_proxy, &QAbstractItemModel::rowsRemoved, this, &ResourceTable::showEmptyText);
    connect(m_proxy, &QAbstractItemModel::dataChanged, this, &ResourceTable::keepSelection);
    connect(&objects, &models::LiveObjects::synced, this, &ResourceTable::showEmptyText);
    connect(&objects, &models::LiveObjects::errorChanged, this, &ResourceTable::showEmptyText);
    connect(&theme, &shell::Theme::changed, this, &ResourceTable::setColumnWidths);
    m_ages.setInterval(1000);
    connect(&m_ages, &QTimer::timeout, m_view->viewport(), qOverload<>(&QWidget::update));
    sortBy(0);
    showEmptyText();
}

void ResourceTable::setUpView() {
    m_view->setObjectName(QStringLiteral("resourceTable"));
    m_view->setAccessibleName(m_model->columns().first().title);
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
    m_view->horizontalHeader()->setHighlightSections(false);
    m_view->horizontalHeader()->setSectionsMovable(true);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    m_empty->setProperty("role", QStringLiteral("muted"));
    m_empty->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_view->viewport()->installEventFilter(this);
    m_view->installEventFilter(this);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
        m_current = m_proxy->objectAt(index);
        emit currentChanged(m_current);
    });
    connect(m_view, &QTableView::doubleClicked, this,
            [this](const QModelIndex& index) { emit activated(m_proxy->objectAt(index)); });
    connect(m_view, &QWidget::customContextMenuRequested, this,
            [this](const QPoint& at) { emit menuRequested(m_view->viewport()->mapToGlobal(at)); });
    setColumnWidths();
}

void ResourceTable::setColumnWidths() {
    m_view->verticalHeader()->setDefaultSectionSize(m_theme.ipx(34));
    const auto& columns = m_model->columns();
    QVector<int> widths;
    QVector<int> slack;  // how much each can give
    int wanted = 0;
    int give = 0;
    for (const models::Column& column : columns) {
        const int width = m_theme.ipx(column.width);
        const int title = qCeil(views::textWidth(m_theme.fonts().secondaryStrong, column.title)) +
                          m_theme.ipx(widths.isEmpty() || column.kind == models::CellKind::Number ? 40 : 24);
        const bool words = column.kind == models::CellKind::Muted || width > m_theme.ipx(200);
        const int least = qMax(title, int(width * (words ? kNarrowestWords : kNarrowest)));
        widths << width;
        slack << qMax(0, width - least);
        wanted += width;
        give += slack.last();
    }
    shareOut(m_view->viewport()->width() - wanted, wanted, give, slack, widths);
    for (int i = 0; i < widths.size(); ++i) m_view->horizontalHeader()->resizeSection(i, widths[i]);
}

void ResourceTable::setEmptyText(const QString& text) {
    m_emptyText = text;
    showEmptyText();
}

void ResourceTable::showEmptyText() {
    QString text;
    if (!m_objects.error().isEmpty() && m_model->rowCount() == 0)
        //: In an empty list whose watch fails; %1 is the error.
        text = tr("The cluster does not answer: %1\nQuarterdeck goes on trying.").arg(m_objects.error());
    else if (m_objects.isSynced() && m_proxy->rowCount() == 0)
        //: In a list whose filter leaves nothing over.
        text = m_model->rowCount() == 0 ? m_emptyText : tr("Nothing here has these words or this namespace.");
    m_empty->setText(text);
    m_empty->setVisible(!text.isEmpty());
    m_empty->setGeometry(m_view->viewport()->geometry().adjusted(m_theme.ipx(40), 0, -m_theme.ipx(40), 0));
}

api::ObjectPtr ResourceTable::current() const {
    return m_proxy->objectAt(m_view->currentIndex());
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
    if (watched == m_view && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if ((key == Qt::Key_Return || key == Qt::Key_Enter) && current()) {
            emit activated(current());
            return true;
        }
    }
    if (watched == m_view->viewport() && (event->type() == QEvent::MouseMove || event->type() == QEvent::Leave)) {
        const auto* mouse = event->type() == QEvent::MouseMove ? static_cast<QMouseEvent*>(event) : nullptr;
        m_delegate->setHoveredRow(mouse ? m_view->rowAt(mouse->pos().y()) : -1);
        m_view->viewport()->update();
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
