#pragma once

#include <QTimer>

#include "app/pages/workbench.h"
#include "app/shell/page.h"
#include "app/views/endpoints_view.h"

namespace qd::pages {

// Services, and for the chosen one who gets its traffic.
class NetworkPage : public shell::Page {
    Q_OBJECT
public:
    explicit NetworkPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    QVector<shell::Crumb> crumbs() const override;
    void setNamespace(const QString& name) override;

private:
    void chooseService(const api::ObjectPtr& object);
    void chooseFirst();
    void refresh();

    Context m_context;
    views::EndpointsView* m_picture;
    Workbench* m_bench;
    QTimer m_soon;
    std::string m_uid;
    shell::Location m_location;
};

}  // namespace qd::pages
