#include "app/shell/top_bar.h"

#include <QKeySequence>
#include <QLabel>
#include <QPainter>
#include <QSignalBlocker>

#include "app/views/painting.h"

namespace qd::shell {

SearchButton::SearchButton(const Theme& theme, QWidget* parent) : QAbstractButton(parent), m_theme(theme) {
    setObjectName(QStringLiteral("searchButton"));
    //: In the field that opens the command palette.
    setText(tr("Search or run a command"));
    setAccessibleName(text());
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

QSize SearchButton::sizeHint() const {
    return {m_theme.ipx(300), m_theme.ipx(32)};
}
QSize SearchButton::minimumSizeHint() const {
    return {m_theme.ipx(120), m_theme.ipx(32)};
}

void SearchButton::paintEvent(QPaintEvent*) {
    const Palette& palette = m_theme.palette();
    const auto px = [this](qreal length) { return m_theme.px(length); };
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(hasFocus() || underMouse() ? palette.accent : palette.line, 1));
    painter.setBrush(over(palette.panel, palette.sunken, 0.5));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(Theme::kControlRadius),
                            px(Theme::kControlRadius));
    const qreal icon = px(16);
    painter.drawPixmap(QPointF(px(10), (height() - icon) / 2),
                       m_theme.pixmap(QStringLiteral("search"), palette.muted, icon, devicePixelRatioF()));
    const QString keys = QKeySequence(Qt::CTRL | Qt::Key_K).toString(QKeySequence::NativeText).replace(u'+', u' ');
    const qreal chip = views::textWidth(m_theme.fonts().small, keys) + px(14);
    const QRectF box(width() - chip - px(7), (height() - px(19)) / 2, chip, px(19));
    painter.setPen(QPen(palette.line, 1));
    painter.setBrush(palette.panel);
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(5), px(5));
    views::paintText(painter, m_theme.fonts().small, palette.muted, box, Qt::AlignCenter, keys);
    const QRectF words(px(32), 0, box.left() - px(40), height());
    views::paintText(painter, m_theme.fonts().text, palette.muted, words, Qt::AlignVCenter, text());
}

TopBar::TopBar(const Theme& theme, QWidget* parent)
    : QFrame(parent),
      m_theme(theme),
      m_crumbs(new QHBoxLayout),
      m_search(new SearchButton(theme, this)),
      m_apply(new QPushButton(this)),
      m_namespace(new QComboBox(this)) {
    setObjectName(QStringLiteral("topBar"));
    setProperty("bar", true);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(theme.ipx(20), theme.ipx(11), theme.ipx(20), theme.ipx(11));
    layout->setSpacing(theme.ipx(12));
    m_crumbs->setSpacing(0);
    layout->addLayout(m_crumbs);
    layout->addStretch(1);
    layout->addWidget(m_search);
    m_apply->setObjectName(QStringLiteral("applyYamlButton"));
    m_apply->setProperty("primary", true);
    //: Button; opens a dialog that shows what each document of a YAML file would do.
    m_apply->setText(tr("Apply YAML"));
    layout->addWidget(m_apply);
    m_namespace->setObjectName(QStringLiteral("namespaceBox"));
    //: Accessible name of the box that chooses the namespace.
    m_namespace->setAccessibleName(tr("Namespace"));
    m_namespace->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_namespace->setMinimumContentsLength(14);
    setNamespaces({});
    layout->addWidget(m_namespace);
    connect(m_namespace, &QComboBox::currentIndexChanged, this, [this] { emit namespaceChosen(currentNamespace()); });
    setClusterOpen(false);
}

void TopBar::setCrumbs(const QVector<Crumb>& crumbs) {
    while (QLayoutItem* item = m_crumbs->takeAt(0)) {
        // A crumb may be the one whose click led here.
        if (QWidget* old = item->widget()) {
            old->hide();
            old->deleteLater();
        }
        delete item;
    }
    for (qsizetype i = 0; i < crumbs.size(); ++i) {
        const bool last = i + 1 == crumbs.size();
        if (last) {
            auto* here = new QLabel(crumbs[i].text, this);
            here->setObjectName(QStringLiteral("crumb.last"));
            here->setFont(m_theme.fonts().strong);
            here->setContentsMargins(m_theme.ipx(5), 0, 0, 0);
            m_crumbs->addWidget(here);
            continue;
        }
        auto* step = new QPushButton(crumbs[i].text, this);
        step->setObjectName(QStringLiteral("crumb.%1").arg(i));
        step->setProperty("crumb", true);
        step->setCursor(Qt::PointingHandCursor);
        const Location target = crumbs[i].target;
        connect(step, &QPushButton::clicked, this, [this, target] { emit crumbChosen(target); });
        auto* slash = new QLabel(QStringLiteral("/"), this);
        slash->setProperty("role", QStringLiteral("muted"));
        m_crumbs->addWidget(step);
        m_crumbs->addWidget(slash);
    }
}

void TopBar::setNamespaces(const QStringList& names) {
    const QString chosen = currentNamespace();
    {
        const QSignalBlocker blocker(m_namespace);
        m_namespace->clear();
        //: First entry of the namespace box.
        m_namespace->addItem(tr("All namespaces"), QString());
        for (const QString& name : names) m_namespace->addItem(name, name);
        m_namespace->setCurrentIndex(qMax(0, m_namespace->findData(chosen)));
    }
    if (currentNamespace() != chosen) emit namespaceChosen(currentNamespace());
}

QString TopBar::currentNamespace() const {
    return m_namespace->currentData().toString();
}

void TopBar::setCurrentNamespace(const QString& name) {
    m_namespace->setCurrentIndex(qMax(0, m_namespace->findData(name)));
}

void TopBar::setClusterOpen(bool open) {
    m_clusterOpen = open;
    m_apply->setVisible(open);
    m_namespace->setVisible(open);
}

}  // namespace qd::shell
