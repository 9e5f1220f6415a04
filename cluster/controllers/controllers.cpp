#include "cluster/controllers/controllers.h"

#include "cluster/controllers/attach_detach/attach_detach_controller.h"
#include "cluster/controllers/bootstrap/bootstrap_signer_controller.h"
#include "cluster/controllers/bootstrap/token_cleaner_controller.h"
#include "cluster/controllers/certificates/csr_approving_controller.h"
#include "cluster/controllers/certificates/csr_cleaner_controller.h"
#include "cluster/controllers/certificates/csr_signing_controller.h"
#include "cluster/controllers/clusterrole_aggregation/clusterrole_aggregation_controller.h"
#include "cluster/controllers/cronjob/cronjob_controller.h"
#include "cluster/controllers/daemonset/daemonset_controller.h"
#include "cluster/controllers/deployment/deployment_controller.h"
#include "cluster/controllers/disruption/disruption_controller.h"
#include "cluster/controllers/endpoints/endpoints_controller.h"
#include "cluster/controllers/endpointslice/endpointslice_controller.h"
#include "cluster/controllers/ephemeral_volume/ephemeral_volume_controller.h"
#include "cluster/controllers/endpointslice_mirroring/endpointslice_mirroring_controller.h"
#include "cluster/controllers/garbage_collector/garbage_collector.h"
#include "cluster/controllers/job/job_controller.h"
#include "cluster/controllers/namespaces/namespace_controller.h"
#include "cluster/controllers/node_ipam/node_ipam_controller.h"
#include "cluster/controllers/node_lifecycle/node_lifecycle_controller.h"
#include "cluster/controllers/persistentvolume_binder/persistentvolume_binder.h"
#include "cluster/controllers/pod_gc/pod_gc_controller.h"
#include "cluster/controllers/podautoscaler/podautoscaler_controller.h"
#include "cluster/controllers/replicaset/replicaset_controller.h"
#include "cluster/controllers/replication/replication_kind.h"
#include "cluster/controllers/resource_quota/resource_quota_controller.h"
#include "cluster/controllers/root_ca/root_ca_publisher.h"
#include "cluster/controllers/service_cidr/address_repair_controller.h"
#include "cluster/controllers/service_cidr/service_cidr_controller.h"
#include "cluster/controllers/service_lb/service_lb_controller.h"
#include "cluster/controllers/serviceaccount/serviceaccount_controller.h"
#include "cluster/controllers/statefulset/statefulset_controller.h"
#include "cluster/controllers/storage_protection/storage_protection.h"
#include "cluster/controllers/taint_eviction/taint_eviction_controller.h"
#include "cluster/controllers/ttl/ttl_controller.h"
#include "cluster/controllers/ttl_after_finished/ttl_after_finished_controller.h"
#include "cluster/controllers/volume_expand/volume_expand_controller.h"

namespace qd::controllers {
namespace {

// A controller whose constructor takes the context and these arguments.
template <typename T, typename... Arguments>
auto made(Arguments... arguments) {
    return [arguments...](Context& context) -> std::unique_ptr<Controller> { return std::make_unique<T>(context, arguments...); };
}

}  // namespace

std::vector<Descriptor> controllerDescriptors(const Options& options) {
    return {
        {.name = "serviceaccount-controller", .alias = "serviceaccount", .make = made<ServiceAccountController>(), .workers = 1},
        {.name = "clusterrole-aggregation-controller", .alias = "clusterrole-aggregation", .make = made<ClusterRoleAggregationController>(), .workers = 1},
        {.name = "serviceaccount-token-controller", .alias = "serviceaccount-token", .make = made<ServiceAccountTokenController>(options.rootCa, options.makeToken), .workers = 1, .onByDefault = static_cast<bool>(options.makeToken)},
        {.name = "root-ca-certificate-publisher-controller", .alias = "root-ca-cert-publisher", .make = made<RootCaPublisher>(options.rootCa), .workers = 1},
        {.name = "node-ipam-controller", .alias = "nodeipam", .make = made<NodeIpamController>(options.clusterCidr, options.nodeMaskSize), .workers = 1, .eventSource = "cidrAllocator"},
        {.name = "node-lifecycle-controller", .alias = "nodelifecycle", .make = made<NodeLifecycleController>(), .eventSource = "node-controller"},
        {.name = "taint-eviction-controller", .alias = "taint-eviction-controller", .make = made<TaintEvictionController>()},
        {.name = "endpoints-controller", .alias = "endpoint", .make = made<EndpointsController>(), .eventSource = "endpoint-controller"},
        {.name = "endpointslice-controller", .alias = "endpointslice", .make = made<EndpointSliceController>(), .eventSource = "endpoint-slice-controller"},
        {.name = "endpointslice-mirroring-controller", .alias = "endpointslicemirroring", .make = made<EndpointSliceMirroringController>(), .eventSource = "endpoint-slice-mirroring-controller"},
        {.name = "service-cidr-controller", .alias = "service-cidr-controller", .make = made<ServiceCidrController>()},
        {.name = "ipallocator-repair-controller", .alias = "ipallocator-repair-controller", .make = made<AddressRepairController>()},  // of kube-apiserver
        {.name = "replicationcontroller-controller", .alias = "replicationcontroller", .make = made<ReplicaSetController>(replicationControllerKind()), .eventSource = "replication-controller"},
        {.name = "pod-garbage-collector-controller", .alias = "podgc", .make = made<PodGcController>(), .workers = 1},
        {.name = "resourcequota-controller", .alias = "resourcequota", .make = made<ResourceQuotaController>(options.resources)},
        {.name = "namespace-controller", .alias = "namespace", .make = made<NamespaceController>(options.resources)},
        {.name = "garbage-collector-controller", .alias = "garbagecollector", .make = made<GarbageCollector>(options.resources)},
        {.name = "deployment-controller", .alias = "deployment", .make = made<DeploymentController>()},
        {.name = "replicaset-controller", .alias = "replicaset", .make = made<ReplicaSetController>(replicaSetKind())},
        {.name = "horizontal-pod-autoscaler-controller", .alias = "horizontalpodautoscaling", .make = made<PodAutoscalerController>(options.resources, options.metrics, options.autoscalerPeriod), .eventSource = "horizontal-pod-autoscaler"},
        {.name = "job-controller", .alias = "job", .make = made<JobController>()},
        {.name = "daemonset-controller", .alias = "daemonset", .make = made<DaemonSetController>(), .workers = 2},
        {.name = "statefulset-controller", .alias = "statefulset", .make = made<StatefulSetController>()},
        {.name = "disruption-controller", .alias = "disruption", .make = made<DisruptionController>(options.resources), .workers = 1, .eventSource = "controllermanager"},
        {.name = "ttl-after-finished-controller", .alias = "ttl-after-finished", .make = made<TtlAfterFinishedController>()},
        {.name = "cronjob-controller", .alias = "cronjob", .make = made<CronJobController>()},
        {.name = "persistentvolume-binder-controller", .alias = "persistentvolume-binder", .make = made<PersistentVolumeBinder>(options.provisioners), .eventSource = "persistentvolume-controller"},
        {.name = "persistentvolume-attach-detach-controller", .alias = "attachdetach", .make = made<AttachDetachController>(), .workers = 1, .eventSource = "attachdetach-controller"},
        {.name = "persistentvolume-expander-controller", .alias = "persistentvolume-expander", .make = made<VolumeExpandController>(options.provisioners), .eventSource = "volume_expand"},
        {.name = "ephemeral-volume-controller", .alias = "ephemeral-volume", .make = made<EphemeralVolumeController>(), .eventSource = "ephemeral_volume"},
        {.name = "persistentvolumeclaim-protection-controller", .alias = "pvc-protection", .make = made<ClaimProtection>(), .workers = 1},
        {.name = "persistentvolume-protection-controller", .alias = "pv-protection", .make = made<VolumeProtection>(), .workers = 1},
        {.name = "volumeattributesclass-protection-controller", .alias = "vac-protection", .make = made<AttributesClassProtection>(), .workers = 1},
        {.name = "service-lb-controller", .alias = "service", .make = made<ServiceLbController>(options.loadBalancers), .workers = 1, .eventSource = "service-controller", .onByDefault = options.loadBalancers != nullptr},
        {.name = "certificatesigningrequest-signing-controller", .alias = "csrsigning", .make = made<CsrSigningController>(options.authority, options.certificateLife), .onByDefault = options.authority != nullptr},
        {.name = "ttl-controller", .alias = "ttl", .make = made<TtlController>()},
        {.name = "certificatesigningrequest-approving-controller", .alias = "csrapproving", .make = made<CsrApprovingController>()},
        {.name = "certificatesigningrequest-cleaner-controller", .alias = "csrcleaner", .make = made<CsrCleanerController>(), .workers = 1},
        {.name = "bootstrap-signer-controller", .alias = "bootstrapsigner", .make = made<BootstrapSignerController>(), .workers = 1, .onByDefault = false},
        {.name = "token-cleaner-controller", .alias = "tokencleaner", .make = made<TokenCleanerController>(), .workers = 1, .onByDefault = false},
    };
}

}  // namespace qd::controllers
