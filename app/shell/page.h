#pragma once

#include <QVector>
#include <QWidget>

#include "app/shell/location.h"

namespace qd::shell {

// One entry of the rail and what it opens. Lives on the Qt thread; never calls the cluster synchronously.
class Page : public QWidget {
    Q_OBJECT
public:
    Page(QString id, QString title, QString icon, QWidget* parent = nullptr)
        : QWidget(parent), m_id(std::move(id)), m_title(std::move(title)), m_icon(std::move(icon)) {
        setObjectName(m_id + QStringLiteral("Page"));
        setAccessibleName(m_title);
    }
    const QString& id() const { return m_id; }
    const QString& title() const { return m_title; }
    const QString& icon() const { return m_icon; }

    // Shows that kind or object; the location's page is this one.
    virtual void open(const Location& location) = 0;
    // The path to what is shown, the page itself first.
    virtual QVector<Crumb> crumbs() const { return {{m_title, {m_id}}}; }
    // The namespace that was chosen in the window; empty for all.
    virtual void setNamespace(const QString&) {}

signals:
    void crumbsChanged();
    void goTo(const qd::shell::Location& location);
    // What stands at the right of the rail's entry; negative: nothing.
    void countChanged(int count);

private:
    QString m_id;
    QString m_title;
    QString m_icon;
};

}  // namespace qd::shell
