#pragma once

#include "app/pages/kind_page.h"
#include "app/views/endpoints_view.h"

namespace qd::pages {

// Services, and for the chosen one who gets its traffic; and what else leads traffic or keeps it away.
class NetworkPage : public KindPage {
    Q_OBJECT
public:
    explicit NetworkPage(const Context& context, QWidget* parent = nullptr);
    void open(const shell::Location& location) override;
    QVector<shell::Crumb> crumbs() const override;
    void setNamespace(const QString& name) override;

protected:
    Workbench* makeBench(const KindList& list) override;

private:
    void chooseService(const api::ObjectPtr& object);
    void chooseFirst();
    void refresh();

    views::EndpointsView* m_picture = nullptr;
    Workbench* m_services = nullptr;  // with m_picture, from the first time that Services are shown
    QTimer m_soon;
    std::string m_uid;
};

}  // namespace qd::pages
