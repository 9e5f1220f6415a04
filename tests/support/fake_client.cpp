#include "tests/support/fake_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "cluster/api/assign.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/compare.h"
#include "cluster/api/merge/merge_patch.h"
#include "cluster/api/merge/strategic_merge_patch.h"
#include "cluster/api/meta/selectors.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/authentication_v1.h"
#include "cluster/api/types/autoscaling_v1.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"

namespace qd::tests {
namespace {

std::uint64_t numberIn(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::byte* member(api::Object& object, std::size_t offset) {
    return reinterpret_cast<std::byte*>(dynamic_cast<void*>(&object)) + offset;
}
const std::byte* member(const api::Object& object, std::size_t offset) {
    return reinterpret_cast<const std::byte*>(dynamic_cast<const void*>(&object)) + offset;
}

// Copies the top-level member of that name, where the kind has one.
void copyMember(api::Object& to, const api::Object& from, std::string_view name) {
    std::size_t offset = 0;
    const auto* field = to.descriptor().find(name, &offset);
    if (field) api::assign(field->type(), member(to, offset), member(from, offset));
}

bool sameMember(const api::Object& a, const api::Object& b, std::string_view name) {
    std::size_t offset = 0;
    const auto* field = a.descriptor().find(name, &offset);
    return !field || api::equal(field->type(), member(a, offset), member(b, offset));
}

std::string quoted(const client::ResourceName& resource, const std::string& name) {
    return fmt::format("{}{} \"{}\"", resource.resource, resource.group.empty() ? "" : "." + resource.group, name);
}

// What keeps an object that is being deleted, besides a grace period.
bool isHeld(const api::Object& object) {
    if (!object.metadata.finalizers.empty()) return true;
    const auto* ns = api::objectAs<corev1::Namespace>(object);
    return ns && !ns->spec.finalizers.empty();
}

bool isEvent(const client::ResourceName& resource) { return resource.resource == "events"; }

}  // namespace

struct FakeClient::Watcher : std::enable_shared_from_this<FakeClient::Watcher> {
    Watcher(client::ResourceName name, std::string inNamespace, base::Executor& executor, client::WatchHandler whom)
        : resource(std::move(name)), ns(std::move(inNamespace)), strand(executor), handler(std::move(whom)) {}

    void deliver(client::WatchEvent event) {
        if (event.object && !ns.empty() && event.object->metadata.namespace_ != ns) return;
        strand.post([weak = weak_from_this(), event = std::move(event)] {
            if (const auto self = weak.lock()) self->handler({event});
        });
    }

    const client::ResourceName resource;
    const std::string ns;
    base::Strand strand;
    const client::WatchHandler handler;
};

class FakeClient::WatchHandle final : public client::Watch {
public:
    explicit WatchHandle(std::shared_ptr<Watcher> watcher) : m_watcher(std::move(watcher)) {}

private:
    std::shared_ptr<Watcher> m_watcher;
};

FakeClient::FakeClient(base::SimulatedExecutor& executor) : m_executor(executor) {}
FakeClient::~FakeClient() = default;

client::ResourceName FakeClient::nameOf(const api::Struct& structure) {
    const api::KindName& kind = *structure.kind;
    return {std::string(kind.group), std::string(kind.version), std::string(kind.resource)};
}

api::ObjectPtr FakeClient::find(const client::ResourceName& resource, const std::string& ns, const std::string& name) const {
    const auto objects = m_objects.find(resource);
    if (objects == m_objects.end()) return nullptr;
    const auto found = objects->second.find({ns, name});
    return found == objects->second.end() ? nullptr : found->second;
}

std::vector<api::ObjectPtr> FakeClient::everything(const client::ResourceName& resource) const {
    std::vector<api::ObjectPtr> objects;
    if (const auto found = m_objects.find(resource); found != m_objects.end()) {
        for (const auto& [key, object] : found->second) objects.push_back(object);
    }
    return objects;
}

Result<api::ObjectPtr> FakeClient::existing(const client::ResourceName& resource, const std::string& ns, const std::string& name) const {
    if (auto object = find(resource, ns, name)) return object;
    return fail(Reason::NotFound, quoted(resource, name) + " not found");
}

std::optional<Error> FakeClient::log(const std::string& verb, const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource) {
    std::string line = verb + " " + resource.resource + (subresource.empty() ? "" : "/" + subresource) + " " + (ns.empty() ? "" : ns + "/") + name;
    if (refuse) {
        if (auto error = refuse(line)) return error;
    }
    if (verb != "get" && verb != "list" && !isEvent(resource)) m_writes.push_back(std::move(line));
    return std::nullopt;
}

std::vector<std::string> FakeClient::takeWrites() { return std::exchange(m_writes, {}); }
std::vector<std::string> FakeClient::takeEvents() { return std::exchange(m_events, {}); }

void FakeClient::tell(const client::ResourceName& resource, client::WatchEvent event) {
    if (m_held) {
        m_heldEvents.emplace_back(resource, std::move(event));
        return;
    }
    std::erase_if(m_watchers, [](const auto& watcher) { return watcher.expired(); });
    for (const auto& weak : m_watchers) {
        if (const auto watcher = weak.lock(); watcher && watcher->resource == resource) watcher->deliver(event);
    }
}

void FakeClient::holdWatches(bool hold) {
    m_held = hold;
    if (hold) return;
    for (auto& [resource, event] : std::exchange(m_heldEvents, {})) tell(resource, std::move(event));
}

api::ObjectPtr FakeClient::store(const client::ResourceName& resource, std::unique_ptr<api::Object> object, client::WatchEvent::Type type) {
    object->metadata.resourceVersion = std::to_string(++m_revision);
    api::ObjectPtr stored = std::move(object);
    const Key key{stored->metadata.namespace_, stored->metadata.name};
    client::WatchEvent event{type, stored, stored->metadata.resourceVersion};
    if (type == client::WatchEvent::Type::Deleted) {
        m_objects[resource].erase(key);
    } else {
        m_objects[resource][key] = stored;
    }
    m_history[resource].push_back(event);
    tell(resource, std::move(event));
    return stored;
}

void FakeClient::drop(const client::ResourceName& resource, const api::ObjectPtr& object) {
    store(resource, object->clone(), client::WatchEvent::Type::Deleted);
}

api::ObjectPtr FakeClient::put(const api::Object& object) {
    const auto resource = nameOf(object.descriptor());
    auto copy = object.clone();
    auto& metadata = copy->metadata;
    const auto before = find(resource, metadata.namespace_, metadata.name);
    if (metadata.uid.empty()) metadata.uid = before ? before->metadata.uid : fmt::format("uid-{}", ++m_uids);
    if (metadata.creationTimestamp.isZero()) metadata.creationTimestamp = before ? before->metadata.creationTimestamp : api::Time(m_executor.clock().now());
    if (before) {
        metadata.generation = before->metadata.generation + (sameMember(*before, *copy, "spec") ? 0 : 1);
    } else if (metadata.generation == 0) {
        metadata.generation = 1;
    }
    return store(resource, std::move(copy), before ? client::WatchEvent::Type::Modified : client::WatchEvent::Type::Added);
}

void FakeClient::erase(const client::ResourceName& resource, const std::string& ns, const std::string& name) {
    if (const auto object = find(resource, ns, name)) drop(resource, object);
}

// The scale of a Deployment; other kinds have none here.
Result<api::ObjectPtr> FakeClient::scaleOf(const api::Object& object) const {
    const auto* deployment = api::objectAs<appsv1::Deployment>(object);
    if (!deployment) return fail(Reason::NotFound, "the server could not find the requested resource");
    auto scale = std::make_shared<autoscalingv1::Scale>();
    scale->metadata.namespace_ = object.metadata.namespace_;
    scale->metadata.name = object.metadata.name;
    scale->metadata.resourceVersion = object.metadata.resourceVersion;
    scale->spec.replicas = deployment->spec.replicas.value_or(1);
    scale->status.replicas = deployment->status.replicas;
    if (deployment->spec.selector) scale->status.selector = api::LabelSelector::from(*deployment->spec.selector).value().toString();
    return scale;
}

Result<api::ObjectPtr> FakeClient::get(const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource) {
    if (auto error = log("get", resource, ns, name, subresource)) return fail(std::move(*error));
    auto object = existing(resource, ns, name);
    if (!object || subresource != "scale") return object;
    return scaleOf(**object);
}

Result<client::ObjectList> FakeClient::list(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options) {
    if (auto error = log("list", resource, ns, "")) return fail(std::move(*error));
    const auto selector = api::LabelSelector::parse(options.labelSelector);
    if (!selector) return fail(selector.error());
    client::ObjectList found;
    for (auto& object : everything(resource)) {
        if (!ns.empty() && object->metadata.namespace_ != ns) continue;
        if (selector->matches(object->metadata.labels)) found.items.push_back(std::move(object));
    }
    found.resourceVersion = std::to_string(m_revision);
    return found;
}

Result<api::ObjectPtr> FakeClient::create(const client::ResourceName& resource, const std::string& ns, const api::Object& object, const client::WriteOptions&,
                                          const std::string& ofName, const std::string& subresource) {
    auto copy = object.clone();
    if (auto* review = api::objectAs<authorizationv1::SubjectAccessReview>(*copy)) {
        review->status.allowed = allows && allows(review->spec);
        return copy;
    }
    if (auto* review = api::objectAs<authenticationv1::SelfSubjectReview>(*copy)) {
        auto user = whoAmI ? whoAmI() : Result<std::string>("tester");
        if (!user) return fail(std::move(user.error()));
        review->status.userInfo.username = std::move(*user);
        return copy;
    }
    auto& metadata = copy->metadata;
    metadata.namespace_ = ns;
    if (!ofName.empty()) metadata.name = ofName;
    if (metadata.name.empty()) metadata.name = fmt::format("{}{}", metadata.generateName, ++m_names);
    if (auto error = log("create", resource, ns, metadata.name, subresource)) return fail(std::move(*error));
    if (subresource == "binding") return bind(static_cast<const corev1::Binding&>(*copy));
    if (!subresource.empty()) return copy;
    if (find(resource, ns, metadata.name)) return fail(Reason::AlreadyExists, quoted(resource, metadata.name) + " already exists");
    if (const auto* event = api::objectAs<corev1::Event>(*copy)) m_events.push_back(fmt::format("{} {} {}", event->type, event->reason, event->message));
    metadata.uid = fmt::format("uid-{}", ++m_uids);
    metadata.creationTimestamp = api::Time(m_executor.clock().now());
    metadata.generation = 1;
    if (auto* pod = api::objectAs<corev1::Pod>(*copy)) pod->status.phase = corev1::PodPending;
    return store(resource, std::move(copy), client::WatchEvent::Type::Added);
}

Result<api::ObjectPtr> FakeClient::bind(const corev1::Binding& binding) {
    const auto resource = nameOf(corev1::Pod::kDescriptor);
    auto before = existing(resource, binding.metadata.namespace_, binding.metadata.name);
    if (!before) return before;
    auto pod = std::make_unique<corev1::Pod>(static_cast<const corev1::Pod&>(**before));
    if (!pod->spec.nodeName.empty()) return fail(Reason::Conflict, "pod is already assigned to node \"" + pod->spec.nodeName + "\"");
    pod->spec.nodeName = binding.target.name;
    pod->status.nominatedNodeName.clear();
    return store(resource, std::move(pod), client::WatchEvent::Type::Modified);
}

Result<api::ObjectPtr> FakeClient::replace(const client::ResourceName& resource, const api::Object& object, const std::string& subresource) {
    const auto& metadata = object.metadata;
    auto before = existing(resource, metadata.namespace_, metadata.name);
    if (!before) return before;
    if (!metadata.uid.empty() && metadata.uid != (*before)->metadata.uid) {
        return fail(Reason::Conflict, fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", metadata.uid, (*before)->metadata.uid));
    }
    if (!metadata.resourceVersion.empty() && metadata.resourceVersion != (*before)->metadata.resourceVersion) {
        return fail(Reason::Conflict, fmt::format("Operation cannot be fulfilled on {}: the object has been modified; please apply your changes to the "
                                                  "latest version and try again", quoted(resource, metadata.name)));
    }
    std::unique_ptr<api::Object> now;
    if (subresource == "status" || subresource == "approval") {
        now = (*before)->clone();
        copyMember(*now, object, "status");
        now->metadata.annotations = metadata.annotations;  // as Deployments have it
    } else {
        now = object.clone();
        copyMember(*now, **before, "status");
        if (!sameMember(*now, **before, "spec")) now->metadata.generation = (*before)->metadata.generation + 1;
    }
    now->metadata.resourceVersion = (*before)->metadata.resourceVersion;
    if (api::equal(*now, **before)) return before;
    if (now->metadata.deletionTimestamp && !isHeld(*now) && now->metadata.deletionGracePeriodSeconds.value_or(0) == 0) {
        return store(resource, std::move(now), client::WatchEvent::Type::Deleted);
    }
    return store(resource, std::move(now), client::WatchEvent::Type::Modified);
}

Result<api::ObjectPtr> FakeClient::update(const client::ResourceName& resource, const api::Object& object, const client::WriteOptions&, const std::string& subresource) {
    if (auto error = log("update", resource, object.metadata.namespace_, object.metadata.name, subresource)) return fail(std::move(*error));
    const auto* scale = api::objectAs<autoscalingv1::Scale>(object);
    if (subresource != "scale" || !scale) return replace(resource, object, subresource);
    const auto before = existing(resource, object.metadata.namespace_, object.metadata.name);
    if (!before) return before;
    auto scaled = static_cast<const appsv1::Deployment&>(**before);
    scaled.spec.replicas = scale->spec.replicas;
    scaled.metadata.resourceVersion = scale->metadata.resourceVersion;
    const auto stored = replace(resource, scaled, "");
    if (!stored) return stored;
    return scaleOf(**stored);
}

Result<api::ObjectPtr> FakeClient::patch(const client::ResourceName& resource, const std::string& ns, const std::string& name, client::PatchKind kind,
                                         std::string_view patch, const client::PatchOptions&, const std::string& subresource) {
    if (auto error = log("patch", resource, ns, name, subresource)) return fail(std::move(*error));
    const auto before = existing(resource, ns, name);
    if (!before) return before;
    const auto parsed = api::parseJson(patch);
    if (!parsed) return fail(parsed.error());
    boost::json::value document = api::toTree(**before);
    if (kind == client::PatchKind::Strategic) {
        auto merged = api::merge::applyStrategicMergePatch((*before)->descriptor(), std::move(document.as_object()), parsed->as_object());
        if (!merged) return fail(merged.error());
        document = std::move(*merged);
    } else if (kind == client::PatchKind::Merge) {
        auto merged = api::merge::applyMergePatch(std::move(document), *parsed);
        if (!merged) return fail(merged.error());
        document = std::move(*merged);
    } else {
        return fail(Reason::UnsupportedMediaType, "the fake client does not know this patch");
    }
    auto object = api::objectFromTree(document);
    if (!object) return fail(object.error());
    return replace(resource, **object, subresource);
}

Result<void> FakeClient::remove(const client::ResourceName& resource, const std::string& ns, const std::string& name, const client::DeleteOptions& options) {
    if (auto error = log("remove", resource, ns, name)) return fail(std::move(*error));
    const auto object = existing(resource, ns, name);
    if (!object) return fail(object.error());
    const auto& metadata = (*object)->metadata;
    if (!options.uid.empty() && options.uid != metadata.uid) return fail(Reason::Conflict, "Precondition failed: UID in precondition: " + options.uid);
    if (!options.resourceVersion.empty() && options.resourceVersion != metadata.resourceVersion) return fail(Reason::Conflict, "Precondition failed: ResourceVersion");
    auto marked = (*object)->clone();
    auto& finalizers = marked->metadata.finalizers;
    const auto need = [&](const std::string& finalizer, bool needed) {
        std::erase(finalizers, finalizer);
        if (needed) finalizers.push_back(finalizer);
    };
    if (!options.propagationPolicy.empty()) {
        need("foregroundDeletion", options.propagationPolicy == "Foreground");
        need("orphan", options.propagationPolicy == "Orphan");
    }
    const auto* pod = api::objectAs<corev1::Pod>(**object);
    const bool graceful = pod && deletesPodsGracefully && !pod->spec.nodeName.empty() && options.gracePeriodSeconds.value_or(30) != 0;
    if (!isHeld(*marked) && !graceful) {
        drop(resource, *object);
        return {};
    }
    const std::int64_t grace = options.gracePeriodSeconds.value_or(30);
    if (!metadata.deletionTimestamp) {
        marked->metadata.deletionTimestamp = api::Time(m_executor.clock().now());
        if (graceful) marked->metadata.deletionGracePeriodSeconds = grace;
    } else if (graceful && grace < metadata.deletionGracePeriodSeconds.value_or(grace)) {
        marked->metadata.deletionGracePeriodSeconds = grace;
    }
    if (!api::equal(*marked, **object)) store(resource, std::move(marked), client::WatchEvent::Type::Modified);
    return {};
}

Result<void> FakeClient::removeCollection(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& which, const client::DeleteOptions& options) {
    const auto found = list(resource, ns, which);
    if (!found) return fail(found.error());
    for (const auto& object : found->items) {
        auto gone = remove(resource, object->metadata.namespace_, object->metadata.name, options);
        if (!gone && gone.error().reason != Reason::NotFound) return gone;
    }
    return {};
}

Result<std::unique_ptr<client::Watch>> FakeClient::watch(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options,
                                                         base::Executor& executor, client::WatchHandler handler) {
    auto watcher = std::make_shared<Watcher>(resource, ns, executor, std::move(handler));
    const std::uint64_t after = numberIn(options.resourceVersion);
    for (const auto& event : m_history[resource]) {
        if (numberIn(event.resourceVersion) > after) watcher->deliver(event);
    }
    m_watchers.push_back(watcher);
    return std::make_unique<WatchHandle>(std::move(watcher));
}

Result<std::string> FakeClient::raw(const std::string& pathAndQuery) { return fail(Reason::NotFound, "the fake client has no " + pathAndQuery); }

}  // namespace qd::tests
