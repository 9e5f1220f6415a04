#include "cluster/control_plane/in_process_client.h"

#include <fmt/format.h>

#include <charconv>
#include <mutex>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/apiserver/handlers/selection.h"
#include "cluster/apiserver/subresources/binding.h"
#include "cluster/client/write_scope.h"

namespace qd::control_plane {
namespace {

using apiserver::Target;
constexpr std::size_t kBatch = 512;

Result<const api::Kind*> kindOf(const client::ResourceName& resource) {
    if (const api::Kind* kind = api::findResource(resource.group, resource.version, resource.resource)) return kind;
    return fail(Reason::NotFound, "the server could not find the requested resource");
}

class TicketReceipt final : public client::WriteScope::Receipt {
public:
    explicit TicketReceipt(store::Ticket ticket) : m_ticket(std::move(ticket)) {}
    Result<void> wait() override { return m_ticket.wait(); }
    void then(client::WriteScope::Callback callback) override { m_ticket.then(std::move(callback)); }

private:
    store::Ticket m_ticket;
};

Result<void> durable(store::Ticket ticket) {
    auto* scope = client::WriteScope::current();
    if (!scope || ticket.ready()) return ticket.wait();
    scope->add(std::make_unique<TicketReceipt>(std::move(ticket)));
    return {};
}

// Only what is on disk can be read.
Result<void> settled() {
    auto* scope = client::WriteScope::current();
    return scope ? scope->wait() : Result<void>();
}

Result<api::ObjectPtr> finished(Result<apiserver::Written> written) {
    if (!written) return fail(std::move(written.error()));
    if (auto done = durable(std::move(written->ticket)); !done) return fail(std::move(done.error()));
    return std::move(written->object);
}

apiserver::DeleteOptions converted(const client::DeleteOptions& options) {
    apiserver::DeleteOptions out;
    out.dryRun = options.dryRun;
    out.gracePeriodSeconds = options.gracePeriodSeconds;
    if (!options.propagationPolicy.empty()) out.propagationPolicy = options.propagationPolicy;
    if (!options.uid.empty()) out.uid = options.uid;
    if (!options.resourceVersion.empty()) out.resourceVersion = options.resourceVersion;
    return out;
}

apiserver::PatchFormat converted(client::PatchKind kind) {
    switch (kind) {
        case client::PatchKind::Json: return apiserver::PatchFormat::Json;
        case client::PatchKind::Merge: return apiserver::PatchFormat::Merge;
        case client::PatchKind::Strategic: return apiserver::PatchFormat::Strategic;
        case client::PatchKind::Apply: return apiserver::PatchFormat::Apply;
    }
    return apiserver::PatchFormat::Merge;
}

// A watch whose events are drained on a strand.
class InProcessWatch final : public client::Watch {
public:
    struct State : std::enable_shared_from_this<State> {
        State(store::Watch cursor, apiserver::Selection which, const api::Kind& of, base::Executor& executor, client::WatchHandler call)
            : watch(std::move(cursor)), selection(std::move(which)), kind(of), strand(executor), handler(std::move(call)) {}

        void drain();
        void append(std::vector<client::WatchEvent>& out, const store::Event& event) const;

        std::mutex mutex;  // guards the cursor against the end of this watch
        std::optional<store::Watch> watch;
        apiserver::Selection selection;
        const api::Kind& kind;
        base::Strand strand;
        client::WatchHandler handler;
        bool stopped = false;
    };

    explicit InProcessWatch(std::shared_ptr<State> state) : m_state(std::move(state)) {}
    ~InProcessWatch() override {
        std::optional<store::Watch> last;
        {
            std::lock_guard lock(m_state->mutex);
            m_state->stopped = true;
            last = std::move(m_state->watch);
            m_state->watch.reset();
        }
    }

private:
    std::shared_ptr<State> m_state;
};

void InProcessWatch::State::append(std::vector<client::WatchEvent>& out, const store::Event& event) const {
    const bool before = event.previous && (selection.all() || selection.matches(*event.previous->object()));
    const bool after = event.operation != store::Operation::Delete && (selection.all() || selection.matches(*event.entry->object()));
    if (!before && !after) return;
    using Type = client::WatchEvent::Type;
    const Type type = before && after ? Type::Modified : after ? Type::Added : Type::Deleted;
    const bool leftSelection = type == Type::Deleted && event.operation != store::Operation::Delete;
    const api::ObjectPtr& object = leftSelection ? event.previous->object() : event.entry->object();
    out.push_back({type, apiserver::served(kind, object), std::to_string(event.entry->revision())});
}

void InProcessWatch::State::drain() {
    std::vector<client::WatchEvent> out;
    bool more = false;
    {
        std::lock_guard lock(mutex);
        if (stopped || !watch) return;
        auto events = watch->poll(kBatch);
        if (!events) {
            stopped = true;
            out.push_back({client::WatchEvent::Type::Error, nullptr, "", events.error()});
        } else {
            for (const auto& event : *events) append(out, *event);
            if (out.empty() && !events->empty()) out.push_back({client::WatchEvent::Type::Bookmark, nullptr, std::to_string(watch->progress())});
            more = events->size() == kBatch;
        }
    }
    if (!out.empty()) handler(std::move(out));
    if (more) strand.post([self = shared_from_this()] { self->drain(); });
}

}  // namespace

apiserver::Caller InProcessClient::caller(const std::string& fieldManager) const {
    return {.user = m_user, .manager = fieldManager.empty() ? m_manager : fieldManager, .cause = static_cast<store::Revision>(client::CauseScope::current())};
}

Result<api::ObjectPtr> InProcessClient::get(const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    if (!subresource.empty() && subresource != "status") return viaRequest("GET", resource, ns, name, subresource, "", "");
    if (auto done = settled(); !done) return fail(std::move(done.error()));
    return m_server.verbs().get(Target{*kind, ns, name, ""});
}

Result<client::ObjectList> InProcessClient::list(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    auto selection = apiserver::Selection::parse(**kind, options.labelSelector, options.fieldSelector);
    if (!selection) return fail(std::move(selection.error()));
    if (auto done = settled(); !done) return fail(std::move(done.error()));
    const auto snapshot = m_server.store().snapshot(apiserver::storeKey(Target{*kind, ns, "", ""}).resource);
    if (!snapshot) return fail(snapshot.error());
    client::ObjectList list;
    list.resourceVersion = std::to_string(snapshot->revision());
    for (const auto& entry : snapshot->entries(ns)) {
        if (selection->all() || selection->matches(*entry->object())) list.items.push_back(apiserver::served(**kind, entry->object()));
    }
    return list;
}

Result<api::ObjectPtr> InProcessClient::create(const client::ResourceName& resource, const std::string& ns, const api::Object& object, const client::WriteOptions& options,
                                               const std::string& name, const std::string& subresource) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    if (subresource == "binding") {
        return finished(apiserver::bindPod(m_server.verbs(), caller(options.fieldManager), ns, name, static_cast<const corev1::Binding&>(object), options.dryRun));
    }
    // Reviews are answered, not kept.
    const bool isReview = (*kind)->verbs == std::vector<std::string>{"create"};
    if (!subresource.empty() || isReview) return viaRequest("POST", resource, ns, name, subresource, api::encodeJson(object), "application/json");
    auto copy = object.clone();
    if ((*kind)->defaults) (*kind)->defaults(*copy);
    return finished(m_server.verbs().create(caller(options.fieldManager), Target{*kind, ns, "", ""}, std::move(copy), {options.dryRun}));
}

Result<api::ObjectPtr> InProcessClient::update(const client::ResourceName& resource, const api::Object& object, const client::WriteOptions& options, const std::string& subresource) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    const auto& meta = object.metadata;
    if (!subresource.empty() && !(*kind)->subresourceUpdates.contains(subresource)) {
        return viaRequest("PUT", resource, meta.namespace_, meta.name, subresource, api::encodeJson(object), "application/json");
    }
    return finished(m_server.verbs().update(caller(options.fieldManager), Target{*kind, meta.namespace_, meta.name, subresource}, object.clone(), {options.dryRun}));
}

Result<api::ObjectPtr> InProcessClient::patch(const client::ResourceName& resource, const std::string& ns, const std::string& name, client::PatchKind patchKind, std::string_view patch,
                                              const client::PatchOptions& options, const std::string& subresource) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    auto tree = api::parseJson(patch);
    if (!tree) return fail(std::move(tree.error()));
    apiserver::PatchRequest request;
    request.format = converted(patchKind);
    request.patch = std::move(*tree);
    request.force = options.force;
    request.dryRun = options.dryRun;
    if (!options.fieldValidation.empty()) request.fieldValidation = options.fieldValidation;
    return finished(m_server.verbs().patch(caller(options.fieldManager), Target{*kind, ns, name, subresource}, request));
}

Result<void> InProcessClient::remove(const client::ResourceName& resource, const std::string& ns, const std::string& name, const client::DeleteOptions& options) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    auto removed = m_server.verbs().remove(caller(""), Target{*kind, ns, name, ""}, converted(options));
    if (!removed) return fail(std::move(removed.error()));
    return durable(std::move(removed->ticket));
}

Result<void> InProcessClient::removeCollection(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& which, const client::DeleteOptions& options) {
    const auto listed = list(resource, ns, which);
    if (!listed) return fail(listed.error());
    client::WriteScope scope;
    for (const auto& object : listed->items) {
        auto removed = remove(resource, object->metadata.namespace_, object->metadata.name, options);
        if (removed || removed.error().reason == Reason::NotFound) continue;
        (void)scope.wait();
        return removed;
    }
    return scope.wait();
}

Result<std::unique_ptr<client::Watch>> InProcessClient::watch(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options, base::Executor& executor,
                                                              client::WatchHandler handler) {
    const auto kind = kindOf(resource);
    if (!kind) return fail(kind.error());
    auto selection = apiserver::Selection::parse(**kind, options.labelSelector, options.fieldSelector);
    if (!selection) return fail(std::move(selection.error()));
    if (auto done = settled(); !done) return fail(std::move(done.error()));
    const std::string stored = apiserver::storeKey(Target{*kind, ns, "", ""}).resource;
    store::Revision from = 0;
    std::vector<client::WatchEvent> initial;
    if (options.resourceVersion.empty() || options.resourceVersion == "0") {
        const auto snapshot = m_server.store().snapshot(stored);
        if (!snapshot) return fail(snapshot.error());
        from = snapshot->revision();
        for (const auto& entry : snapshot->entries(ns)) {
            if (!selection->all() && !selection->matches(*entry->object())) continue;
            initial.push_back({client::WatchEvent::Type::Added, apiserver::served(**kind, entry->object()), std::to_string(entry->revision())});
        }
    } else {
        std::from_chars(options.resourceVersion.data(), options.resourceVersion.data() + options.resourceVersion.size(), from);
    }
    auto cursor = m_server.store().watch(stored, ns, from);
    if (!cursor) return fail(std::move(cursor.error()));
    auto state = std::make_shared<InProcessWatch::State>(std::move(*cursor), std::move(*selection), **kind, executor, std::move(handler));
    if (!initial.empty()) {
        state->strand.post([state, initial = std::move(initial)]() mutable { state->handler(std::move(initial)); });
    }
    state->watch->onEvents([weak = std::weak_ptr(state)] {
        if (const auto self = weak.lock()) self->strand.post([self] { self->drain(); });
    });
    return std::make_unique<InProcessWatch>(std::move(state));
}

Result<api::ObjectPtr> InProcessClient::viaRequest(const std::string& method, const client::ResourceName& resource, const std::string& ns, const std::string& name,
                                                   const std::string& subresource, const std::string& body, const std::string& contentType) {
    if (auto done = settled(); !done) return fail(std::move(done.error()));
    apiserver::Request request;
    request.method = method;
    request.path = resource.group.empty() ? "/api/" + resource.version : "/apis/" + resource.group + "/" + resource.version;
    if (!ns.empty()) request.path += "/namespaces/" + ns;
    request.path += "/" + resource.resource;
    if (!name.empty()) request.path += "/" + name;
    if (!subresource.empty()) request.path += "/" + subresource;
    request.headers.set("Accept", "application/json");
    request.headers.set("User-Agent", m_manager);
    if (const auto cause = client::CauseScope::current()) request.headers.set("Quarterdeck-Cause", std::to_string(cause));
    if (!contentType.empty()) request.headers.set("Content-Type", contentType);
    request.body = body;
    const auto answered = m_server.handleAs(request, m_user);
    if (!answered) return fail(answered.error());
    auto tree = api::parseJson(*answered);
    if (!tree) return fail(std::move(tree.error()));
    auto object = api::objectFromTree(*tree);
    if (!object) return fail(std::move(object.error()));
    return api::ObjectPtr(std::move(*object));
}

Result<std::string> InProcessClient::raw(const std::string& pathAndQuery) {
    if (auto done = settled(); !done) return fail(std::move(done.error()));
    apiserver::Request request;
    const auto question = pathAndQuery.find('?');
    request.path = pathAndQuery.substr(0, question);
    if (question != std::string::npos) request.query = http::Query::parse(pathAndQuery.substr(question + 1));
    request.headers.set("Accept", "application/json");
    return m_server.handleAs(request, m_user);
}

}  // namespace qd::control_plane
