// What an autoscaler's parts may be, and the older form in which autoscaling/v1 shows it.
#pragma once

#include <memory>

#include "cluster/api/field/path.h"
#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/api/types/autoscaling_v2.h"

namespace qd::api {

// `old` is null for a new autoscaler.
field::Errors autoscalerErrors(const autoscalingv2::HorizontalPodAutoscaler& now,
                               const autoscalingv2::HorizontalPodAutoscaler* old);

// autoscaling/v1 knows the processor's utilization only; everything else stands in annotations there, as JSON.
// Annotations that cannot be read are dropped.
autoscalingv1::HorizontalPodAutoscaler olderAutoscaler(const autoscalingv2::HorizontalPodAutoscaler& autoscaler);
autoscalingv2::HorizontalPodAutoscaler newerAutoscaler(const autoscalingv1::HorizontalPodAutoscaler& autoscaler);
// In v2 these annotations say nothing and are not kept.
void dropOlderAnnotations(metav1::ObjectMeta& metadata);

}  // namespace qd::api
