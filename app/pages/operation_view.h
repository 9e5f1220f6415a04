#pragma once

#include <QElapsedTimer>
#include <QFrame>
#include <QHash>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QTimer>
#include <memory>

#include "app/bridge/cluster_host.h"
#include "app/shell/theme.h"

namespace qd::pages {

// The steps of an operation as a list that is painted: a mark, a title, a detail, a bar, the time it took.
class StepList : public QWidget {
    Q_OBJECT
public:
    explicit StepList(const shell::Theme& theme, QWidget* parent = nullptr);
    void clear();
    void put(const bridge::OperationStep& step);
    const QVector<bridge::OperationStep>& steps() const { return m_steps; }
    // Where the step that is under way stands, for whoever scrolls.
    QRect workingRect() const;
    // It is over: what has not begun will not, and what did not end was cancelled or failed.
    void end(bool cancelled);
    // Time has gone on: steps under way take longer.
    void tick();
    QSize sizeHint() const override;

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    const shell::Theme& m_theme;
    QVector<bridge::OperationStep> m_steps;
    bool m_cancelled = false;
    QHash<QString, QElapsedTimer> m_told;  // when steps under way were last told of
};

// Something that takes its time, step by step: how long it has been going on, a way to cancel it, and when it fails
// what happened, why, what to do, and the log.
class OperationView : public QFrame {
    Q_OBJECT
public:
    explicit OperationView(const shell::Theme& theme, QWidget* parent = nullptr);
    void watch(std::unique_ptr<bridge::Operation> operation);
    bool isRunning() const { return m_running; }
    // It goes on, or it failed and the reader has not closed it.
    bool hasToBeSeen() const { return m_running || m_failed; }

signals:
    void succeeded();
    void failed();
    // The reader has seen the end and wants to go on.
    void closed();

private:
    void buildLayout();
    void showLog(bool shown);
    void showElapsed();
    void showStep(const bridge::OperationStep& step);
    void fitSteps();
    void succeed();
    void showFailure(const bridge::OperationFailure& failure);

    const shell::Theme& m_theme;
    QLabel* m_title;
    QLabel* m_elapsed;
    StepList* m_steps;
    QScrollArea* m_scroll;
    QLabel* m_failure;
    QPlainTextEdit* m_log;
    QPushButton* m_showLog;
    QPushButton* m_cancel;
    QPushButton* m_close;
    std::unique_ptr<bridge::Operation> m_operation;
    QElapsedTimer m_since;
    QTimer m_second;
    bool m_running = false;
    bool m_failed = false;
};

}  // namespace qd::pages
