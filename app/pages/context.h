#pragma once

#include <QSettings>

#include "app/actions/object_actions.h"
#include "app/models/live_objects.h"
#include "app/shell/theme.h"
#include "cluster/base/time.h"

namespace qd::pages {

// What every page of an open cluster is made from. All of it outlives the pages.
struct Context {
    const shell::Theme& theme;
    models::Inventory& inventory;
    const base::Clock& clock;
    actions::ObjectActions& actions;
    QSettings& settings;
};

}  // namespace qd::pages
