// The plugins of the default profile, in upstream's order and with upstream's weights.
#pragma once

#include "cluster/client/informer.h"
#include "cluster/scheduler/framework/framework.h"

namespace qd::scheduler {

std::unique_ptr<Framework> defaultFramework(client::Client& client, client::InformerFactory& informers);

}  // namespace qd::scheduler
