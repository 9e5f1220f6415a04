// How ServiceCIDRs and IPAddresses stand to each other. Pure.
// Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#ip-address-objects, KEP-1880.
#pragma once

#include <vector>

#include "cluster/api/meta/ip.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/networking_v1.h"
#include "cluster/client/typed.h"

namespace qd::controllers {

inline constexpr char kServiceCidrFinalizer[] = "networking.k8s.io/service-cidr-finalizer";
inline constexpr char kAddressManager[] = "ipallocator.k8s.io";  // the label of addresses that the API server gives out
inline constexpr char kDefaultServiceCidr[] = "kubernetes";

using ServiceCidrs = std::vector<client::Ptr<networkingv1::ServiceCIDR>>;
using IpAddresses = std::vector<client::Ptr<networkingv1::IPAddress>>;

bool isAllocated(const networkingv1::IPAddress& address);  // by the API server
bool contains(const networkingv1::ServiceCIDR& cidr, const api::IpAddress& address);
// Whether nothing is left without a ServiceCIDR when this one goes. Others that go too do not count.
bool mayGo(const networkingv1::ServiceCIDR& cidr, const ServiceCidrs& all, const IpAddresses& addresses);

// The object that says who has a Service's address.
networkingv1::IPAddress addressOf(const corev1::Service& service, const api::IpAddress& ip);

}  // namespace qd::controllers
