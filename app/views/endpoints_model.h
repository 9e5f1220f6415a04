// What the Service picture shows. Answers: who gets traffic now, who does not and why.
//
// Plain values, made by buildEndpoints (app/models/build_endpoints.h) from a Service, its EndpointSlices and the Pods.
#pragma once

#include <QString>
#include <QVector>

#include "app/views/state.h"

namespace qd::views {

struct EndpointTile {
    QString id;
    QString address;  // "10.244.1.19"
    QString pod;
    State state = State::Unknown;
    qreal progress = 0.25;
    bool serving = false;  // whether traffic goes there
    QString why;           // "not ready: no traffic"; for a serving one the Pod's name

    bool operator==(const EndpointTile&) const = default;
};

struct EndpointNode {
    QString name;  // empty: on no node
    QVector<EndpointTile> endpoints;

    bool operator==(const EndpointNode&) const = default;
};

struct EndpointsModel {
    QString service;
    QString address;   // "10.96.12.7:80 → http"
    QString policy;    // "any node, no affinity"
    QString headline;  // "3 of 5 endpoints get traffic"
    QString nothing;   // why there is no endpoint at all, and what can be done
    QVector<EndpointNode> nodes;

    bool operator==(const EndpointsModel&) const = default;
};

}  // namespace qd::views
