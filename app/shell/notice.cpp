#include "app/shell/notice.h"

#include <QAccessible>
#include <QGraphicsDropShadowEffect>
#include <QHBoxLayout>

namespace qd::shell {

Notice::Notice(const Theme& theme, QWidget* window)
    : QFrame(window), m_theme(theme), m_icon(new QLabel(this)), m_text(new QLabel(this)) {
    setObjectName(QStringLiteral("notice"));
    setProperty("panel", true);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(theme.ipx(14), theme.ipx(10), theme.ipx(16), theme.ipx(10));
    layout->setSpacing(theme.ipx(10));
    layout->addWidget(m_icon, 0, Qt::AlignVCenter);
    layout->addWidget(m_text, 1);
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    auto* shadow = new QGraphicsDropShadowEffect(this);
    shadow->setBlurRadius(theme.px(24));
    shadow->setOffset(0, theme.px(6));
    shadow->setColor(QColor(0, 0, 0, 70));
    setGraphicsEffect(shadow);
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &QWidget::hide);
    hide();
}

void Notice::say(const QString& text, bool failed) {
    const QColor colour = failed ? m_theme.palette().failed : m_theme.palette().ready;
    m_icon->setPixmap(m_theme.pixmap(failed ? QStringLiteral("warning") : QStringLiteral("tick"), colour,
                                     m_theme.px(18), devicePixelRatioF()));
    m_text->setText(text);
    setAccessibleName(text);
    show();
    raise();
    place();
    // A failure is read, a success is noticed.
    m_timer.start(failed ? 12'000 : 4'000);
    QAccessibleEvent event(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void Notice::place() {
    const QWidget* window = parentWidget();
    const int widest = qMin(m_theme.ipx(520), window->width() - m_theme.ipx(64));
    const int wanted = m_text->fontMetrics().horizontalAdvance(m_text->text()) + m_theme.ipx(64);
    const int width = qMin(widest, wanted);
    const int height = qMax(sizeHint().height(), layout()->heightForWidth(width));
    setGeometry(window->width() - width - m_theme.ipx(24), window->height() - height - m_theme.ipx(24), width, height);
}

void Notice::mousePressEvent(QMouseEvent*) {
    hide();
}

}  // namespace qd::shell
