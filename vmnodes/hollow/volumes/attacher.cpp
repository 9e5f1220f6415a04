#include "vmnodes/hollow/volumes/attacher.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "cluster/api/volumes/attachment_rules.h"
#include "cluster/base/log.h"
#include "cluster/client/typed.h"
#include "vmnodes/hollow/volumes/hollow_driver.h"

namespace qd::hollow {
namespace {

using storagev1::VolumeAttachment;

constexpr base::Duration kRetry = std::chrono::seconds(1);
constexpr char kFinalizer[] = "external-attacher/hollow-quarterdeck-dev";

bool hasFinalizer(const VolumeAttachment& attachment) {
    return std::ranges::find(attachment.metadata.finalizers, kFinalizer) != attachment.metadata.finalizers.end();
}

std::string volumeOf(const VolumeAttachment& attachment) {
    return attachment.spec.source.persistentVolumeName.value_or("");
}

}  // namespace

struct Attacher::State : std::enable_shared_from_this<Attacher::State> {
    State(client::Client& onClient, client::InformerFactory& informers, base::Executor& onExecutor, VolumeTiming given)
        : client(onClient),
          executor(onExecutor),
          timing(given),
          attachments(informers.informer(client::resourceOf<VolumeAttachment>())),
          volumes(informers.informer(client::resourceOf<corev1::PersistentVolume>())),
          strand(onExecutor) {}

    void listen();
    void run(base::Task task);
    void later(const std::string& name, base::Duration delay);
    // Whether all is there.
    bool makeObjects();
    void begin();
    // Looks at one attachment and does what is due about it.
    void answer(const std::string& name);
    void gone(const VolumeAttachment& attachment);
    void attach(const VolumeAttachment& attachment);
    void detach(const VolumeAttachment& attachment);
    // The node that keeps a volume from being attached elsewhere; empty when none does.
    std::string holderOf(const VolumeAttachment& attachment) const;
    // Tries again later when it could not.
    void save(const VolumeAttachment& attachment, bool status);

    client::Client& client;
    base::Executor& executor;
    const VolumeTiming timing;
    client::Informer& attachments;
    client::Informer& volumes;
    base::Strand strand;
    // On the strand alone.
    std::map<std::string, base::SteadyTime> due;            // by attachment
    std::map<std::string, std::set<std::string>> attached;  // volume -> nodes: what the storage would know
    std::map<std::string, base::Timer> timers;
    base::Timer beginTimer;

    std::mutex mutex;
    std::condition_variable idle;
    unsigned running = 0;
    bool stopped = false;
};

void Attacher::State::run(base::Task task) {
    strand.post([weak = weak_from_this(), task = std::move(task)]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        {
            std::lock_guard lock(self->mutex);
            if (self->stopped) return;
            ++self->running;
        }
        task();
        {
            std::lock_guard lock(self->mutex);
            --self->running;
        }
        self->idle.notify_all();
    });
}

void Attacher::State::listen() {
    attachments.addHandler([weak = weak_from_this()](const api::ObjectPtr& old, const api::ObjectPtr& now) {
        const auto self = weak.lock();
        if (!self) return;
        const auto was = client::as<VolumeAttachment>(old), is = client::as<VolumeAttachment>(now);
        if ((is ? is : was)->spec.attacher != kDriver) return;
        if (was && (!is || is->metadata.uid != was->metadata.uid))
            self->run([state = self.get(), was] { state->gone(*was); });
        if (is) self->run([state = self.get(), name = is->metadata.name] { state->answer(name); });
    });
}

void Attacher::State::later(const std::string& name, base::Duration delay) {
    timers[name] = executor.postAfter(delay, [weak = weak_from_this(), name] {
        if (const auto self = weak.lock()) self->run([state = self.get(), name] { state->answer(name); });
    });
}

bool Attacher::State::makeObjects() {
    const auto made = [](const auto& result) { return result || result.error().reason == Reason::AlreadyExists; };
    bool all = made(client::Api<storagev1::CSIDriver>(client).create(driverObject()));
    for (const auto& each : storageClasses())
        all = made(client::Api<storagev1::StorageClass>(client).create(each)) && all;
    return all;
}

void Attacher::State::begin() {
    if (makeObjects()) return;
    base::logger("hollow")->debug("the hollow storage classes could not be written, trying again");
    beginTimer = executor.postAfter(kRetry, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->run([state = self.get()] { state->begin(); });
    });
}

void Attacher::State::gone(const VolumeAttachment& attachment) {
    const std::string& name = attachment.metadata.name;
    due.erase("attach " + name);
    due.erase("detach " + name);
    timers.erase(name);
    const auto nodes = attached.find(volumeOf(attachment));
    if (nodes == attached.end()) return;
    nodes->second.erase(attachment.spec.nodeName);
    if (nodes->second.empty()) attached.erase(nodes);
}

void Attacher::State::answer(const std::string& name) {
    const auto attachment = client::Lister<VolumeAttachment>(attachments).get("", name);
    if (!attachment) return;
    if (attachment->status.attached) attached[volumeOf(*attachment)].insert(attachment->spec.nodeName);
    const bool leaving = attachment->metadata.deletionTimestamp.has_value();
    if (leaving ? !hasFinalizer(*attachment) : attachment->status.attached) return;
    // What was asked for takes a while; the time of an attachment ends where that of its detachment begins.
    const std::string step = (leaving ? "detach " : "attach ") + name;
    const auto now = executor.clock().steady();
    const auto at = due.try_emplace(step, now + (leaving ? timing.detach : timing.attach)).first->second;
    if (at > now) return later(name, at - now);
    leaving ? detach(*attachment) : attach(*attachment);
}

std::string Attacher::State::holderOf(const VolumeAttachment& attachment) const {
    const auto volume = client::Lister<corev1::PersistentVolume>(volumes).get("", volumeOf(attachment));
    if (volume && api::volumes::attachesToMany(*volume)) return {};
    const auto holders = attached.find(volumeOf(attachment));
    if (holders == attached.end()) return {};
    for (const auto& node : holders->second)
        if (node != attachment.spec.nodeName) return node;
    return {};
}

void Attacher::State::save(const VolumeAttachment& attachment, bool status) {
    client::Api<VolumeAttachment> api(client);
    const auto written = status ? api.updateStatus(attachment) : api.update(attachment);
    if (written || written.error().reason == Reason::NotFound) return;
    later(attachment.metadata.name, kRetry);  // or sooner, when its newest state is seen
}

void Attacher::State::attach(const VolumeAttachment& attachment) {
    if (!hasFinalizer(attachment)) {
        VolumeAttachment changed = attachment;
        changed.metadata.finalizers.emplace_back(kFinalizer);
        save(changed, false);  // seeing it, this goes on
        return;
    }
    VolumeAttachment changed = attachment;
    if (const std::string holder = holderOf(attachment); !holder.empty()) {
        auto& error = changed.status.attachError.emplace();
        error.time = api::Time(executor.clock().now());
        error.message = "volume is attached to node " + holder;
        if (!attachment.status.attachError || attachment.status.attachError->message != error.message)
            save(changed, true);
        return later(attachment.metadata.name, kRetry);
    }
    attached[volumeOf(attachment)].insert(attachment.spec.nodeName);  // whether or not the answer is heard
    changed.status.attached = true;
    changed.status.attachError.reset();
    save(changed, true);
}

void Attacher::State::detach(const VolumeAttachment& attachment) {
    // The finalizer is the last to go: while it stands nobody else is given the volume.
    VolumeAttachment changed = attachment;
    std::erase(changed.metadata.finalizers, kFinalizer);
    save(changed, false);
}

Attacher::Attacher(client::Client& client, client::InformerFactory& informers, base::Executor& executor,
                   VolumeTiming timing)
    : m_state(std::make_shared<State>(client, informers, executor, timing)) {
    m_state->listen();
}

Attacher::~Attacher() {
    stop();
}

void Attacher::start() {
    m_state->run([state = m_state.get()] { state->begin(); });
}

void Attacher::stop() {
    std::unique_lock lock(m_state->mutex);
    m_state->stopped = true;
    if (m_state->executor.mayBlock()) m_state->idle.wait(lock, [this] { return m_state->running == 0; });
}

}  // namespace qd::hollow
