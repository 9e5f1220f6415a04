// What the node cards show. Answers: which nodes are there, how full are they, what runs where.
#pragma once

#include <QString>
#include <QVector>

#include "app/views/rollout_model.h"

namespace qd::views {

struct NodeCard {
    QString id;
    QString name;
    State state = State::Unknown;
    QString why;     // for one that is not ready; otherwise its version and age
    double cpu = 0;  // requested of allocatable, 0 to 1; above 1 when overcommitted
    double memory = 0;
    QString cpuText;  // "1.2 of 2 CPU"
    QString memoryText;
    bool cordoned = false;
    QVector<PodTile> pods;

    bool operator==(const NodeCard&) const = default;
};

struct NodesModel {
    QVector<NodeCard> nodes;
    QVector<PodTile> unscheduled;  // Pods on no node

    bool operator==(const NodesModel&) const = default;
};

}  // namespace qd::views
