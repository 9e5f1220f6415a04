// The built-in admission plugins, a file each. admission.cpp lists them in order.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/.
#pragma once

#include <memory>

#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/authorizer.h"

namespace qd::apiserver {

// Nothing is written into namespaces that are absent, nothing made in those that go, and some namespaces never go.
std::unique_ptr<AdmissionPlugin> namespaceLifecycle();
// What containers, Pods and claims of a namespace may ask for at least and at most, and get when they say nothing.
std::unique_ptr<AdmissionPlugin> limitRanger();
// Gives Pods a ServiceAccount that exists, its pull secrets, and a volume with its token.
std::unique_ptr<AdmissionPlugin> serviceAccount(base::Random& random);
// Nodes write what is theirs and nothing else. authorizer: asked for tokens of other audiences; may be null.
std::unique_ptr<AdmissionPlugin> nodeRestriction(const Authorizer* authorizer);
// New nodes are not ready.
std::unique_ptr<AdmissionPlugin> taintNodesByCondition();
// Holds Pods to the security standard that their namespace's labels name; privileged ones by default.
std::unique_ptr<AdmissionPlugin> podSecurity();
// Turns the name of a PriorityClass into a number.
std::unique_ptr<AdmissionPlugin> priority();
// Pods tolerate an unreachable node for five minutes.
std::unique_ptr<AdmissionPlugin> defaultTolerationSeconds();
// Claims without a storage class get the cluster's default one.
std::unique_ptr<AdmissionPlugin> defaultStorageClass();
// Finalizers on claims, volumes and attribute classes; the protection controllers remove them.
std::unique_ptr<AdmissionPlugin> storageObjectInUseProtection();
// Only bound claims of a class that allows it may grow.
std::unique_ptr<AdmissionPlugin> persistentVolumeClaimResize();
// What a Pod's RuntimeClass adds to it: overhead, node selector, tolerations.
std::unique_ptr<AdmissionPlugin> runtimeClass();
// Ingresses without a class get the cluster's default one.
std::unique_ptr<AdmissionPlugin> defaultIngressClass();
// Pods carry the zone and region of their node.
std::unique_ptr<AdmissionPlugin> podTopologyLabels();
// A Pod on a node is not resized beyond what that node could ever give.
std::unique_ptr<AdmissionPlugin> podResizeValidator();

}  // namespace qd::apiserver
