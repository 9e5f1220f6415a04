#include "app/cluster/cluster_status.h"

#include <boost/json.hpp>

#include <algorithm>

#include "vmnodes/host/connection.h"

namespace qd::cluster {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object nodeJson(const NodeView& node) {
    json::object object{
        {"name", node.name}, {"address", node.address}, {"podCIDR", node.podCidr}, {"machine", node.machine}};
    if (node.ready) object["ready"] = *node.ready;
    if (!node.version.empty()) object["version"] = node.version;
    if (!node.images.empty()) object["images"] = json::array(node.images.begin(), node.images.end());
    return object;
}

NodeView nodeFromJson(const json::object& object) {
    NodeView node{.name = text(object, "name"),
                  .address = text(object, "address"),
                  .podCidr = text(object, "podCIDR"),
                  .machine = text(object, "machine"),
                  .ready = {},
                  .version = text(object, "version"),
                  .images = {}};
    if (const json::value* ready = object.if_contains("ready"); ready != nullptr && ready->is_bool())
        node.ready = ready->get_bool();
    if (const json::value* images = object.if_contains("images"); images != nullptr && images->is_array())
        for (const json::value& image : images->get_array())
            if (image.is_string()) node.images.emplace_back(image.get_string());
    return node;
}

}  // namespace

json::object toJson(const ClusterView& view) {
    json::array nodes;
    for (const NodeView& node : view.nodes) nodes.push_back(nodeJson(node));
    json::object object{{"name", view.spec.name},
                        {"state", view.state},
                        {"spec", json::object{{"nodes", view.spec.nodes},
                                              {"vcpus", view.spec.vcpus},
                                              {"memoryMiB", view.spec.memoryMiB},
                                              {"diskGiB", view.spec.diskGiB},
                                              {"libvirtUri", view.spec.libvirtUri},
                                              {"nodeCIDR", view.spec.nodeCidr},
                                              {"podCIDR", view.spec.podCidr},
                                              {"serviceCIDR", view.spec.serviceCidr},
                                              {"uuid", view.spec.uuid}}},
                        {"nodes", std::move(nodes)}};
    if (!view.detail.empty()) object["detail"] = view.detail;
    if (!view.acceleration.empty()) {
        object["acceleration"] = view.acceleration;
        object["accelerationReason"] = view.accelerationReason;
    }
    if (!view.server.empty()) object["server"] = view.server;
    if (view.ownerPid != 0) object["ownerPid"] = view.ownerPid;
    return object;
}

Result<ClusterView> viewFromJson(const json::object& object) {
    ClusterView view;
    view.spec.name = text(object, "name");
    view.state = text(object, "state");
    view.detail = text(object, "detail");
    view.acceleration = text(object, "acceleration");
    view.accelerationReason = text(object, "accelerationReason");
    view.server = text(object, "server");
    if (view.spec.name.empty() || view.state.empty()) return fail(Reason::BadRequest, "not a cluster's status");
    if (const json::value* pid = object.if_contains("ownerPid"); pid != nullptr && pid->is_int64())
        view.ownerPid = static_cast<int>(pid->get_int64());
    if (const json::value* spec = object.if_contains("spec"); spec != nullptr && spec->is_object()) {
        const json::object& settings = spec->get_object();
        const auto number = [&](std::string_view key, int& into) {
            const json::value* value = settings.if_contains(key);
            if (value != nullptr && value->is_int64()) into = static_cast<int>(value->get_int64());
        };
        number("nodes", view.spec.nodes);
        number("vcpus", view.spec.vcpus);
        number("memoryMiB", view.spec.memoryMiB);
        number("diskGiB", view.spec.diskGiB);
        view.spec.libvirtUri = text(settings, "libvirtUri");
        view.spec.nodeCidr = text(settings, "nodeCIDR");
        view.spec.podCidr = text(settings, "podCIDR");
        view.spec.serviceCidr = text(settings, "serviceCIDR");
        view.spec.uuid = text(settings, "uuid");
    }
    if (const json::value* nodes = object.if_contains("nodes"); nodes != nullptr && nodes->is_array())
        for (const json::value& node : nodes->get_array())
            if (node.is_object()) view.nodes.push_back(nodeFromJson(node.get_object()));
    return view;
}

std::vector<NodeView> machinesOf(const host::PoolStatus& pool) {
    std::vector<NodeView> nodes;
    for (const host::NodeStatus& node : pool.nodes) {
        NodeView view;
        view.name = node.identity.name;
        view.address = node.identity.address.toString();
        view.podCidr = node.identity.podCidr;
        view.machine = host::domainStateName(node.state);
        nodes.push_back(std::move(view));
    }
    return nodes;
}

std::string restingState(const host::PoolStatus& pool, int wanted) {
    if (static_cast<int>(pool.nodes.size()) < wanted) return "Incomplete";
    const auto all = [&](host::DomainState state) {
        return std::ranges::all_of(pool.nodes, [&](const host::NodeStatus& node) { return node.state == state; });
    };
    if (all(host::DomainState::Saved)) return "Suspended";
    if (std::ranges::any_of(pool.nodes, [](const host::NodeStatus& node) { return node.state == host::DomainState::Running; }))
        return "Orphaned";  // the machines run, and nobody runs the control plane
    return "Stopped";
}

ClusterView viewOf(const host::ClusterEntry& entry) {
    ClusterView view;
    view.spec.name = entry.name;
    view.state = "Unknown";
    if (!entry.spec) {
        view.detail = entry.spec.error().message;
        return view;
    }
    view.spec = *entry.spec;
    if (entry.owner) {
        view.ownerPid = entry.owner->pid;
        view.server = entry.owner->server;
        view.state = entry.owner->server.empty() ? "Starting" : "Running";
    }
    auto connection = host::Connection::open(view.spec.libvirtUri);
    if (!connection) {
        view.detail = connection.error().message;
        return view;
    }
    const auto pools = host::NodePool::list(**connection);
    if (!pools) {
        view.detail = pools.error().message;
        return view;
    }
    const auto pool = std::ranges::find(*pools, view.spec.uuid, &host::PoolStatus::uuid);
    if (pool != pools->end()) view.nodes = machinesOf(*pool);
    if (!entry.owner) view.state = pool != pools->end() ? restingState(*pool, view.spec.nodes) : "Incomplete";
    return view;
}

}  // namespace qd::cluster
