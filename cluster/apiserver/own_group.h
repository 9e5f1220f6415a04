// An API group that answers its requests itself, as an aggregated API server would: its resources are no built-in kinds
// and come and go while it is served (metrics).
#pragma once

#include <string>
#include <vector>

#include "cluster/apiserver/http.h"

namespace qd::apiserver {

struct Exchange;

// As discovery shows it. The name may be that of a subresource without a resource: pods/http_requests.
struct OwnResource {
    std::string name;
    bool namespaced = true;
    std::string kind;
    std::vector<std::string> verbs;
};

// Thread-safe.
class OwnGroup {
public:
    virtual ~OwnGroup() = default;
    virtual const std::string& name() const = 0;
    // The preferred one first.
    virtual std::vector<std::string> versions() const = 0;
    // The same in each version.
    virtual std::vector<OwnResource> resources() const = 0;
    // A request for one of its resources; the exchange names no kind. Who asks may do so.
    virtual Response handle(const Exchange& exchange) = 0;
};

}  // namespace qd::apiserver
