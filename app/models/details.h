// What the Details tab says about an object: groups of names and values. The inventory is asked for what belongs to it.
#pragma once

#include <QString>
#include <QVector>

#include "app/models/live_objects.h"
#include "app/views/state.h"
#include "cluster/api/object.h"
#include "cluster/base/time.h"

namespace qd::models {

struct Detail {
    QString label;
    QString value;
    bool fixed = false;  // in the fixed font: names, addresses, images
    views::State state = views::State::Empty;
    QString link = {};  // "owner:<kind>:<name>": where it leads
};

struct DetailGroup {
    QString title;
    QVector<Detail> details;
};

QVector<DetailGroup> detailsOf(Inventory& inventory, const api::Object& object, base::WallTime now);

}  // namespace qd::models
