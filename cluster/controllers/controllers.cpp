#include "cluster/controllers/controllers.h"

#include "cluster/controllers/deployment/deployment_controller.h"
#include "cluster/controllers/endpoints/endpoints_controller.h"
#include "cluster/controllers/endpointslice/endpointslice_controller.h"
#include "cluster/controllers/replicaset/replicaset_controller.h"
#include "cluster/controllers/replication/replication_kind.h"

namespace qd::controllers {
namespace {

// A controller whose constructor takes the context and these arguments.
template <typename T, typename... Arguments>
auto made(Arguments... arguments) {
    return [arguments...](Context& context) -> std::unique_ptr<Controller> { return std::make_unique<T>(context, arguments...); };
}

}  // namespace

std::vector<Descriptor> controllerDescriptors(const Options&) {
    return {
        {.name = "endpoints-controller", .alias = "endpoint", .make = made<EndpointsController>(), .eventSource = "endpoint-controller"},
        {.name = "endpointslice-controller", .alias = "endpointslice", .make = made<EndpointSliceController>(), .eventSource = "endpoint-slice-controller"},
        {.name = "replicationcontroller-controller", .alias = "replicationcontroller", .make = made<ReplicaSetController>(replicationControllerKind()), .eventSource = "replication-controller"},
        {.name = "deployment-controller", .alias = "deployment", .make = made<DeploymentController>()},
        {.name = "replicaset-controller", .alias = "replicaset", .make = made<ReplicaSetController>(replicaSetKind())},
    };
}

}  // namespace qd::controllers
