#include "tests/app/support/fake_session.h"

#include <QTimer>
#include <algorithm>

namespace qd::tests {

using bridge::ObjectKey;

struct FakeSession::Watcher {
    std::string kind;
    BatchHandler handler;
    bool ended = false;
};

class FakeSession::Ending : public bridge::Subscription {
public:
    explicit Ending(std::shared_ptr<Watcher> watcher) : m_watcher(std::move(watcher)) {}
    ~Ending() override { m_watcher->ended = true; }

private:
    std::shared_ptr<Watcher> m_watcher;
};

namespace {

std::string keyOf(std::string_view kind, const std::string& space, const std::string& name) {
    return std::string(kind) + ' ' + space + '/' + name;
}

std::string keyOf(const ObjectKey& key) {
    return keyOf(key.resource.kind, key.space, key.name);
}

QString line(const char* verb, const ObjectKey& key) {
    return QString::fromLatin1(verb) + u' ' + QString::fromStdString(keyOf(key));
}

}  // namespace

FakeSession::FakeSession() {
    sessionStatus.state = views::State::Ready;
    sessionStatus.words = QStringLiteral("v1.36.2");
    sessionStatus.revision = 18'204;
    sessionStatus.delayMicros = 2'000;
}

FakeSession::~FakeSession() = default;

void FakeSession::put(std::unique_ptr<api::Object> object) {
    std::vector<std::unique_ptr<api::Object>> one;
    one.push_back(std::move(object));
    putAll(std::move(one));
}

void FakeSession::putAll(std::vector<std::unique_ptr<api::Object>> objects) {
    std::map<std::string, bridge::WatchBatch> batches;
    for (auto& object : objects) {
        metav1::ObjectMeta& meta = object->metadata;
        const std::string key = keyOf(object->kind(), meta.namespace_, meta.name);
        if (meta.uid.empty()) meta.uid = m_objects.contains(key) ? m_objects[key]->metadata.uid : key;
        meta.resourceVersion = std::to_string(++m_revision);
        const api::ObjectPtr stored = std::move(object);
        m_objects[key] = stored;
        batches[std::string(stored->kind())].changed.push_back(stored);
    }
    for (const auto& [kind, batch] : batches) tell(batch, kind);
}

void FakeSession::drop(const std::string& kind, const std::string& space, const std::string& name) {
    dropAll(kind, space, {name});
}

void FakeSession::dropAll(const std::string& kind, const std::string& space, const std::vector<std::string>& names) {
    bridge::WatchBatch batch;
    for (const std::string& name : names) {
        const auto found = m_objects.find(keyOf(kind, space, name));
        if (found == m_objects.end()) continue;
        batch.removed.push_back(found->second->metadata.uid);
        m_objects.erase(found);
    }
    if (!batch.removed.empty()) tell(batch, kind);
}

void FakeSession::tell(const bridge::WatchBatch& batch, const std::string& kind) {
    for (const std::shared_ptr<Watcher>& watcher : m_watchers) {
        if (watcher->ended || watcher->kind != kind) continue;
        QTimer::singleShot(0, this, [watcher, batch] {
            if (!watcher->ended) watcher->handler(batch);
        });
    }
}

std::unique_ptr<bridge::Subscription> FakeSession::watch(const bridge::Resource& resource, const std::string&,
                                                         BatchHandler handler, ErrorHandler) {
    auto watcher = std::make_shared<Watcher>(Watcher{resource.kind, std::move(handler)});
    m_watchers.push_back(watcher);
    bridge::WatchBatch list;
    list.replaces = true;
    for (const auto& [key, object] : m_objects)
        if (object->kind() == resource.kind) list.changed.push_back(object);
    QTimer::singleShot(0, this, [watcher, list] {
        if (!watcher->ended) watcher->handler(list);
    });
    return std::make_unique<Ending>(watcher);
}

QStringList FakeSession::watched() const {
    QStringList kinds;
    for (const std::shared_ptr<Watcher>& watcher : m_watchers)
        if (!watcher->ended) kinds << QString::fromStdString(watcher->kind);
    return kinds;
}

template <typename T>
void FakeSession::answer(QObject* context, bridge::Reply<T> reply, Result<T> result) {
    QTimer::singleShot(0, context, [reply = std::move(reply), result = std::move(result)] { reply(result); });
}

std::optional<Error> FakeSession::failureOf(const ObjectKey& key) const {
    const auto found = failures.find(keyOf(key));
    return found == failures.end() ? std::nullopt : std::optional(found->second);
}

void FakeSession::get(const ObjectKey& key, QObject* context, bridge::Reply<std::string> reply) {
    const auto found = json.find(keyOf(key));
    Result<std::string> result = fail(Reason::NotFound, key.resource.plural + " \"" + key.name + "\" not found");
    if (found != json.end()) result = found->second;
    answer(context, std::move(reply), std::move(result));
}

void FakeSession::apply(const bridge::ApplyRequest& request, QObject* context, bridge::Reply<std::string> reply) {
    requests << line("apply", request.key) + (request.dryRun ? QStringLiteral(" dryRun") : QString());
    lastApplied = request.json;
    Result<std::string> result = request.json;
    if (auto failure = failureOf(request.key)) result = fail(*failure);
    answer(context, std::move(reply), std::move(result));
}

void FakeSession::update(const ObjectKey& key, const std::string& object, QObject* context,
                         bridge::Reply<std::string> reply) {
    requests << line("update", key);
    Result<std::string> result = object;
    if (auto failure = failureOf(key)) result = fail(*failure);
    answer(context, std::move(reply), std::move(result));
}

void FakeSession::patch(const ObjectKey& key, bridge::PatchType, const std::string& body, QObject* context,
                        bridge::Reply<std::string> reply) {
    requests << line("patch", key) + u' ' + QString::fromStdString(body);
    Result<std::string> result = body;
    if (auto failure = failureOf(key)) result = fail(*failure);
    answer(context, std::move(reply), std::move(result));
}

void FakeSession::remove(const ObjectKey& key, QObject* context, bridge::Reply<void> reply) {
    requests << line("delete", key);
    Result<void> result;
    if (auto failure = failureOf(key)) result = fail(*failure);
    answer(context, std::move(reply), std::move(result));
}

void FakeSession::scale(const ObjectKey& key, int replicas, QObject* context, bridge::Reply<void> reply) {
    requests << line("scale", key) + u' ' + QString::number(replicas);
    Result<void> result;
    if (auto failure = failureOf(key)) result = fail(*failure);
    answer(context, std::move(reply), std::move(result));
}

void FakeSession::resolve(const std::string& apiVersion, const std::string& kind, QObject* context,
                          bridge::Reply<bridge::Resource> reply) {
    Result<bridge::Resource> result =
        bridge::Resource{apiVersion, kind, kind + "s", kind != "Namespace" && kind != "Node"};
    if (kind == "Nonsense") result = fail(Reason::NotFound, "no kind \"Nonsense\" in " + apiVersion);
    answer(context, std::move(reply), std::move(result));
}

std::unique_ptr<bridge::ByteStream> FakeSession::logs(const bridge::LogRequest& request) {
    requests
        << QStringLiteral("logs %1/%2").arg(QString::fromStdString(request.space), QString::fromStdString(request.pod));
    auto stream = std::make_unique<FakeStream>();
    lastStream = stream.get();
    return stream;
}

std::unique_ptr<bridge::ByteStream> FakeSession::exec(const bridge::ExecRequest& request) {
    requests
        << QStringLiteral("exec %1/%2").arg(QString::fromStdString(request.space), QString::fromStdString(request.pod));
    auto stream = std::make_unique<FakeStream>();
    lastStream = stream.get();
    return stream;
}

}  // namespace qd::tests
