// What the roll-out picture shows. Answers: how far is it, within which budget, what is it waiting for, who began it.
//
// Plain values, made by buildRollout (app/models/build_rollout.h) from a Deployment, its ReplicaSets and their Pods.
#pragma once

#include <QString>
#include <QVector>

#include "app/views/state.h"

namespace qd::views {

struct PodTile {
    QString id;         // UID
    QString name;       // the Pod's name
    QString shortName;  // what stands under the tile: the name without the ReplicaSet's
    State state = State::Unknown;
    qreal progress = 0.25;  // how far a start has come
    QString why;            // "readiness probe fails", "on qd-dev-1"

    bool operator==(const PodTile&) const = default;
};

struct RevisionBox {
    qint64 number = 0;
    QString replicaSet;
    QString image;  // of the first container; the tag is what differs most of the time
    int desired = 0;
    int ready = 0;
    bool current = false;  // the one that the Deployment's template asks for
    QVector<PodTile> pods;
    QString note;                    // at the bottom: what happens next with this one
    State noteState = State::Empty;  // its colour; Empty: muted

    bool operator==(const RevisionBox&) const = default;
};

// One mark of the line of revisions.
struct RevisionMark {
    qint64 number = 0;
    QString image;
    QString age;  // "3 d"; "now" for the current one
    bool current = false;

    bool operator==(const RevisionMark&) const = default;
};

struct RolloutModel {
    QString deployment;
    QString began;     // "started 14 s ago by you, kubectl set image"
    QString headline;  // "8 of 10 updated · 9 available · 11 running"
    QString word;      // of the pill: "Rolling out"
    State state = State::Unknown;
    int desired = 0;
    int available = 0;
    int total = 0;
    int minAvailable = 0;
    int maxTotal = 0;
    int places = 0;  // empty places to draw in each box, at least
    QString waitingFor;
    QString trouble;  // what is wrong, when something is; then what to do
    QString remedy;
    QVector<RevisionBox> boxes;     // the oldest first, the current one last; only those with Pods, and the current one
    QVector<RevisionMark> history;  // oldest first

    bool operator==(const RolloutModel&) const = default;
};

}  // namespace qd::views
