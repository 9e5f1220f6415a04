#pragma once

#include <QHash>
#include <QStackedWidget>
#include <QTabBar>
#include <QTimer>
#include <functional>

#include "app/pages/workbench.h"
#include "app/shell/page.h"

namespace qd::pages {

// A kind on a page of lists.
struct KindList {
    bridge::Resource resource;
    QString title;        // "StatefulSets"
    QString empty;        // what stands in place of rows: what the kind is for, in a sentence or two
    QString sample = {};  // a file of resources/samples that makes a first one; empty: nobody makes these by hand
    // The table's columns; null: those of kindColumns().
    std::function<QVector<models::Column>(models::Inventory&)> columns = {};
};

// A page of lists, one a kind: tabs above, then the kind's table with the inspector beside it. A list is made when it
// is first opened, so that nothing is watched that nobody looks at. A page of its own is one that says which kinds it
// has.
class KindPage : public shell::Page {
    Q_OBJECT
public:
    // `counted`: the rail says how many there are of the first kind.
    KindPage(const Context& context, const QString& id, const QString& title, const QString& icon,
             QVector<KindList> lists, bool counted, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    QVector<shell::Crumb> crumbs() const override;
    void setNamespace(const QString& name) override;

signals:
    // Manifests that the reader may want to apply, to begin with.
    void sampleWanted(const QString& name, const QByteArray& text);

protected:
    // The list of a kind, when it is first opened.
    virtual Workbench* makeBench(const KindList& list);
    // A row was opened: by default, where the window shows the object.
    virtual void openObject(const api::ObjectPtr& object);

    const Context& context() const { return m_context; }
    const shell::Location& location() const { return m_location; }
    QWidget* stack() { return m_stack; }
    // A widget of the page's own that one of its locations has to itself, in place of tabs and lists.
    void addInstead(QWidget* widget) { m_stack->addWidget(widget); }
    void openInstead(const shell::Location& location, QWidget* widget);
    void showEvent(QShowEvent* event) override;

private:
    void settle(const shell::Location& location);
    const KindList& listOf(const QString& plural) const;
    Workbench* shownBench() const { return m_benches.value(m_location.kind); }
    Workbench* benchOf(const KindList& list);
    void connectBench(const KindList& list, Workbench* bench);
    void chooseWanted();
    void showTrouble();

    Context m_context;
    QVector<KindList> m_lists;
    QTabBar* m_tabs;
    QWidget* m_tabRow;
    QStackedWidget* m_stack;
    QHash<QString, Workbench*> m_benches;  // by plural
    QString m_namespace;
    shell::Location m_location;
    bool m_wanted = false;    // the location's object has not been seen yet
    bool m_appeared = false;  // since the last location was opened
    QTimer m_soon;
};

}  // namespace qd::pages
