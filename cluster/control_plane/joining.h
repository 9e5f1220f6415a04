// What a machine needs in order to join the cluster with a bootstrap token: the ConfigMap cluster-info in kube-public,
// which anybody may read, and the bindings that let bootstrap tokens ask for, and be granted, a node's certificate.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/ and .../bootstrap-tokens/.
#pragma once

#include <string>

#include "cluster/api/kinds/core/bootstrap_token.h"
#include "cluster/client/client.h"

namespace qd::control_plane {

// The bindings; those that are there stay as they are.
Result<void> ensureJoinRoles(client::Client& client);
// Says where the cluster is and whom to trust. Another address than before replaces it.
Result<void> publishClusterInfo(client::Client& client, const std::string& serverUrl, const std::string& authorityPem);


// One that nobody can guess; it admits nobody yet.
Result<api::BootstrapToken> newBootstrapToken();
// Until then machines may join with this token: its Secret is made, or made good for longer.
Result<void> admitBootstrapToken(client::Client& client, const api::BootstrapToken& token, base::WallTime until);

}  // namespace qd::control_plane
