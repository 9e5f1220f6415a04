// Which addresses Services of the type LoadBalancer get.
#pragma once

#include <optional>
#include <string>

#include "cluster/api/meta/ip.h"
#include "cluster/base/result.h"

namespace qd::control_plane {

// text: an IPv4 network, "none", or empty for the default: the last 256 addresses of the Services' network, so that
// whoever has a route to Services reaches load balancers too; none when that network has fewer than 1024. Nothing: no
// load balancers. BadRequest when it is no network, or takes in the Services' first addresses (the API server's and
// DNS's) or addresses of Pods.
Result<std::optional<api::IpNetwork>> loadBalancerRange(const std::string& text, const api::IpNetwork& services,
                                                        const std::string& podCidr);

}  // namespace qd::control_plane
