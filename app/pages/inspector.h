#pragma once

#include <QFrame>
#include <QLabel>
#include <QScrollArea>
#include <QTabBar>
#include <QTextBrowser>
#include <QTimer>
#include <QToolButton>

#include "app/models/live_objects.h"
#include "app/pages/object_header.h"
#include "app/shell/location.h"
#include "app/shell/theme.h"

class QStackedWidget;

namespace qd::pages {

class StoryView;
class YamlTab;
class LogTab;
class TerminalTab;

// The panel at the right: why the chosen object is as it is, its details and events, its YAML, its logs, a terminal.
class Inspector : public QFrame {
    Q_OBJECT
public:
    enum Tab { Why, Details, Yaml, Logs, Terminal };

    Inspector(const shell::Theme& theme, models::Inventory& inventory, const base::Clock& clock,
              QWidget* parent = nullptr);
    // Null shows what to do to fill it.
    void setObject(const api::ObjectPtr& object);
    const api::ObjectPtr& object() const { return m_object; }
    void showTab(Tab tab);
    void editYaml();
    void openShell();
    // The button that asks for the whole page.
    QToolButton& enlargeButton() { return *m_enlarge; }

signals:
    // A link in the details: what the object belongs to.
    void goTo(const qd::shell::Location& location);

private:
    void buildLayout();
    void showObject();
    void showState();
    void showStory();
    void fillDetails();
    QString eventsHtml() const;
    QString writersHtml() const;
    void follow(const QUrl& link);

    const shell::Theme& m_theme;
    models::Inventory& m_inventory;
    const base::Clock& m_clock;
    QTabBar* m_tabs;
    QToolButton* m_enlarge;
    QStackedWidget* m_stack;
    NameLabel* m_name;
    StatePill* m_pill;
    QFrame* m_line;  // below the tabs
    QWidget* m_head;
    QLabel* m_nothing;
    StoryView* m_story;
    QTextBrowser* m_details;
    YamlTab* m_yaml;
    LogTab* m_logs;
    TerminalTab* m_terminal;
    api::ObjectPtr m_object;
    QTimer m_ages;
    bool m_stale = false;  // Pods have changed since it was last looked at
};

}  // namespace qd::pages
