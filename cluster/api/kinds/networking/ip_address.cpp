// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/ip-address-v1/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/networking/kinds.h"
#include "cluster/api/kinds/networking/references.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/meta/ip.h"
#include "cluster/api/types/networking_v1.h"

namespace qd::api {
namespace {

using networkingv1::IPAddress;
using networkingv1::ParentReference;

const field::Path kMetadata("metadata");
const field::Path kParent("spec.parentRef");

// An address, as it is always written.
std::vector<std::string> nameErrors(const std::string& name, bool) {
    const auto ip = IpAddress::parse(name);
    if (!ip) return ipErrors(name);
    if (ip->leadingZeros) return {"must not have leading 0s"};
    if (ip->mapped) return {"must not be an IPv4-mapped IPv6 address"};
    if (ip->toString() != name) return {fmt::format("must be in canonical form (\"{}\")", ip->toString())};
    return {};
}

field::Errors parentErrors(const Box<ParentReference>& parent) {
    if (!parent) return {field::required(kParent)};
    field::Errors errors;
    if (!parent->group.empty()) field::append(errors, subdomainErrors(kParent.child("group"), parent->group));
    field::append(errors, segmentErrors(parent->resource, kParent.child("resource")));
    field::append(errors, segmentErrors(parent->name, kParent.child("name")));
    if (!parent->namespace_.empty())
        field::append(errors, segmentErrors(parent->namespace_, kParent.child("namespace")));
    return errors;
}

field::Errors addressObjectErrors(const Object& object) {
    field::Errors errors = validateObjectMeta(object.metadata, false, nameErrors, kMetadata);
    field::append(errors, parentErrors(as<IPAddress>(object).spec.parentRef));
    return errors;
}

std::string parentText(const Box<ParentReference>& parent) {
    if (!parent) return "<none>";
    std::string resource = parent->resource + (parent->group.empty() ? "" : "." + parent->group);
    std::transform(resource.begin(), resource.end(), resource.begin(), [](unsigned char c) { return std::tolower(c); });
    return resource + (parent->namespace_.empty() ? "" : "/" + parent->namespace_) + "/" + parent->name;
}

}  // namespace

Kind ipAddressKind() {
    Kind kind = plainKind("networking.k8s.io", "v1", "IPAddress");
    kind.shortNames = {"ip"};
    kind.nameErrors = nameErrors;
    validateCreate(kind, addressObjectErrors);
    validateUpdate(kind, [](const Object& now, const Object& old) {
        field::Errors errors = addressObjectErrors(now);
        field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, kMetadata));
        const auto& parent = as<IPAddress>(now).spec.parentRef;
        if (!(parent == as<IPAddress>(old).spec.parentRef))
            errors.push_back(immutable(kParent, shownPointer(parent.get())));
        return errors;
    });
    kind.columns = {nameColumn(), fieldColumn<networkingv1::IPAddressSpec>("ParentRef", "string", "parentRef"),
                    ageColumn()};
    kind.cells = [](const Object& object, base::WallTime now) -> std::vector<Cell> {
        return {object.metadata.name, parentText(as<IPAddress>(object).spec.parentRef),
                ageText(object.metadata.creationTimestamp, now)};
    };
    return kind;
}

}  // namespace qd::api
