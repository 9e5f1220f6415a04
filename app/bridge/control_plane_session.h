#pragma once

#include <memory>

#include "app/bridge/client_session.h"
#include "cluster/control_plane/control_plane.h"

namespace qd::bridge {

// A session with a control plane of this process. It keeps the control plane alive for as long as a request or watch of
// it is under way, so that whoever ends a cluster need not wait for them.
std::unique_ptr<ClientSession> openInProcess(const QString& name, std::shared_ptr<control_plane::ControlPlane> plane,
                                             base::Executor& executor);

}  // namespace qd::bridge
