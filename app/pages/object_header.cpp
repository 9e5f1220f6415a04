#include "app/pages/object_header.h"

#include <QAction>
#include <QPainter>
#include <QPushButton>

#include "app/actions/action_registry.h"
#include "app/views/painting.h"

namespace qd::pages {

NameLabel::NameLabel(const shell::Theme& theme, QFont font, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_font(std::move(font)) {
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void NameLabel::setText(const QString& text) {
    if (text == m_text) return;
    m_text = text;
    setToolTip(text);
    setAccessibleName(text);
    updateGeometry();
    update();
}

void NameLabel::setNameFont(const QFont& font) {
    m_font = font;
    updateGeometry();
    update();
}

QSize NameLabel::sizeHint() const {
    return {qCeil(views::textWidth(m_font, m_text)) + 1, qCeil(QFontMetricsF(m_font).height())};
}

QSize NameLabel::minimumSizeHint() const {
    return {qMin(sizeHint().width(), m_theme.ipx(80)), sizeHint().height()};
}

void NameLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    views::paintText(painter, m_font, m_theme.palette().text, QRectF(rect()), Qt::AlignVCenter, m_text,
                     Qt::ElideMiddle);
}

StatePill::StatePill(const shell::Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    hide();
}

void StatePill::setState(views::State state, const QString& word) {
    if (state == m_state && word == m_word) return;
    m_state = state;
    m_word = word;
    setAccessibleName(word);
    setVisible(!word.isEmpty());
    updateGeometry();
    update();
}

QSize StatePill::sizeHint() const {
    return {qCeil(views::paintPill(nullptr, m_theme, {}, m_state, m_word)), m_theme.ipx(22)};
}

void StatePill::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    views::paintPill(&painter, m_theme, {}, m_state, m_word);
}

ObjectHeader::ObjectHeader(const shell::Theme& theme, QWidget* parent)
    : QWidget(parent),
      m_theme(theme),
      m_layout(new QHBoxLayout(this)),
      m_title(new NameLabel(theme, theme.fonts().title, this)),
      m_pill(new StatePill(theme, this)),
      m_headline(new QLabel(this)) {
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(theme.ipx(8));
    m_title->setObjectName(QStringLiteral("pageTitle"));
    m_headline->setTextFormat(Qt::PlainText);
    m_headline->setObjectName(QStringLiteral("pageHeadline"));
    m_headline->setProperty("role", QStringLiteral("muted"));
    m_headline->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_layout->addWidget(m_title);
    m_layout->addSpacing(theme.ipx(4));
    m_layout->addWidget(m_pill, 0, Qt::AlignVCenter);
    m_layout->addSpacing(theme.ipx(4));
    m_layout->addWidget(m_headline, 1);
    connect(&theme, &shell::Theme::changed, this, &ObjectHeader::restyle);
    restyle();
}

void ObjectHeader::restyle() {
    m_title->setNameFont(m_theme.fonts().title);
    m_headline->setFont(m_theme.fonts().text);
    setMinimumHeight(m_theme.ipx(36));
}

void ObjectHeader::setTitle(const QString& title) {
    m_title->setText(title);
}
void ObjectHeader::setState(views::State state, const QString& word) {
    m_pill->setState(state, word);
}
void ObjectHeader::setHeadline(const QString& text) {
    m_headline->setText(text);
    m_headline->setToolTip(text);
}

void ObjectHeader::addWidget(QWidget* widget) {
    m_layout->addWidget(widget);
}

void ObjectHeader::addAction(QAction& action) {
    auto* button = new QPushButton(action.text(), this);
    button->setObjectName(QStringLiteral("button.") + action.objectName());
    button->setToolTip(action.shortcut().toString(QKeySequence::NativeText));
    if (actions::ActionRegistry::isDanger(action)) button->setProperty("danger", true);
    const auto follow = [button, &action] {
        button->setEnabled(action.isEnabled());
        button->setVisible(action.isVisible());
        button->setText(action.text());
    };
    connect(button, &QPushButton::clicked, &action, &QAction::trigger);
    connect(&action, &QAction::changed, button, follow);
    follow();
    m_layout->addWidget(button);
}

}  // namespace qd::pages
