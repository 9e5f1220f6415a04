// On which page the window shows the objects of a kind. A kind that is listed here is in that page's lists.
#pragma once

#include <QString>
#include <QVector>

#include "app/bridge/cluster_session.h"

namespace qd::actions {

struct Place {
    const bridge::Resource* resource;
    QString page;
    QString icon;
    bool searched = false;  // its objects are watched from the start, for the command palette
};

const QVector<Place>& places();
// Null for a kind that has no page of its own.
const Place* placeOf(std::string_view kind);

}  // namespace qd::actions
