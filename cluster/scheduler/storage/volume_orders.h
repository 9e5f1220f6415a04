// Pods whose volumes are on their way: each is looked at again whenever a claim, a volume, a Pod or a node changes,
// until all is bound, something is wrong, or its time is over.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/storage/storage_view.h"

namespace qd::scheduler {

// What was written for one Pod.
struct VolumeOrder {
    struct Binding {
        client::Ptr<StorageView::Volume> volume;  // as it was written
        client::Ptr<StorageView::Claim> claim;
    };
    client::Ptr<corev1::Pod> pod;
    std::string node;
    std::vector<Binding> bindings;
    std::vector<client::Ptr<StorageView::Claim>> provisions;  // as they were written
};

// True: all is bound. False: not yet. An error: it will not come to that.
Result<bool> isFulfilled(const VolumeOrder& order, const StorageView& storage,
                         const client::Lister<corev1::Node>& nodes, const client::Lister<corev1::Pod>& pods);

class VolumeOrders : public std::enable_shared_from_this<VolumeOrders> {
public:
    using Done = PreBindPlugin::Done;
    // Asks the factory for its informers: make it before the factory starts.
    explicit VolumeOrders(Handle& handle);

    // Any thread. `done` is called on the strand.
    void add(VolumeOrder order, base::Duration timeout, Done done);
    // On the strand: something has changed.
    void look();

private:
    struct Waiting {
        VolumeOrder order;
        Done done;
        base::Timer timer;
    };
    void look(const std::shared_ptr<Waiting>& waiting);
    void end(const std::shared_ptr<Waiting>& waiting, Result<void> outcome);

    Handle& m_handle;
    client::Lister<corev1::Node> m_nodes;
    client::Lister<corev1::Pod> m_pods;
    std::list<std::shared_ptr<Waiting>> m_waiting;
};

}  // namespace qd::scheduler
