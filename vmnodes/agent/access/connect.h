// From a kubeconfig to a client.
#pragma once

#include <memory>
#include <string>

#include "cluster/client/client.h"

namespace qd::agent {

// The client of the kubeconfig's current context.
Result<std::unique_ptr<client::Client>> connect(const std::string& kubeconfigPath, base::Executor& executor);

}  // namespace qd::agent
