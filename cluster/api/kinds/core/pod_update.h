// What may change about a Pod, by endpoint.
#pragma once

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

field::Errors podErrors(const corev1::Pod& pod);  // in every state
field::Errors podUpdateErrors(const corev1::Pod& now, const corev1::Pod& old);
field::Errors podStatusErrors(const corev1::Pod& now, const corev1::Pod& old);
field::Errors podEphemeralErrors(const corev1::Pod& now, const corev1::Pod& old);
field::Errors podResizeErrors(const corev1::Pod& now, const corev1::Pod& old);

}  // namespace qd::api
