// What happens in the cluster: kept in the cache, told to the queue.
#include "cluster/scheduler/scheduler_state.h"

namespace qd::scheduler {

template <typename T>
void Scheduler::State::listenTo(Happening what) {
    m_informers.informer(client::resourceOf<T>())
        .addHandler([weak = weak_from_this(), what](const api::ObjectPtr& before, const api::ObjectPtr& after) {
            const auto self = weak.lock();
            if (!self) return;
            self->onStrand([self = self.get(), what, before, after] {
                self->happened({what, before, after});
                self->kick();
            });
        });
}

void Scheduler::State::listen() {
    m_informers.informer(client::resourceOf<corev1::Pod>())
        .addHandler([weak = weak_from_this()](const api::ObjectPtr& before, const api::ObjectPtr& after) {
            const auto self = weak.lock();
            if (!self) return;
            self->onStrand(
                [self = self.get(), before = client::as<corev1::Pod>(before), after = client::as<corev1::Pod>(after)] {
                    self->podChanged(before, after);
                    self->kick();
                });
        });
    m_informers.informer(client::resourceOf<corev1::Node>())
        .addHandler([weak = weak_from_this()](const api::ObjectPtr& before, const api::ObjectPtr& after) {
            const auto self = weak.lock();
            if (!self) return;
            self->onStrand([self = self.get(), before = client::as<corev1::Node>(before),
                            after = client::as<corev1::Node>(after)] {
                self->nodeChanged(before, after);
                self->kick();
            });
        });
    listenTo<corev1::PersistentVolumeClaim>(Happening::Claim);
    listenTo<corev1::PersistentVolume>(Happening::Volume);
    listenTo<storagev1::StorageClass>(Happening::StorageClass);
    listenTo<storagev1::CSINode>(Happening::CsiNode);
    listenTo<storagev1::CSIDriver>(Happening::CsiDriver);
    listenTo<storagev1::CSIStorageCapacity>(Happening::CsiCapacity);
    listenTo<storagev1::VolumeAttachment>(Happening::VolumeAttachment);
    listenTo<corev1::Namespace>(Happening::Namespace);
}

void Scheduler::State::happened(const ClusterEvent& event) {
    if (event.what == Happening::Namespace) cache.namespacesChanged();
    profiles.observe(event);
    queue.moveFor(event);
}

Standing Scheduler::State::standing(const corev1::Pod* pod) const {
    if (!pod || pod->status.phase == "Succeeded" || pod->status.phase == "Failed") return Standing::Gone;
    if (!pod->spec.nodeName.empty()) return Standing::Placed;
    return profiles.find(pod->spec.schedulerName) ? Standing::Waiting : Standing::Gone;
}

void Scheduler::State::podChanged(const client::Ptr<corev1::Pod>& before, const client::Ptr<corev1::Pod>& after) {
    if (before && after && before->metadata.uid != after->metadata.uid) {
        podChanged(before, nullptr);
        return podChanged(nullptr, after);
    }
    const Standing was = standing(before.get());
    switch (standing(after.get())) {
        case Standing::Placed:
            return podPlaced(was, before, after);
        case Standing::Gone:
            return podGone(was, before);
        case Standing::Waiting:
            return podWaits(was, before, after);
    }
}

void Scheduler::State::podWaits(Standing was, const client::Ptr<corev1::Pod>& before,
                                const client::Ptr<corev1::Pod>& after) {
    auto info = makePodInfo(after, cache.classes());
    const std::string& uid = after->metadata.uid;
    // What has been decided here may not be in the copy yet; what others decide counts when it changes.
    const std::string& wanted = after->status.nominatedNodeName;
    const bool changed = (before ? before->status.nominatedNodeName : std::string()) != wanted;
    if (!cache.contains(uid))
        cache.nominations().set(info, changed ? wanted : std::string(cache.nominations().of(uid)));
    if (was == Standing::Waiting) {
        queue.update(before, std::move(info));
    } else {
        queue.add(std::move(info));
    }
}

void Scheduler::State::podPlaced(Standing was, const client::Ptr<corev1::Pod>& before,
                                 const client::Ptr<corev1::Pod>& after) {
    cache.setPod(makePodInfo(after, cache.classes()));
    if (was == Standing::Placed) {
        if (const Happening what = podChange(*before, *after); what != Happening::None) happened({what, before, after});
        return;
    }
    queue.remove(after->metadata.uid);
    cache.nominations().remove(after->metadata.uid);
    happened({Happening::PodAssigned, nullptr, after});
}

void Scheduler::State::podGone(Standing was, const client::Ptr<corev1::Pod>& before) {
    if (was == Standing::Gone) return;
    const std::string& uid = before->metadata.uid;
    const bool counted = cache.contains(uid) || !cache.nominations().of(uid).empty();
    cache.removePod(uid);
    cache.nominations().remove(uid);
    queue.remove(uid);
    placements.erase(before->metadata.namespace_, before->metadata.name);
    if (counted) happened({Happening::PodRemoved, before, nullptr});
}

void Scheduler::State::nodeChanged(const client::Ptr<corev1::Node>& before, const client::Ptr<corev1::Node>& after) {
    if (!after) {
        cache.removeNode(before->metadata.name);
        return happened({Happening::NodeRemoved, before, nullptr});
    }
    cache.setNode(after);
    const Happening what = before ? nodeChange(*before, *after) : Happening::NodeAdded;
    if (what != Happening::None) happened({what, before, after});
}

}  // namespace qd::scheduler
