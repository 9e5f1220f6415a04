#include "app/shell/rail.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLocale>
#include <QMenu>
#include <QPainter>

#include "app/views/painting.h"

namespace qd::shell {

using views::paintText;

ClusterSwitcher::ClusterSwitcher(const Theme& theme, QWidget* parent) : QAbstractButton(parent), m_theme(theme) {
    setObjectName(QStringLiteral("clusterSwitcher"));
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(this, &QAbstractButton::clicked, this, &ClusterSwitcher::openMenu);
    setSummary({});
}

void ClusterSwitcher::setSummary(const ClusterSummary& summary) {
    m_summary = summary;
    //: In the cluster switcher when no cluster is open.
    if (summary.name.isEmpty()) m_summary.name = tr("No cluster");
    //: Accessible name of the cluster switcher; %1 is the cluster's name.
    setAccessibleName(tr("Cluster %1").arg(m_summary.name));
    setAccessibleDescription(m_summary.detail);
    update();
}

QSize ClusterSwitcher::sizeHint() const {
    return {m_theme.ipx(180), m_theme.ipx(44)};
}

void ClusterSwitcher::openMenu() {
    if (m_menu) m_menu->popup(mapToGlobal(QPoint(0, height() + m_theme.ipx(4))));
}

void ClusterSwitcher::paintEvent(QPaintEvent*) {
    const Palette& palette = m_theme.palette();
    const auto px = [this](qreal length) { return m_theme.px(length); };
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(hasFocus() || underMouse() ? palette.accent : palette.line, 1));
    painter.setBrush(palette.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(Theme::kControlRadius),
                            px(Theme::kControlRadius));
    views::paintDot(painter, m_theme, QPointF(px(16), height() / 2.0), px(4.5), m_summary.state);
    const QRectF words(px(30), px(6), width() - px(60), height() - px(13));
    const bool two = !m_summary.detail.isEmpty();
    paintText(painter, m_theme.fonts().strong, palette.text, words, two ? Qt::AlignTop : Qt::AlignVCenter,
              m_summary.name);
    if (two) paintText(painter, m_theme.fonts().small, palette.muted, words, Qt::AlignBottom, m_summary.detail);
    const qreal size = px(16);
    painter.drawPixmap(QPointF(width() - px(25), (height() - size) / 2),
                       m_theme.pixmap(QStringLiteral("chevron-down"), palette.muted, size, devicePixelRatioF()));
}

RailButton::RailButton(const Theme& theme, const QString& text, const QString& icon, QWidget* parent)
    : QAbstractButton(parent), m_theme(theme), m_icon(icon) {
    setText(text);
    setAccessibleName(text);
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void RailButton::setCount(int count) {
    m_count = count;
    update();
}

QSize RailButton::sizeHint() const {
    return {m_theme.ipx(180), m_theme.ipx(34)};
}

void RailButton::paintEvent(QPaintEvent*) {
    const Palette& palette = m_theme.palette();
    const auto px = [this](qreal length) { return m_theme.px(length); };
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF box = QRectF(rect()).adjusted(0.5, 1.5, -0.5, -1.5);
    const bool dark = palette.scheme == Scheme::Dark;
    if (isChecked() || underMouse() || hasFocus()) {
        QColor fill = over(palette.sunken, palette.text, dark ? 0.06 : 0.04);
        if (isChecked()) fill = over(palette.sunken, palette.accent, dark ? 0.2 : 0.14);
        painter.setPen(hasFocus() ? QPen(palette.accent, 1) : QPen(Qt::NoPen));
        painter.setBrush(fill);
        painter.drawRoundedRect(box, px(Theme::kControlRadius), px(Theme::kControlRadius));
    }
    const QColor colour = isChecked() ? palette.accent : palette.text;
    if (isChecked()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette.accent);
        painter.drawRoundedRect(QRectF(0, px(8), px(3), height() - px(16)), px(1.5), px(1.5));
    }
    const qreal icon = px(18);
    painter.drawPixmap(QPointF(px(11), (height() - icon) / 2),
                       m_theme.pixmap(m_icon, isChecked() ? palette.accent : palette.muted, icon, devicePixelRatioF()));
    const QString count = m_count > 0 ? QLocale().toString(m_count) : QString();
    const QRectF words(px(38), 0, width() - px(50), height());
    paintText(painter, m_theme.fonts().small, palette.muted, words, Qt::AlignVCenter | Qt::AlignRight, count);
    paintText(painter, isChecked() ? m_theme.fonts().strong : m_theme.fonts().text, colour,
              words.adjusted(0, 0, -px(28), 0), Qt::AlignVCenter, text());
}

Rail::Rail(const Theme& theme, QWidget* parent)
    : QFrame(parent),
      m_theme(theme),
      m_switcher(new ClusterSwitcher(theme, this)),
      m_pages(new QVBoxLayout),
      m_group(new QButtonGroup(this)),
      m_foot(new QWidget(this)),
      m_logo(new QLabel(this)),
      m_brand(new QLabel(QStringLiteral("Quarterdeck"), this)),
      m_revision(new QLabel(m_foot)),
      m_delay(new QLabel(m_foot)),
      m_export(new QPushButton(m_foot)) {
    setObjectName(QStringLiteral("rail"));
    setProperty("rail", true);
    //: Accessible name of the window's left edge.
    setAccessibleName(tr("Pages"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(12), theme.ipx(14), theme.ipx(12), theme.ipx(14));
    layout->setSpacing(theme.ipx(12));
    layout->addWidget(makeBrand());
    layout->addWidget(m_switcher);
    m_pages->setSpacing(theme.ipx(2));
    layout->addLayout(m_pages);
    layout->addStretch(1);
    makeFoot(*layout);
    connect(&theme, &Theme::changed, this, &Rail::restyle);
    restyle();
}

QWidget* Rail::makeBrand() {
    auto* row = new QWidget(this);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(m_theme.ipx(4), 0, 0, 0);
    layout->setSpacing(m_theme.ipx(10));
    layout->addWidget(m_logo);
    layout->addWidget(m_brand, 1);
    return row;
}

void Rail::makeFoot(QVBoxLayout& layout) {
    auto* foot = new QVBoxLayout(m_foot);
    foot->setContentsMargins(m_theme.ipx(4), 0, m_theme.ipx(4), 0);
    foot->setSpacing(m_theme.ipx(4));
    auto* line = new QFrame(m_foot);
    line->setProperty("hairline", true);
    line->setFixedHeight(1);
    m_revision->setObjectName(QStringLiteral("revisionLabel"));
    m_delay->setObjectName(QStringLiteral("watchDelayLabel"));
    m_revision->setProperty("role", QStringLiteral("muted"));
    m_delay->setProperty("role", QStringLiteral("muted"));
    m_export->setObjectName(QStringLiteral("exportKubeconfigButton"));
    m_export->setProperty("link", true);
    m_export->setCursor(Qt::PointingHandCursor);
    //: Link at the foot of the rail; opens a dialog.
    m_export->setText(tr("Export kubeconfig…"));
    foot->addWidget(line);
    foot->addSpacing(m_theme.ipx(6));
    foot->addWidget(m_revision);
    foot->addWidget(m_delay);
    foot->addWidget(m_export, 0, Qt::AlignLeft);
    m_foot->hide();
    layout.addWidget(m_foot);
}

void Rail::restyle() {
    setFixedWidth(m_theme.ipx(204));
    m_logo->setPixmap(QIcon(QStringLiteral(":/icons/quarterdeck.svg")).pixmap(QSize(m_theme.ipx(26), m_theme.ipx(26))));
    QFont brand = m_theme.fonts().heading;
    brand.setPointSizeF(brand.pointSizeF() * 1.1);
    m_brand->setFont(brand);
    m_revision->setFont(m_theme.fonts().small);
    m_delay->setFont(m_theme.fonts().small);
    m_export->setFont(m_theme.fonts().text);
    update();
}

void Rail::addPage(const QString& id, const QString& title, const QString& icon) {
    auto* button = new RailButton(m_theme, title, icon, this);
    button->setObjectName(QStringLiteral("rail.") + id);
    m_group->addButton(button);
    m_pages->addWidget(button);
    m_buttons.insert(id, button);
    connect(button, &QAbstractButton::clicked, this, [this, id] { emit pageChosen(id); });
}

void Rail::removePage(const QString& id) {
    if (RailButton* button = m_buttons.take(id)) {
        m_group->removeButton(button);
        delete button;
    }
}

void Rail::setCurrent(const QString& id) {
    if (RailButton* button = m_buttons.value(id)) button->setChecked(true);
}

void Rail::setCount(const QString& id, int count) {
    if (RailButton* button = m_buttons.value(id)) button->setCount(count);
}

void Rail::setFoot(const QString& revision, const QString& delay) {
    m_foot->setVisible(!revision.isEmpty() || !delay.isEmpty());
    m_revision->setText(revision);
    m_delay->setText(delay);
}

}  // namespace qd::shell
