// Rules of Services that validation and the allocation of addresses and ports share.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/types/core_v1.h"

namespace qd::api {

field::Errors serviceErrors(const corev1::Service& service);
field::Errors serviceUpdateErrors(const corev1::Service& now, const corev1::Service& old);
field::Errors serviceStatusErrors(const corev1::Service& now, const corev1::Service& old);
std::vector<std::string> serviceWarnings(const corev1::Service& service);

// clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy among themselves; `old` is null on create.
field::Errors clusterIPErrors(const corev1::Service& service, const corev1::Service* old);

bool isHeadless(const corev1::Service& service);
bool isExternallyAccessible(const corev1::Service& service);
bool needsHealthCheckPort(const corev1::Service& service);

}  // namespace qd::api
