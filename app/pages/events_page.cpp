#include "app/pages/events_page.h"

#include <QVBoxLayout>

#include "app/bridge/resources.h"
#include "app/models/columns.h"

namespace qd::pages {

EventsPage::EventsPage(const Context& context, QWidget* parent)
    : Page(QStringLiteral("events"), tr("Events"), QStringLiteral("events"), parent),
      m_bench(new Workbench(context, id(), bridge::kEvents, models::eventColumns(), nullptr, false, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_bench);
    m_bench->header().setTitle(title());
    m_bench->table().setEmptyText(tr("Nothing has happened yet."));
}

void EventsPage::open(const shell::Location&) {
    m_bench->takeOver();
    m_bench->table().view().setFocus();
}

void EventsPage::setNamespace(const QString& name) {
    m_bench->table().proxy().setNamespace(name);
}

}  // namespace qd::pages
