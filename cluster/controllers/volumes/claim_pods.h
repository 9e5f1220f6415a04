// Finds Pods by the claims that they use.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

// Lets the Pod informer find Pods by their claims; once is enough.
void addClaimIndex(client::Informer& pods);
// In order of namespace and name.
std::vector<client::Ptr<corev1::Pod>> podsUsing(const client::Informer& pods, const std::string& claimKey);

}  // namespace qd::controllers
