#include "cluster/controllers/attach_detach/attach_detach_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/controllers/nodes/node_state.h"
#include "cluster/controllers/runtime/ownership.h"
#include "cluster/controllers/volumes/attachments.h"
#include "cluster/controllers/volumes/claim_pods.h"

namespace qd::controllers {
namespace {

using namespace api::volumes;

constexpr char kVolume[] = "volume ";
constexpr char kNode[] = "node ";
constexpr char kByNode[] = "attach-detach/node";
constexpr char kFailed[] = "FailedAttachVolume";

// The name under which a node knows an attachment whose volume is no more: attachments are named after it.
std::string nameOn(const corev1::Node& node, const storagev1::VolumeAttachment& attachment) {
    const std::string prefix = "kubernetes.io/csi/" + attachment.spec.attacher + "^";
    const auto isIt = [&](const std::string& name) {
        return name.starts_with(prefix) && attachmentName(name.substr(prefix.size()), attachment.spec.attacher,
                                                          node.metadata.name) == attachment.metadata.name;
    };
    for (const auto& name : node.status.volumesInUse)
        if (isIt(name)) return name;
    for (const auto& each : node.status.volumesAttached)
        if (isIt(each.name)) return each.name;
    return {};
}

// Whether this controller has made it, by its name: attachmentName() is "csi-" and a hash of 64 digits.
bool isOwn(const storagev1::VolumeAttachment& attachment) {
    constexpr std::string_view prefix = "csi-";
    const std::string_view name = attachment.metadata.name;
    return name.starts_with(prefix) && name.size() == prefix.size() + 64 &&
           name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
}

bool isManaged(const corev1::Node& node) {
    const auto found = node.metadata.annotations.find(kControllerManagedAttach);
    return found != node.metadata.annotations.end() && found->second == "true";
}

bool reports(const corev1::Node& node, const std::string& name) {
    return std::ranges::any_of(node.status.volumesAttached, [&](const auto& each) { return each.name == name; });
}

// What decides about attachments, of all that a node says.
bool matters(const corev1::Node& was, const corev1::Node& is) {
    return was.status.volumesInUse != is.status.volumesInUse ||
           was.status.volumesAttached != is.status.volumesAttached || readiness(was) != readiness(is) ||
           was.spec.taints != is.spec.taints || isManaged(was) != isManaged(is);
}

std::string attachedPatch(const corev1::Node& node, const std::vector<std::string>& names) {
    boost::json::array volumes;
    for (const auto& name : names) volumes.push_back(boost::json::object{{"name", name}, {"devicePath", ""}});
    return boost::json::serialize(
        boost::json::object{{"metadata", {{"resourceVersion", node.metadata.resourceVersion}}},
                            {"status", {{"volumesAttached", std::move(volumes)}}}});
}

}  // namespace

AttachDetachController::AttachDetachController(Context& context)
    : m_context(context),
      m_pods(context.informers.informer(client::resourceOf<corev1::Pod>())),
      m_nodes(context.informers.informer(client::resourceOf<corev1::Node>())),
      m_claims(context.informers.informer(client::resourceOf<corev1::PersistentVolumeClaim>())),
      m_volumes(context.informers.informer(client::resourceOf<corev1::PersistentVolume>())),
      m_attachments(context.informers.informer(client::resourceOf<storagev1::VolumeAttachment>())),
      m_drivers(context.informers.informer(client::resourceOf<storagev1::CSIDriver>())) {
    addClaimIndex(m_pods);
    addNodeIndex(m_pods);
    addVolumeIndex(m_attachments);
    m_attachments.addIndex(kByNode, [](const api::Object& object) {
        return std::vector<std::string>{static_cast<const storagev1::VolumeAttachment&>(object).spec.nodeName};
    });
    m_pods.addHandler([this](const auto& old, const auto& now) { podChanged(old, now); });
    m_nodes.addHandler([this](const auto& old, const auto& now) { nodeChanged(old, now); });
    m_attachments.addHandler([this](const auto& old, const auto& now) { attachmentChanged(old, now); });
    m_claims.addHandler([this](const api::ObjectPtr&, const api::ObjectPtr& now) {
        if (!now) return;
        const auto& claim = static_cast<const corev1::PersistentVolumeClaim&>(*now);
        if (!claim.spec.volumeName.empty()) m_context.keys.add(kVolume + claim.spec.volumeName, claim);
    });
    m_volumes.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const auto& volume = now ? *now : *old;
        m_context.keys.add(kVolume + volume.metadata.name, volume);
    });
    m_drivers.addHandler([this](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const auto& driver = now ? *now : *old;
        for (const auto& volume : client::Lister<corev1::PersistentVolume>(m_volumes).list())
            if (volume->spec.csi && volume->spec.csi->driver == driver.metadata.name)
                m_context.keys.add(kVolume + volume->metadata.name, driver);
    });
}

void AttachDetachController::wakeVolumesOf(const corev1::Pod& pod, std::uint64_t cause) {
    for (const auto& key : claimKeys(pod)) {
        const auto [ns, name] = splitKey(key);
        const auto claim = client::Lister<corev1::PersistentVolumeClaim>(m_claims).get(ns, name);
        if (claim && !claim->spec.volumeName.empty()) m_context.keys.add(kVolume + claim->spec.volumeName, cause);
    }
}

void AttachDetachController::podChanged(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const auto* was = static_cast<const corev1::Pod*>(old.get());
    const auto* is = static_cast<const corev1::Pod*>(now.get());
    if (was && is && was->metadata.uid == is->metadata.uid && was->spec.nodeName == is->spec.nodeName &&
        isTerminated(*was) == isTerminated(*is))
        return;
    const auto& pod = is ? *is : *was;
    if (!pod.spec.nodeName.empty()) wakeVolumesOf(pod, revisionOf(pod));
}

void AttachDetachController::nodeChanged(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const auto* was = static_cast<const corev1::Node*>(old.get());
    const auto* is = static_cast<const corev1::Node*>(now.get());
    if (was && is && !matters(*was, *is)) return;
    const auto& node = is ? *is : *was;
    const std::string& name = node.metadata.name;
    m_context.keys.add(kNode + name, node);
    for (const auto& attachment : client::Lister<storagev1::VolumeAttachment>(m_attachments).byIndex(kByNode, name))
        if (const std::string volume = volumeOf(*attachment); !volume.empty())
            m_context.keys.add(kVolume + volume, node);
    if (is && (!was || isManaged(*was) != isManaged(*is)))
        for (const auto& pod : podsOn(m_pods, name))
            wakeVolumesOf(static_cast<const corev1::Pod&>(*pod), revisionOf(node));
}

void AttachDetachController::attachmentChanged(const api::ObjectPtr& old, const api::ObjectPtr& now) {
    const auto& attachment = static_cast<const storagev1::VolumeAttachment&>(now ? *now : *old);
    if (const std::string volume = volumeOf(attachment); !volume.empty())
        m_context.keys.add(kVolume + volume, attachment);
    m_context.keys.add(kNode + attachment.spec.nodeName, attachment);
}

Result<Outcome> AttachDetachController::sync(const std::string& key) {
    if (key.starts_with(kNode)) return syncNode(key.substr(sizeof(kNode) - 1));
    return syncVolume(key, key.substr(sizeof(kVolume) - 1));
}

bool AttachDetachController::isAttachable(const corev1::PersistentVolume& volume) const {
    if (!volume.spec.csi) return false;
    const auto driver = client::Lister<storagev1::CSIDriver>(m_drivers).get("", volume.spec.csi->driver);
    return !driver || driver->spec.attachRequired.value_or(true);
}

AttachDetachController::PodsByNode AttachDetachController::wanted(const VolumePtr& volume) const {
    if (!volume || !volume->spec.claimRef || !isAttachable(*volume)) return {};
    const auto& reference = *volume->spec.claimRef;
    const auto claim =
        client::Lister<corev1::PersistentVolumeClaim>(m_claims).get(reference.namespace_, reference.name);
    if (!claim || claim->metadata.uid != reference.uid || claim->status.phase != corev1::ClaimBound ||
        claim->spec.volumeName != volume->metadata.name)
        return {};
    PodsByNode pods;
    for (const auto& pod : podsUsing(m_pods, keyOf(*claim))) {
        if (pod->spec.nodeName.empty() || isTerminated(*pod)) continue;
        const bool isOwn = std::ranges::any_of(pod->spec.volumes, [&](const corev1::Volume& one) {
            return claimName(*pod, one) == claim->metadata.name && (!one.ephemeral || !notOwned(*claim, *pod));
        });
        const auto node = client::Lister<corev1::Node>(m_nodes).get("", pod->spec.nodeName);
        if (isOwn && node && isManaged(*node)) pods[pod->spec.nodeName].push_back(pod);
    }
    return pods;
}

Result<Outcome> AttachDetachController::syncVolume(const std::string& key, const std::string& name) {
    const auto volume = client::Lister<corev1::PersistentVolume>(m_volumes).get("", name);
    const auto settled = settle(key, name);
    if (!settled) return fail(settled.error());
    if (!*settled) return Outcome{kLookAgain};
    auto attachments = attachmentsOf(m_attachments, name);  // not before: they show what was written
    if (!volume && attachments.empty()) {
        m_expectations.forget(key);
        m_progress.erase(name);
        return Outcome{};
    }
    const PodsByNode pods = wanted(volume);
    trim(name, attachments, pods);
    Outcome outcome;
    for (const auto& attachment : attachments) {
        if (pods.contains(attachment->spec.nodeName)) continue;
        // Of a volume that is not there: somebody else's, who knows what it is for.
        if (!volume && !isOwn(*attachment)) continue;
        const auto detached = detach(key, attachment, volume);
        if (!detached) return detached;
        if (detached->again > base::Duration(0) &&
            (outcome.again == base::Duration(0) || detached->again < outcome.again))
            outcome = *detached;
    }
    for (const auto& [node, users] : pods)
        if (auto done = attach(key, volume, node, attachments, pods); !done) return fail(std::move(done.error()));
    return outcome;
}

Result<bool> AttachDetachController::settle(const std::string& key, const std::string& volume) {
    const auto progress = m_progress.find(volume);
    while (progress != m_progress.end() && !progress->second.uncertain.empty()) {
        const std::string name = *progress->second.uncertain.begin();
        const auto live = client::Api<storagev1::VolumeAttachment>(m_context.client).get("", name);
        if (!live && live.error().reason != Reason::NotFound) return fail(live.error());
        if (live) m_expectations.wrote(key, m_attachments, **live);
        progress->second.uncertain.erase(name);
    }
    return m_expectations.fulfilled(key);
}

void AttachDetachController::trim(const std::string& volume, const std::vector<AttachmentPtr>& attachments,
                                  const PodsByNode& pods) {
    std::set<std::string> nodes;
    for (const auto& attachment : attachments) nodes.insert(attachment->spec.nodeName);
    Progress& progress = m_progress[volume];
    std::erase_if(progress.unwantedSince, [&](const auto& each) { return !nodes.contains(each.first); });
    std::erase_if(progress.leaving, [&](const auto& node) { return !nodes.contains(node); });
    std::erase_if(progress.toldErrors, [&](const auto& each) { return !nodes.contains(each.first); });
    std::erase_if(progress.toldToWait, [&](const auto& node) { return !pods.contains(node); });
}

Result<Outcome> AttachDetachController::detach(const std::string& key, const AttachmentPtr& attachment,
                                               const VolumePtr& volume) {
    if (attachment->metadata.deletionTimestamp) return Outcome{};  // whoever answers it is at work
    const std::string& nodeName = attachment->spec.nodeName;
    Progress& progress = m_progress[volumeOf(*attachment)];
    const auto nameAt = [&](const corev1::Node* node) {
        if (volume) return attachedName(*volume).value_or("");
        return node ? nameOn(*node, *attachment) : std::string();
    };
    const auto now = m_context.executor.clock().steady();
    const auto since = progress.unwantedSince.try_emplace(nodeName, now).first->second;
    const auto judge = [&](const corev1::Node* node) {
        DetachSight sight = sightOf(node, nameAt(node));
        sight.waited = now - since;
        return detachAfter(sight);
    };
    if (const auto wait = judge(client::Lister<corev1::Node>(m_nodes).get("", nodeName).get())) return Outcome{*wait};
    // The copy may be behind, and a volume must not be taken from under a mount.
    const auto node = client::Api<corev1::Node>(m_context.client).get("", nodeName);
    if (!node && node.error().reason != Reason::NotFound) return fail(node.error());
    if (const auto wait = judge(node ? node->get() : nullptr)) return Outcome{*wait};
    progress.leaving.insert(nodeName);
    if (node && isManaged(**node) && reports(**node, nameAt(node->get()))) {
        m_context.keys.add(kNode + nodeName, *attachment);
        return Outcome{kLookAgain};
    }
    client::DeleteOptions options;
    options.uid = attachment->metadata.uid;
    const auto removed =
        client::Api<storagev1::VolumeAttachment>(m_context.client).remove("", attachment->metadata.name, options);
    if (!removed && removed.error().reason != Reason::NotFound) return fail(removed.error().within("detaching"));
    m_expectations.removed(key, m_attachments, *attachment);
    return Outcome{};
}

Result<void> AttachDetachController::attach(const std::string& key, const VolumePtr& volume, const std::string& node,
                                            std::vector<AttachmentPtr>& attachments, const PodsByNode& pods) {
    const auto& csi = *volume->spec.csi;
    const std::string name = attachmentName(csi.volumeHandle, csi.driver, node);
    AttachmentPtr own;
    std::size_t others = 0;
    for (const auto& each : attachments) {
        if (each->metadata.name == name) {
            own = each;
        } else if (each->spec.nodeName != node) {
            ++others;
        }
    }
    Progress& progress = m_progress[volume->metadata.name];
    progress.unwantedSince.erase(node);
    // Wanted again before it was taken off.
    if ((!own || !own->metadata.deletionTimestamp) && progress.leaving.erase(node) > 0)
        m_context.keys.add(kNode + node, *volume);
    const AttachStep step = planAttach(own, others, attachesToMany(*volume));
    if (step != AttachStep::Hold) progress.toldToWait.erase(node);
    switch (step) {
        case AttachStep::Create: {
            auto created = create(key, volume, node);
            if (!created) return fail(std::move(created.error()));
            attachments.push_back(*created);
            break;
        }
        case AttachStep::Hold:
            if (progress.toldToWait.insert(node).second) tellHold(volume, node, pods);
            break;
        case AttachStep::Await:
            tellError(*own, pods.at(node));
            break;
        case AttachStep::Done:
            progress.toldErrors.erase(node);
            break;
    }
    return {};
}

Result<AttachmentPtr> AttachDetachController::create(const std::string& key, const VolumePtr& volume,
                                                     const std::string& node) {
    const auto& csi = *volume->spec.csi;
    storagev1::VolumeAttachment attachment;
    attachment.metadata.name = attachmentName(csi.volumeHandle, csi.driver, node);
    attachment.spec.attacher = csi.driver;
    attachment.spec.nodeName = node;
    attachment.spec.source.persistentVolumeName = volume->metadata.name;
    auto created = client::Api<storagev1::VolumeAttachment>(m_context.client).create(attachment, controllerWrite());
    if (!created) {
        m_progress[volume->metadata.name].uncertain.insert(attachment.metadata.name);
        return fail(created.error().within("attaching"));
    }
    m_expectations.wrote(key, m_attachments, **created);
    return created;
}

void AttachDetachController::tellHold(const VolumePtr& volume, const std::string& node, const PodsByNode& pods) {
    std::vector<PodPtr> users;
    for (const auto& [other, there] : pods)
        if (other != node) users.insert(users.end(), there.begin(), there.end());
    for (const auto& pod : pods.at(node))
        m_context.events.event(*pod, "Warning", kFailed, multiAttachMessage(*pod, volume->metadata.name, users));
}

void AttachDetachController::tellError(const storagev1::VolumeAttachment& attachment, const std::vector<PodPtr>& pods) {
    const auto& error = attachment.status.attachError;
    if (!error) return;
    const std::string text = error->time.toString() + " " + error->message;
    std::string& told = m_progress[volumeOf(attachment)].toldErrors[attachment.spec.nodeName];
    if (std::exchange(told, text) == text) return;
    for (const auto& pod : pods) {
        m_context.events.event(
            *pod, "Warning", kFailed,
            fmt::format("AttachVolume.Attach failed for volume \"{}\" : {}", volumeOf(attachment), error->message));
    }
}

void AttachDetachController::tellAttached(const corev1::Node& node, const std::string& volume) {
    const auto users = wanted(client::Lister<corev1::PersistentVolume>(m_volumes).get("", volume));
    const auto here = users.find(node.metadata.name);
    if (here == users.end()) return;
    for (const auto& pod : here->second) {
        m_context.events.event(*pod, "Normal", "SuccessfulAttachVolume",
                               fmt::format("AttachVolume.Attach succeeded for volume \"{}\" ", volume));
    }
}

Result<Outcome> AttachDetachController::syncNode(const std::string& name) {
    const auto node = client::Lister<corev1::Node>(m_nodes).get("", name);
    const auto attachments = client::Lister<storagev1::VolumeAttachment>(m_attachments).byIndex(kByNode, name);
    std::map<std::string, std::string> volumes;  // by their names in the node's list
    for (const auto& attachment : attachments) {
        const auto volume = client::Lister<corev1::PersistentVolume>(m_volumes).get("", volumeOf(*attachment));
        const auto attached = volume ? attachedName(*volume) : std::nullopt;
        if (!attached || !attachment->status.attached || attachment->metadata.deletionTimestamp) continue;
        const auto progress = m_progress.find(volume->metadata.name);
        if (progress != m_progress.end() && progress->second.leaving.contains(name)) continue;
        volumes[*attached] = volume->metadata.name;
    }
    if (!node || !isManaged(*node)) return Outcome{};
    std::vector<std::string> names;
    for (const auto& [attached, volume] : volumes) names.push_back(attached);
    std::vector<std::string> reported;
    for (const auto& each : node->status.volumesAttached) reported.push_back(each.name);
    if (reported == names) return Outcome{};
    const auto written =
        client::Api<corev1::Node>(m_context.client)
            .patch("", name, client::PatchKind::Merge, attachedPatch(*node, names), controllerPatch(), "status");
    if (!written && written.error().reason == Reason::NotFound) return Outcome{};
    if (!written) return fail(written.error().within("reporting what is attached"));
    for (const auto& [attached, volume] : volumes)
        if (!reports(*node, attached)) tellAttached(*node, volume);
    return Outcome{};
}

}  // namespace qd::controllers
