// The machines of one cluster: creating, starting, stopping, saving, restoring and removing them as a set.
//
// Every function is synchronous and may take minutes; run it on a thread that may wait. Each observes first what is
// there and does only what is missing, so all can be repeated after a failure. create() and start() undo their own
// steps when they fail or are cancelled, so that nothing is left behind. A function returns when the state it promises
// has been *seen* (by libvirt's events), never when it was only requested. One NodePool object is used by one thread at
// a time.
//
// Everything made in libvirt carries the cluster's uuid in its metadata; remove() takes only what carries it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/base/executor.h"
#include "cluster/base/result.h"
#include "vmnodes/host/acceleration.h"
#include "vmnodes/host/address_plan.h"
#include "vmnodes/host/cluster_spec.h"
#include "vmnodes/host/connection.h"
#include "vmnodes/host/node_image.h"

namespace qd::host {

enum class Step : std::uint8_t {
    Network,
    Storage,
    UploadImage,
    Disks,
    Define,
    Start,
    Stop,
    Save,
    Restore,
    Remove,
    Undo,
};
enum class StepState : std::uint8_t { Started, Working, Done, Failed };

std::string_view stepName(Step step);

struct Progress {
    Step step;
    StepState state;
    std::string node;           // empty for steps of the whole cluster
    base::Duration elapsed{0};  // since this function began
    std::string detail;         // for people, e.g. "root image: 120 of 215 MiB"
    double fraction = 0;        // of this step, when Working
};
// A cancelled function fails with this code (and has undone its steps like any other failure).
inline constexpr int kCancelledCode = 499;
using ProgressHandler = std::function<void(const Progress&)>;  // called on the caller's thread

// What a node's configuration may depend on.
struct NodeIdentity {
    std::string name;  // also the Kubernetes node's, e.g. "node-1"
    int index = 0;     // from 1
    std::string mac;
    Ipv4 address;
    std::string podCidr;  // the node's share of the cluster's, routed to it from the host
};
// What a node is told at its first boot (docs/node-image.md). The pool itself adds hostname, address, gateway, mac and
// podcidr.
struct NodeConfiguration {
    std::map<std::string, std::string> settings;  // by key without "qd."; SMBIOS strings, so no secrets
    std::string archive;  // a ustar archive, the content of the disk qd-config; empty: no such disk
};
using Configure = std::function<Result<NodeConfiguration>(const NodeIdentity&, const AddressPlan&)>;

struct NodeStatus {
    NodeIdentity identity;
    std::string domain;  // libvirt's name
    DomainState state = DomainState::Undefined;
};

struct PoolStatus {
    std::string cluster;
    std::string uuid;
    bool networkActive = false;
    AddressPlan addresses;
    std::vector<NodeStatus> nodes;
};

struct NodePoolOptions {
    std::string storagePool = "qd-storage";
    std::string storagePath;  // empty: /var/lib/libvirt/images/quarterdeck, or XDG data for a session connection
    base::Duration shutdownDeadline = std::chrono::seconds(60);  // then a node is switched off
};

class NodePool {
public:
    // The spec must be valid and carry a uuid; connection and executor must outlive the pool. The executor needs a
    // thread that is free while a function of the pool waits: events arrive there.
    NodePool(Connection& connection, base::Executor& executor, ClusterSpec spec, NodePoolOptions options = {});
    ~NodePool();
    NodePool(const NodePool&) = delete;
    NodePool& operator=(const NodePool&) = delete;

    // The addresses that the cluster has in libvirt, or those that create() would give it now.
    Result<AddressPlan> addresses() const;
    // The nodes that the spec asks for, with their addresses under that plan.
    std::vector<NodeIdentity> identities(const AddressPlan& plan) const;

    // Network (started), storage, image, disks and defined domains; nothing runs yet.
    Result<void> create(const NodeImage& image, const Acceleration& acceleration, const Configure& configure,
                        const ProgressHandler& progress, std::stop_token stop);
    // Starts every node that is not running; restores those that were saved.
    Result<void> start(const ProgressHandler& progress, std::stop_token stop);
    // Asks every node to shut down and switches off those that have not by the deadline. Drops saved states.
    Result<void> stop(const ProgressHandler& progress, std::stop_token stop);
    // Managed save of every running node: its memory goes to disk, start() continues it.
    Result<void> save(const ProgressHandler& progress, std::stop_token stop);
    // Ends and removes everything that belongs to the cluster, and the image and pool when nobody else uses them.
    Result<void> remove(const ProgressHandler& progress);

    Result<PoolStatus> inspect() const;
    // What the node has written to its serial console so far.
    Result<std::string> consoleLog(const std::string& node) const;

    // Every cluster of Quarterdeck that this libvirt knows.
    static Result<std::vector<PoolStatus>> list(Connection& connection);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace qd::host
