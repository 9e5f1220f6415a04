// Where in the application one is: a page, and on it a kind and an object. Pages ask to go somewhere by a Location; the
// window goes there, remembers it for Back, and shows it as a breadcrumb.
#pragma once

#include <QMetaType>
#include <QString>

namespace qd::shell {

struct Location {
    QString page;        // id of the page: "workloads"
    QString kind = {};   // plural, as kubectl has it: "deployments"; empty: the page's first
    QString space = {};  // namespace of the object
    QString name = {};   // of the object; empty: the list

    bool operator==(const Location&) const = default;
};

// One step of the breadcrumb.
struct Crumb {
    QString text;
    Location target;
};

}  // namespace qd::shell

Q_DECLARE_METATYPE(qd::shell::Location)
