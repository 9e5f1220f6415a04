#include "app/pages/clusters_page.h"

#include <QHBoxLayout>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QStyle>

#include "app/pages/create_dialog.h"

namespace qd::pages {

namespace {
enum { kEmpty, kList, kOperation };
}

ClustersPage::ClustersPage(const shell::Theme& theme, actions::ActionRegistry& registry, bridge::ClusterHost& host,
                           QWidget* parent)
    : Page(QStringLiteral("clusters"), tr("Clusters"), QStringLiteral("clusters"), parent),
      m_theme(theme),
      m_host(host),
      m_create(registry.add({QStringLiteral("cluster.create"), tr("Create cluster…"), tr("Clusters"),
                             QStringLiteral("plus"), QKeySequence(Qt::CTRL | Qt::Key_N)},
                            this, [this] { askCreate(); })),
      m_header(new ObjectHeader(theme, this)),
      m_stack(new QStackedWidget(this)),
      m_list(new QWidget(this)),
      m_cards(new QVBoxLayout(m_list)),
      m_operation(new OperationView(theme, this)) {
    addAction(m_create);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(20), theme.ipx(14), theme.ipx(20), theme.ipx(18));
    layout->setSpacing(theme.ipx(12));
    m_header->setTitle(title());
    m_header->addAction(*m_create);
    layout->addWidget(m_header);
    layout->addWidget(m_stack, 1);
    m_cards->setContentsMargins(0, 0, 0, 0);
    m_cards->setSpacing(theme.ipx(12));
    m_cards->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_list);
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(scroll);
    auto* running = new QWidget(this);
    auto* middle = new QHBoxLayout(running);
    middle->setContentsMargins(0, 0, 0, 0);
    m_operation->setFixedWidth(theme.ipx(780));
    middle->addWidget(m_operation, 0, Qt::AlignTop);
    middle->addStretch(0);
    m_stack->addWidget(running);
    connect(&host, &bridge::ClusterHost::clustersChanged, this, &ClustersPage::fillCards);
    connect(m_operation, &OperationView::closed, this, &ClustersPage::fillCards);
    connect(m_operation, &OperationView::failed, this, &ClustersPage::fillCards);
    connect(m_operation, &OperationView::succeeded, this, [this] {
        const QString name = std::exchange(m_openAfterwards, {});
        fillCards();
        if (!name.isEmpty()) emit openWanted(name);
    });
    fillCards();
}

QWidget* ClustersPage::makeEmpty() {
    auto* empty = new QWidget(this);
    auto* layout = new QVBoxLayout(empty);
    layout->setSpacing(m_theme.ipx(12));
    layout->addStretch(2);
    auto* picture = new QLabel(empty);
    picture->setPixmap(
        QIcon(QStringLiteral(":/icons/quarterdeck.svg")).pixmap(QSize(m_theme.ipx(72), m_theme.ipx(72))));
    picture->setAlignment(Qt::AlignCenter);
    //: Heading of the first page while there is no cluster.
    auto* heading = new QLabel(tr("A whole Kubernetes cluster, on this machine"), empty);
    heading->setFont(m_theme.fonts().title);
    heading->setAlignment(Qt::AlignCenter);
    auto* text =
        new QLabel(tr("Quarterdeck runs the control plane in this window's process and each node as a virtual machine. "
                      "Watch roll-outs, endpoints and schedules happen."),
                   empty);
    text->setProperty("role", QStringLiteral("muted"));
    text->setAlignment(Qt::AlignCenter);
    text->setWordWrap(true);
    text->setFixedWidth(m_theme.ipx(460));
    text->setMinimumHeight(text->heightForWidth(m_theme.ipx(460)));
    auto* button = new QPushButton(tr("Create cluster…"), empty);
    button->setObjectName(QStringLiteral("emptyCreate"));
    button->setProperty("primary", true);
    connect(button, &QPushButton::clicked, m_create, &QAction::trigger);
    layout->addWidget(picture, 0, Qt::AlignHCenter);
    layout->addWidget(heading);
    layout->addWidget(text, 0, Qt::AlignHCenter);
    layout->addSpacing(m_theme.ipx(8));
    layout->addWidget(button, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    return empty;
}

QWidget* ClustersPage::makeCard(const bridge::ClusterInfo& info) {
    auto* card = new QFrame(m_list);
    card->setObjectName(QStringLiteral("cluster.") + info.name);
    card->setProperty("panel", true);
    auto* layout = new QHBoxLayout(card);
    layout->setContentsMargins(m_theme.ipx(20), m_theme.ipx(14), m_theme.ipx(16), m_theme.ipx(14));
    layout->setSpacing(m_theme.ipx(10));
    auto* words = new QVBoxLayout;
    words->setSpacing(m_theme.ipx(2));
    auto* name = new QLabel(info.name, card);
    name->setFont(m_theme.fonts().heading);
    auto* detail = new QLabel(info.detail, card);
    detail->setProperty("role", QStringLiteral("muted"));
    words->addWidget(name);
    words->addWidget(detail);
    auto* pill = new StatePill(m_theme, card);
    pill->setState(info.state, info.word);
    layout->addLayout(words);
    layout->addWidget(pill);
    layout->addStretch(1);
    const auto add = [&](const QString& id, const QString& text, const char* property, auto run) {
        auto* button = new QPushButton(text, card);
        button->setObjectName(id + u'.' + info.name);
        if (property) button->setProperty(property, true);
        connect(button, &QPushButton::clicked, this, run);
        layout->addWidget(button);
    };
    const QString cluster = info.name;
    add(QStringLiteral("remove"), tr("Delete…"), "danger", [this, cluster] { askRemove(cluster); });
    if (info.running) {
        add(QStringLiteral("suspend"), tr("Suspend"), nullptr, [this, cluster] { run(m_host.suspend(cluster)); });
        add(QStringLiteral("open"), tr("Open"), "primary", [this, cluster] { emit openWanted(cluster); });
    } else {
        add(QStringLiteral("start"), tr("Start"), "primary", [this, cluster] { run(m_host.start(cluster), cluster); });
    }
    return card;
}

void ClustersPage::fillCards() {
    while (m_cards->count() > 1) {
        QLayoutItem* item = m_cards->takeAt(0);
        if (QWidget* old = item->widget()) {
            old->hide();
            old->deleteLater();
        }
        delete item;
    }
    const QVector<bridge::ClusterInfo> clusters = m_host.clusters();
    for (qsizetype i = 0; i < clusters.size(); ++i) m_cards->insertWidget(static_cast<int>(i), makeCard(clusters[i]));
    emit countChanged(static_cast<int>(clusters.size()));
    m_create->setEnabled(!m_operation->isRunning());
    m_header->setHeadline({});
    if (!m_operation->hasToBeSeen()) m_stack->setCurrentIndex(clusters.isEmpty() ? kEmpty : kList);
}

void ClustersPage::open(const shell::Location&) {
    if (!m_operation->hasToBeSeen()) fillCards();
}

void ClustersPage::fill(QMenu& menu) {
    for (const bridge::ClusterInfo& info : m_host.clusters()) {
        QAction* action = menu.addAction(info.name);
        action->setEnabled(info.running);
        connect(action, &QAction::triggered, this, [this, name = info.name] { emit openWanted(name); });
    }
    if (!menu.isEmpty()) menu.addSeparator();
    menu.addAction(tr("Clusters…"), this, [this] { emit goTo({id()}); });
    menu.addAction(m_create);
}

void ClustersPage::askCreate() {
    emit goTo({id()});
    auto* dialog = new CreateDialog(m_theme, m_host, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &CreateDialog::wished, this,
            [this](const bridge::ClusterWish& wish) { run(m_host.create(wish), wish.name); });
    dialog->open();
}

void ClustersPage::askRemove(const QString& name) {
    auto* box = new QMessageBox(window());
    box->setObjectName(QStringLiteral("removeClusterDialog"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("Delete cluster"));
    box->setText(tr("Delete the cluster %1?").arg(name));
    box->setInformativeText(
        tr("Its nodes, their disks, all objects and their history, and its kubeconfig entries go. This cannot be "
           "undone."));
    QPushButton* yes = box->addButton(tr("Delete cluster"), QMessageBox::DestructiveRole);
    yes->setObjectName(QStringLiteral("removeClusterConfirm"));
    yes->setProperty("danger", true);
    yes->style()->unpolish(yes);  // the box has styled it already
    yes->style()->polish(yes);
    box->setDefaultButton(box->addButton(QMessageBox::Cancel));
    connect(yes, &QPushButton::clicked, this, [this, name] { run(m_host.remove(name)); });
    box->open();
}

void ClustersPage::run(std::unique_ptr<bridge::Operation> operation, const QString& openAfterwards) {
    if (!operation) return;
    m_openAfterwards = openAfterwards;
    m_operation->watch(std::move(operation));
    m_create->setEnabled(false);
    m_stack->setCurrentIndex(kOperation);
}

}  // namespace qd::pages
