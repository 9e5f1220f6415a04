// What a Pod's status says in the reader's terms. Pure.
#pragma once

#include <QString>

#include "app/views/rollout_model.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/base/time.h"

namespace qd::models {

struct PodSummary {
    views::State state = views::State::Unknown;
    QString word;        // "Ready", "CrashLoopBackOff"
    QString why;         // a sentence: what it waits for, where it runs, what failed
    QString remedy;      // what to do; empty when nothing is wrong
    qreal progress = 0;  // of a start: scheduled, sandbox, images, running
    int readyContainers = 0;
    int containers = 0;
    int restarts = 0;
};

// Follows the life cycle in https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
PodSummary summarize(const corev1::Pod& pod, base::WallTime now);

// The same as a tile. `prefix` is the owner's name, which the tile's label leaves out.
views::PodTile podTile(const corev1::Pod& pod, const QString& prefix, base::WallTime now);

}  // namespace qd::models
