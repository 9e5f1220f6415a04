#pragma once

#include <memory>

#include "app/bridge/client_session.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::bridge {

// A session with any API server, as a kubeconfig's context reaches it: a cluster that another process runs, or one far
// away. Nothing is asked of the server here: one that does not answer is told by the session's status. Fails when
// the address or the certificates cannot be used.
Result<std::unique_ptr<ClientSession>> openOverHttps(const QString& name, const client::KubeconfigAccess& access,
                                                     base::Executor& executor);

}  // namespace qd::bridge
