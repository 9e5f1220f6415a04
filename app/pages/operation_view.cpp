#include "app/pages/operation_view.h"

#include <QHBoxLayout>
#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QScrollArea>
#include <QToolTip>
#include <QVBoxLayout>

#include "app/models/words.h"
#include "app/pages/roles.h"
#include "app/views/painting.h"

namespace qd::pages {

using bridge::OperationStep;

namespace {

constexpr qreal kRow = 34;

views::State stateOf(OperationStep::State state) {
    switch (state) {
        case OperationStep::State::Waiting:
            return views::State::Empty;
        case OperationStep::State::Working:
            return views::State::Starting;
        case OperationStep::State::Done:
            return views::State::Ready;
        case OperationStep::State::Failed:
            return views::State::Failed;
    }
    return views::State::Unknown;
}

QString seconds(qint64 milliseconds) {
    return models::lengthText(std::chrono::milliseconds(milliseconds));
}

}  // namespace

StepList::StepList(const shell::Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setObjectName(QStringLiteral("stepList"));
    //: Accessible name of the list of steps of something that takes its time.
    setAccessibleName(tr("Steps"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void StepList::clear() {
    m_steps.clear();
    m_told.clear();
    m_cancelled = false;
    updateGeometry();
    update();
}

QRect StepList::workingRect() const {
    const int row = m_theme.ipx(kRow);
    for (int i = 0; i < m_steps.size(); ++i)
        if (m_steps[i].state == OperationStep::State::Working) return {0, i * row, width(), row};
    return {};
}

void StepList::end(bool cancelled) {
    m_cancelled = cancelled;
    m_steps.removeIf([](const OperationStep& step) { return step.state == OperationStep::State::Waiting; });
    updateGeometry();
    update();
}

void StepList::tick() {
    if (!workingRect().isNull()) update();
}

void StepList::put(const OperationStep& step) {
    m_told[step.id].start();
    for (OperationStep& known : m_steps) {
        if (known.id != step.id) continue;
        known = step;
        update();
        return;
    }
    m_steps.push_back(step);
    updateGeometry();
    update();
}

QSize StepList::sizeHint() const {
    return {m_theme.ipx(420), m_theme.ipx(kRow * static_cast<qreal>(qMax<qsizetype>(1, m_steps.size())))};
}

// What does not fit is said whole by its tool tip.
bool StepList::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const qsizetype row = help->pos().y() / m_theme.ipx(kRow);
    QToolTip::showText(help->globalPos(), m_steps.value(row).detail, this);
    return true;
}

void StepList::paintEvent(QPaintEvent*) {
    const auto px = [this](qreal length) { return m_theme.px(length); };
    const auto& fonts = m_theme.fonts();
    const auto& palette = m_theme.palette();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    qreal y = 0;
    for (const OperationStep& step : std::as_const(m_steps)) {
        const QRectF row(0, y, width(), px(kRow));
        const qreal size = px(20);
        const bool hasFailed = step.state == OperationStep::State::Failed && !m_cancelled;
        const bool wasLeft = step.state == OperationStep::State::Failed && m_cancelled;
        views::paintTile(painter, m_theme, QRectF(px(1), row.center().y() - size / 2, size, size),
                         wasLeft ? views::State::Leaving : stateOf(step.state),
                         step.fraction < 0 ? 0.3 : step.fraction);
        const bool waiting = step.state == OperationStep::State::Waiting;
        QRectF words = row.adjusted(px(34), 0, -px(70), 0);
        const bool working = step.state == OperationStep::State::Working;
        const QString time = waiting ? QString() : seconds(step.elapsedMs + (working ? m_told[step.id].elapsed() : 0));
        views::paintText(painter, fonts.secondary, palette.muted, row, Qt::AlignVCenter | Qt::AlignRight, time);
        const qreal used =
            views::paintText(painter, working ? fonts.strong : fonts.text, waiting ? palette.muted : palette.text,
                             words, Qt::AlignVCenter, step.title);
        words.setLeft(words.left() + used + px(12));
        if (working && step.fraction >= 0 && words.width() > px(140)) {
            const QRectF bar(words.right() - px(120), row.center().y() - px(3), px(120), px(6));
            QPainterPath shape;
            shape.addRoundedRect(bar, px(3), px(3));
            painter.setClipPath(shape);
            painter.fillRect(bar, palette.sunken);
            painter.fillRect(QRectF(bar.topLeft(), QSizeF(bar.width() * qBound(0.0, step.fraction, 1.0), bar.height())),
                             palette.accent);
            painter.setClipping(false);
            words.setRight(bar.left() - px(12));
        }
        views::paintText(painter, fonts.secondary, hasFailed ? palette.failed : palette.muted, words, Qt::AlignVCenter,
                         step.detail);
        y += px(kRow);
    }
}

OperationView::OperationView(const shell::Theme& theme, QWidget* parent)
    : QFrame(parent),
      m_theme(theme),
      m_title(new QLabel(this)),
      m_elapsed(new QLabel(this)),
      m_steps(new StepList(theme, this)),
      m_scroll(new QScrollArea(this)),
      m_failure(new QLabel(this)),
      m_log(new QPlainTextEdit(this)),
      m_showLog(new QPushButton(this)),
      m_cancel(new QPushButton(tr("Cancel"), this)),
      m_close(new QPushButton(tr("Close"), this)) {
    setObjectName(QStringLiteral("operationView"));
    setProperty("panel", true);
    buildLayout();
    m_second.setInterval(1000);
    connect(&m_second, &QTimer::timeout, this, &OperationView::showElapsed);
    connect(m_showLog, &QPushButton::clicked, this, [this] { showLog(!m_log->isVisible()); });
    connect(m_close, &QPushButton::clicked, this, [this] {
        m_failed = false;
        emit closed();
    });
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        m_cancel->setEnabled(false);
        m_cancel->setText(tr("Cancelling…"));
        if (m_operation) m_operation->cancel();
    });
}

void OperationView::buildLayout() {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(m_theme.ipx(24), m_theme.ipx(20), m_theme.ipx(24), m_theme.ipx(20));
    layout->setSpacing(m_theme.ipx(12));
    auto* top = new QHBoxLayout;
    m_title->setFont(m_theme.fonts().heading);
    m_title->setObjectName(QStringLiteral("operationTitle"));
    m_elapsed->setObjectName(QStringLiteral("operationElapsed"));
    m_elapsed->setProperty("role", QStringLiteral("muted"));
    top->addWidget(m_title, 1);
    top->addWidget(m_elapsed);
    layout->addLayout(top);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setWidget(m_steps);
    m_steps->setAutoFillBackground(false);
    m_scroll->viewport()->setAutoFillBackground(false);
    layout->addWidget(m_scroll);
    m_failure->setObjectName(QStringLiteral("operationFailure"));
    m_failure->setWordWrap(true);
    m_failure->setTextFormat(Qt::RichText);
    m_failure->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    layout->addWidget(m_failure);
    m_log->setObjectName(QStringLiteral("operationLog"));
    m_log->setAccessibleName(tr("Log"));
    m_log->setReadOnly(true);
    m_log->setFont(m_theme.fonts().nameSmall);
    m_log->setLineWrapMode(QPlainTextEdit::WidgetWidth);
    m_log->setMinimumHeight(m_theme.ipx(140));
    layout->addWidget(m_log, 1);
    layout->addStretch(0);
    auto* buttons = new QHBoxLayout;
    m_showLog->setObjectName(QStringLiteral("operationShowLog"));
    m_cancel->setObjectName(QStringLiteral("operationCancel"));
    m_close->setObjectName(QStringLiteral("operationClose"));
    buttons->addWidget(m_showLog);
    buttons->addStretch(1);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_close);
    layout->addLayout(buttons);
}

void OperationView::watch(std::unique_ptr<bridge::Operation> operation) {
    m_operation = std::move(operation);
    m_running = true;
    m_failed = false;
    m_title->setText(m_operation->title());
    m_steps->clear();
    m_failure->hide();
    showLog(false);
    m_log->clear();
    m_log->setPlainText(m_operation->log());
    m_cancel->setText(tr("Cancel"));
    m_cancel->setEnabled(true);
    m_cancel->show();
    m_close->hide();
    m_since.start();
    m_second.start();
    showElapsed();
    fitSteps();
    connect(m_operation.get(), &bridge::Operation::stepped, this, &OperationView::showStep);
    connect(m_operation.get(), &bridge::Operation::logged, m_log, &QPlainTextEdit::appendPlainText);
    connect(m_operation.get(), &bridge::Operation::succeeded, this, &OperationView::succeed);
    connect(m_operation.get(), &bridge::Operation::failed, this, &OperationView::showFailure);
}

void OperationView::showLog(bool shown) {
    m_log->setVisible(shown);
    m_showLog->setText(shown ? tr("Hide log") : tr("Show log"));
}

void OperationView::showElapsed() {
    m_elapsed->setText(seconds(m_since.elapsed()));
    m_steps->tick();
}

void OperationView::showStep(const OperationStep& step) {
    m_steps->put(step);
    fitSteps();
    const QRect working = m_steps->workingRect();
    if (!working.isNull()) m_scroll->ensureVisible(0, working.center().y(), 0, working.height() * 2);
}

// As high as its steps, but a cluster of many nodes does not push the buttons off the page.
void OperationView::fitSteps() {
    const int room =
        qMax(m_theme.ipx(6 * kRow), parentWidget()->height() - m_theme.ipx(m_failure->isVisible() ? 400 : 150));
    m_scroll->setFixedHeight(qMin(m_steps->sizeHint().height(), room));
    if (!m_failure->isVisible()) return;
    // A label's own hint knows nothing of the width that it will have.
    const QMargins margins = layout()->contentsMargins();
    m_failure->setFixedHeight(m_failure->heightForWidth(width() - margins.left() - margins.right()));
}

void OperationView::succeed() {
    m_running = false;
    m_second.stop();
    m_cancel->hide();
    m_close->show();
    emit succeeded();
}

void OperationView::showFailure(const bridge::OperationFailure& failure) {
    m_running = false;
    m_failed = true;
    m_second.stop();
    m_cancel->hide();
    m_close->show();
    m_close->setFocus();
    const QColor colour = failure.cancelled ? m_theme.palette().muted : m_theme.palette().failed;
    m_failure->setText(QStringLiteral("<p style='color:%1'><b>%2</b></p><p>%3</p><p>%4</p>")
                           .arg(colour.name(), failure.what.toHtmlEscaped(),
                                failure.why.toHtmlEscaped().replace(u'\n', QStringLiteral("<br>")),
                                failure.remedy.toHtmlEscaped()));
    m_failure->show();
    showLog(!failure.cancelled);
    m_steps->end(failure.cancelled);
    fitSteps();
    emit failed();
}

}  // namespace qd::pages
