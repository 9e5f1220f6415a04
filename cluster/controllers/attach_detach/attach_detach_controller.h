// Attaches volumes to the nodes whose Pods use them and takes them off again, by VolumeAttachment objects that whoever
// runs the volumes' driver answers, and tells nodes in volumesAttached what they may mount.
//
// Its keys are of two kinds: "volume <name>" decides about the attachments of a volume, "node <name>" brings a node's
// volumesAttached up to date. One worker: what one sync has decided another one sees. The order of a detachment: the
// volume leaves the node's list, then the VolumeAttachment is deleted; so that a node never mounts what is being taken
// away.
#pragma once

#include <map>
#include <set>

#include "cluster/controllers/attach_detach/attach_plan.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"

namespace qd::controllers {

class AttachDetachController final : public Controller {
public:
    explicit AttachDetachController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    using PodPtr = client::Ptr<corev1::Pod>;
    using VolumePtr = client::Ptr<corev1::PersistentVolume>;
    using PodsByNode = std::map<std::string, std::vector<PodPtr>>;
    // What is remembered of a volume, by node.
    struct Progress {
        std::map<std::string, base::SteadyTime> unwantedSince;
        std::set<std::string> leaving;                  // no longer told to the node
        std::map<std::string, std::string> toldErrors;  // the last one each
        std::set<std::string> toldToWait;               // for another node to let go
        std::set<std::string> uncertain;                // an attachment was written, or was not
    };

    void podChanged(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void nodeChanged(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void attachmentChanged(const api::ObjectPtr& old, const api::ObjectPtr& now);
    void wakeVolumesOf(const corev1::Pod& pod, std::uint64_t cause);

    Result<Outcome> syncVolume(const std::string& key, const std::string& name);
    // The Pods that want the volume, by their nodes; only nodes whose volumes are attached from here.
    PodsByNode wanted(const VolumePtr& volume) const;
    bool isAttachable(const corev1::PersistentVolume& volume) const;
    // Forgets what concerns neither an attachment nor a wish.
    void trim(const std::string& volume, const std::vector<AttachmentPtr>& attachments, const PodsByNode& pods);
    Result<Outcome> detach(const std::string& key, const AttachmentPtr& attachment, const VolumePtr& volume);
    // Adds to `attachments` what it makes.
    Result<void> attach(const std::string& key, const VolumePtr& volume, const std::string& node,
                        std::vector<AttachmentPtr>& attachments, const PodsByNode& pods);
    Result<AttachmentPtr> create(const std::string& key, const VolumePtr& volume, const std::string& node);
    // Finds out what became of writes without a clear answer. Whether the copies show all of it.
    Result<bool> settle(const std::string& key, const std::string& volume);
    void tellHold(const VolumePtr& volume, const std::string& node, const PodsByNode& pods);
    void tellError(const storagev1::VolumeAttachment& attachment, const std::vector<PodPtr>& pods);

    Result<Outcome> syncNode(const std::string& name);
    void tellAttached(const corev1::Node& node, const std::string& volume);

    Context& m_context;
    client::Informer& m_pods;
    client::Informer& m_nodes;
    client::Informer& m_claims;
    client::Informer& m_volumes;
    client::Informer& m_attachments;
    client::Informer& m_drivers;
    Expectations m_expectations;
    std::map<std::string, Progress> m_progress;  // by volume; used by the one worker alone
};

}  // namespace qd::controllers
