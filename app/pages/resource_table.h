#pragma once

#include <QFrame>
#include <QHash>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QTimer>

#include "app/models/resource_table_model.h"
#include "app/pages/cell_delegate.h"
#include "app/pages/table_header.h"
#include "app/shell/theme.h"

namespace qd::pages {

// A panel with the live objects of a kind as a table. When nothing is there it says why, or what to do first.
class ResourceTable : public QFrame {
    Q_OBJECT
public:
    ResourceTable(const shell::Theme& theme, models::LiveObjects& objects, QVector<models::Column> columns,
                  const base::Clock& clock, QWidget* parent = nullptr);

    models::ResourceTableProxy& proxy() { return *m_proxy; }
    QTableView& view() { return *m_view; }
    // What stands in place of the rows when the kind has no object, for example how to make the first one; below it a
    // link, if there is one.
    void setEmptyText(const QString& text, const QString& link = {});
    api::ObjectPtr current() const;
    void select(const std::string& uid);
    // The first row, when none is chosen yet.
    void chooseFirst();
    void sortBy(int column, Qt::SortOrder order = Qt::AscendingOrder);

signals:
    void currentChanged(const qd::api::ObjectPtr& object);
    void activated(const qd::api::ObjectPtr& object);
    void menuRequested(const QPoint& globalPosition);
    void emptyLinkActivated();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void setUpView();
    void setUpEmptyBox();
    void setColumnWidths();
    void showEmptyText();
    void keepSelection();
    void repaintAges();

    const shell::Theme& m_theme;
    models::LiveObjects& m_objects;
    models::ResourceTableModel* m_model;
    models::ResourceTableProxy* m_proxy;
    QTableView* m_view;
    TableHeader* m_header;
    CellDelegate* m_delegate;
    QFrame* m_corner;
    QWidget* m_emptyBox;
    QLabel* m_empty;
    QPushButton* m_emptyLink;
    QString m_emptyText;
    QTimer m_ages;
    QHash<std::pair<int, int>, QString> m_shownAges;  // by row and column
    api::ObjectPtr m_current;
    bool m_removing = false;
};

}  // namespace qd::pages
