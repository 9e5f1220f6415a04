#pragma once

#include <QHBoxLayout>
#include <QLabel>
#include <QWidget>

#include "app/shell/theme.h"
#include "app/views/state.h"

class QAction;

namespace qd::pages {

// A name on one line: what does not fit is left out of its middle, and the tool tip says it whole.
class NameLabel : public QWidget {
    Q_OBJECT
public:
    NameLabel(const shell::Theme& theme, QFont font, QWidget* parent = nullptr);
    void setText(const QString& text);
    QString text() const { return m_text; }
    void setNameFont(const QFont& font);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const shell::Theme& m_theme;
    QFont m_font;
    QString m_text;
};

// A state's pill as a widget.
class StatePill : public QWidget {
    Q_OBJECT
public:
    explicit StatePill(const shell::Theme& theme, QWidget* parent = nullptr);
    void setState(views::State state, const QString& word);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const shell::Theme& m_theme;
    views::State m_state = views::State::Unknown;
    QString m_word;
};

// The top of a page: what it is, how it is, and what can be done with it.
class ObjectHeader : public QWidget {
    Q_OBJECT
public:
    explicit ObjectHeader(const shell::Theme& theme, QWidget* parent = nullptr);
    void setTitle(const QString& title);
    void setState(views::State state, const QString& word);
    void setHeadline(const QString& text);
    // A button that triggers the action and is enabled with it.
    void addAction(QAction& action);
    // A widget at the right, before the buttons.
    void addWidget(QWidget* widget);

private:
    void restyle();
    const shell::Theme& m_theme;
    QHBoxLayout* m_layout;
    NameLabel* m_title;
    StatePill* m_pill;
    QLabel* m_headline;
};

}  // namespace qd::pages
