// Indices of informers by labels: which objects carry some, and which Services select a Pod, without a look at all of
// them. Both kinds of index are added before the informer starts; who adds one that is there already shares it.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"

namespace qd::client {

void addLabelIndex(Informer& informer);
// Those of the namespace that carry all of these labels, in the order of their names; none when no label is asked for.
std::vector<api::ObjectPtr> withLabels(const Informer& informer, const std::string& ns, const api::Labels& wanted);

void addSelectorIndex(Informer& services);
// The Services of the namespace that select Pods with these labels, each once. Those that select nothing are no answer.
std::vector<Ptr<corev1::Service>> servicesSelecting(const Informer& services, const std::string& ns,
                                                    const api::Labels& labels);

}  // namespace qd::client
