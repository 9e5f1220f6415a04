// A container's log as a response: which instance is meant, what is said when there is none, and the body that follows
// it.
#pragma once

#include "cluster/apiserver/http.h"
#include "cluster/base/executor.h"
#include "vmnodes/agent/logs/cri_log.h"
#include "vmnodes/agent/sync/pod_worker.h"

namespace qd::agent::server {

// The instance of the container whose log is meant, or why there is none, in kubelet's words.
Result<cri::ContainerStatus> loggedInstance(const corev1::Pod& pod, const corev1::PodStatus& status,
                                            const sync::Observed& observed, const std::string& container,
                                            bool previous);

// Options of `kubectl logs`, from the query. An option that cannot be read is an error.
Result<logs::LogOptions> logOptions(const http::Query& query, base::WallTime now);

// Follows the reader; asks it again a few times a second while it waits.
std::unique_ptr<apiserver::BodySource> logBody(logs::LogReader reader, base::Executor& executor);

}  // namespace qd::agent::server
