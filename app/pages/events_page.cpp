#include "app/pages/events_page.h"

#include <QVBoxLayout>
#include <algorithm>

#include "app/actions/object_actions.h"
#include "app/bridge/resources.h"
#include "app/models/columns.h"
#include "cluster/api/types/core_v1.h"

namespace qd::pages {

EventsPage::EventsPage(const Context& context, QWidget* parent)
    : Page(QStringLiteral("events"), tr("Events"), QStringLiteral("events"), parent),
      m_bench(new Workbench(context, id(), bridge::kEvents, models::eventColumns(), nullptr, false, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_bench);
    m_bench->header().setTitle(title());
    m_bench->table().setEmptyText(tr("Nothing has happened yet."));
    connect(m_bench, &Workbench::opened, this, [this, &inventory = context.inventory](const api::ObjectPtr& object) {
        const shell::Location target = actions::locationOf(inventory, *object);
        if (!target.page.isEmpty()) emit goTo(target);
    });
    models::LiveObjects& events = context.inventory.objects(bridge::kEvents);
    connect(&events, &models::LiveObjects::changed, this, [this, &events] {
        const auto warnings = std::count_if(events.all().begin(), events.all().end(), [](const auto& entry) {
            const auto* event = api::objectAs<corev1::Event>(*entry.second);
            return event && event->type == "Warning";
        });
        //: Beside the title of the page of events.
        m_bench->header().setHeadline(warnings == 0 ? QString()
                                                    : tr("%n warnings", nullptr, static_cast<int>(warnings)));
    });
}

void EventsPage::open(const shell::Location&) {
    m_bench->takeOver();
    m_bench->table().view().setFocus();
}

void EventsPage::setNamespace(const QString& name) {
    m_bench->table().proxy().setNamespace(name);
}

}  // namespace qd::pages
