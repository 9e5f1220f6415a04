#include "app/models/event_words.h"

#include <algorithm>

namespace qd::models {

base::WallTime lastSeen(const corev1::Event& event) {
    if (event.series) return event.series->lastObservedTime.wall();
    if (!event.lastTimestamp.isZero()) return event.lastTimestamp.wall();
    if (!event.eventTime.isZero()) return event.eventTime.wall();
    return event.metadata.creationTimestamp.wall();
}

int timesSeen(const corev1::Event& event) {
    return event.series ? event.series->count : std::max(1, event.count);
}

}  // namespace qd::models
