#pragma once

#include <QFrame>
#include <QLineEdit>
#include <QSplitter>
#include <QWidget>

#include "app/pages/context.h"
#include "app/pages/inspector.h"
#include "app/pages/object_header.h"
#include "app/pages/resource_table.h"
#include "app/views/picture.h"

namespace qd::pages {

// The layout that pages share: header; picture large with the inspector at its right; table below. Without a picture
// the table has its place. What is chosen in picture or table is what the inspector shows and the actions act on. The
// panels' sizes are remembered under `name`.
class Workbench : public QWidget {
    Q_OBJECT
public:
    Workbench(const Context& context, const QString& name, const bridge::Resource& resource,
              QVector<models::Column> columns, views::Picture* picture, bool scrollPicture = false,
              QWidget* parent = nullptr);
    ~Workbench() override;

    ObjectHeader& header() { return *m_header; }
    ResourceTable& table() { return *m_table; }
    Inspector& inspector() { return *m_inspector; }
    QLineEdit& filter() { return *m_filter; }
    // Shows the object in the inspector and makes it what the actions act on.
    void choose(const api::ObjectPtr& object);
    // Called when the page is shown again.
    void takeOver();

signals:
    void opened(const qd::api::ObjectPtr& object);

private:
    QFrame* framed(views::Picture* picture, bool scroll);
    void buildLayout(views::Picture* picture, bool scroll);
    void connectParts(views::Picture* picture);
    void chooseTile(const QString& id);
    void setEnlarged(bool enlarged);
    void popUpMenu(const QPoint& at);

    Context m_context;
    QString m_name;
    ObjectHeader* m_header;
    QLineEdit* m_filter;
    ResourceTable* m_table;
    Inspector* m_inspector;
    QSplitter* m_across;
    QWidget* m_beside;  // what the inspector stands beside
    bool m_enlarged = false;
    bool m_choosing = false;
    QSplitter* m_down = nullptr;
    views::Picture* m_picture;
};

}  // namespace qd::pages
