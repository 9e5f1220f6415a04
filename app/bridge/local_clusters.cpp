#include "app/bridge/local_clusters.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <algorithm>
#include <boost/json.hpp>

#include "app/bridge/control_plane_session.h"
#include "app/bridge/https_session.h"
#include "app/bridge/qt_door.h"
#include "app/cluster/control_socket.h"
#include "app/models/words.h"
#include "cluster/base/log.h"
#include "cluster/base/pki/private_file.h"

namespace qd::bridge {

using models::toQString;

namespace {

host::ClusterSpec specOf(const ClusterWish& wish, host::ClusterSpec spec) {
    spec.name = wish.name.toStdString();
    spec.nodes = wish.nodes;
    spec.vcpus = wish.cpus;
    spec.memoryMiB = wish.memoryMiB;
    spec.diskGiB = wish.diskGiB;
    return spec;
}

// "Invalid value: "a b": must be ..." without what the reader has before their eyes.
QString withoutValue(const QString& message) {
    const qsizetype end = message.indexOf(QStringLiteral("\": "));
    return message.startsWith(QStringLiteral("Invalid value")) && end > 0 ? message.mid(end + 3) : message;
}

// The dialog's name for a field of the settings.
QString fieldOf(const std::string& field) {
    if (field == "vcpus") return QStringLiteral("cpus");
    if (field == "memoryMiB") return QStringLiteral("memory");
    if (field == "diskGiB") return QStringLiteral("disk");
    return toQString(field);
}

OperationStep stepOf(const cluster::StepReport& report) {
    OperationStep step;
    step.id = toQString(report.id);
    step.title = toQString(report.title);
    switch (report.state) {
        case cluster::StepState::Waiting:
            step.state = OperationStep::State::Waiting;
            break;
        case cluster::StepState::Working:
            step.state = OperationStep::State::Working;
            break;
        case cluster::StepState::Done:
            step.state = OperationStep::State::Done;
            break;
        case cluster::StepState::Failed:
            step.state = OperationStep::State::Failed;
            break;
    }
    step.detail = toQString(report.detail);
    step.fraction = report.fraction;
    step.elapsedMs = std::chrono::duration_cast<std::chrono::milliseconds>(report.elapsed).count();
    return step;
}

struct LocalWords {
    Q_DECLARE_TR_FUNCTIONS(qd::bridge::LocalClusters)
};

// "3 nodes · 2 CPU and 2.0 GiB each · KVM"
QString detailOf(const cluster::ClusterView& view) {
    const QString size = LocalWords::tr("%n nodes · %1 CPU and %2 each", nullptr, view.spec.nodes)
                             .arg(view.spec.vcpus)
                             .arg(models::bytesText(view.spec.memoryMiB * 1024.0 * 1024.0));
    const QString how = toQString(view.acceleration);
    return how.isEmpty() ? size : size + QStringLiteral(" · ") + how;
}

ClusterInfo infoOf(const cluster::ClusterView& view, bool ours) {
    ClusterInfo info;
    info.name = toQString(view.spec.name);
    info.detail = detailOf(view);
    info.running = ours || view.state == "Running";
    const std::string& state = view.state;
    if (info.running) {
        info.state = views::State::Ready;
        info.word = LocalWords::tr("Running");
        if (!ours)
            //: Added to what a cluster is like when another process runs it; %2 is the process id.
            info.detail = LocalWords::tr("%1 · run by process %2").arg(info.detail).arg(view.ownerPid);
    } else if (state == "Starting") {
        info.state = views::State::Starting;
        info.word = views::wordFor(views::State::Starting);
    } else if (state == "Suspended") {
        info.state = views::State::Done;
        info.word = LocalWords::tr("Suspended");
    } else if (state == "Stopped") {
        info.state = views::State::Done;
        info.word = LocalWords::tr("Stopped");
    } else if (state == "Incomplete") {
        info.state = views::State::Failed;
        info.word = LocalWords::tr("Incomplete");
    } else if (state == "Orphaned") {
        info.state = views::State::Unknown;
        //: The state of a cluster whose machines run while nobody runs its control plane.
        info.word = LocalWords::tr("Nodes alone");
    } else {
        info.detail = toQString(view.detail);
        info.word = views::wordFor(views::State::Unknown);
    }
    return info;
}

// What the process that runs the cluster does when asked, and this one when there is no such process.
Result<void> askOrDo(const cluster::Environment& environment, const QString& name, const boost::json::object& request,
                     const cluster::StepHandler& report, const std::function<Result<void>()>& here) {
    const host::ClusterLayout layout(environment.directories, name.toStdString());
    const auto owner = layout.owner();
    if (!owner) return fail(owner.error());
    if (!*owner) return here();
    const auto done = cluster::askOwner(layout.folder(), request, report);
    if (!done) return fail(done.error());
    return {};
}

// Files are written in several steps; this long after the last of them one looks.
constexpr int kSettleMs = 200;
constexpr int kUnsettledMs = 1500;

}  // namespace

// One operation: a thread that may wait, and what it has told so far. The thread outlives the window's interest in it.
class LocalClusters::Work : public Operation {
public:
    explicit Work(QString title) : m_title(std::move(title)), m_door(std::make_shared<QtDoor>(*this)) {}
    ~Work() override { m_door->close(); }
    QString title() const override { return m_title; }
    void cancel() override { m_stop.request_stop(); }
    QString log() const override { return m_log; }

    std::stop_token token() const { return m_stop.get_token(); }
    const std::shared_ptr<QtDoor>& door() const { return m_door; }

    void tell(const cluster::StepReport& report) {
        if (report.state == cluster::StepState::Failed) m_remedy = toQString(report.remedy);
        write(report);
        emit stepped(stepOf(report));
    }

    void finish(const Result<void>& result) {
        if (result) {
            emit succeeded();
            return;
        }
        OperationFailure failure;
        failure.cancelled = result.error().httpStatus() == host::kCancelledCode;
        //: What an operation was that has been cancelled or has failed, for example Create cluster dev.
        failure.what = failure.cancelled ? LocalWords::tr("%1: cancelled").arg(m_title)
                                         : LocalWords::tr("%1: it did not work").arg(m_title);
        failure.why = failure.cancelled ? LocalWords::tr("You cancelled it.") : toQString(result.error().message);
        failure.remedy = m_remedy;
        emit failed(failure);
    }

private:
    void write(const cluster::StepReport& report) {
        if (report.state == cluster::StepState::Waiting) return;
        const QString line =
            QStringLiteral("%1 %2 %3 %4")
                .arg(QDateTime::currentDateTime().toString(QStringLiteral("HH:mm:ss")), toQString(report.title),
                     toQString(cluster::stepStateName(report.state)), toQString(report.detail));
        const QString all = report.log.empty() ? line : line + u'\n' + toQString(report.log);
        m_log += all + u'\n';
        emit logged(all);
    }

    QString m_title;
    QString m_log;
    QString m_remedy;
    std::stop_source m_stop;
    std::shared_ptr<QtDoor> m_door;
};

LocalClusters::LocalClusters(cluster::Environment environment, base::Executor& executor, host::ClusterSpec usual)
    : m_environment(std::move(environment)),
      m_usual(std::move(usual)),
      m_executor(executor),
      m_door(std::make_shared<QtDoor>(*this)) {
    m_soon.setSingleShot(true);
    m_soon.setInterval(kSettleMs);
    connect(&m_soon, &QTimer::timeout, this, &LocalClusters::refresh);
    connect(&m_files, &QFileSystemWatcher::directoryChanged, &m_soon, qOverload<>(&QTimer::start));
    connect(&m_files, &QFileSystemWatcher::fileChanged, &m_soon, qOverload<>(&QTimer::start));
    refresh();
}

LocalClusters::~LocalClusters() {
    m_door->close();
}

void LocalClusters::refresh() {
    m_executor.post([door = m_door, directories = m_environment.directories, this] {
        std::vector<cluster::ClusterView> views;
        if (auto entries = host::listClusters(directories))
            for (const host::ClusterEntry& entry : *entries) views.push_back(cluster::viewOf(entry));
        else
            base::logger("window")->warn("clusters cannot be listed: {}", entries.error().message);
        door->post([this, views = std::move(views)]() mutable { take(std::move(views)); });
    });
}

void LocalClusters::take(std::vector<cluster::ClusterView> views) {
    QVector<ClusterInfo> known;
    bool unsettled = false;
    for (const cluster::ClusterView& view : views) {
        known.push_back(infoOf(view, m_owners.contains(toQString(view.spec.name))));
        unsettled = unsettled || known.last().state == views::State::Starting;
    }
    watchFiles();
    // An owner's lock goes without a trace in a file: look again while one is starting or ending.
    if (unsettled) m_soon.start(kUnsettledMs);
    if (known == m_known) return;
    const QVector<ClusterInfo> before = std::exchange(m_known, known);
    for (const ClusterInfo& was : before) {
        const auto same = [&was](const ClusterInfo& is) { return is.name == was.name && is.running; };
        if (was.running && std::none_of(m_known.begin(), m_known.end(), same)) emit ending(was.name);
    }
    emit clustersChanged();
}

// The folder of all clusters, each cluster's folder, and the file in which its owner says where it listens.
void LocalClusters::watchFiles() {
    const QString all = toQString(m_environment.directories.data) + QStringLiteral("/clusters");
    QDir().mkpath(all);
    QStringList wanted{all};
    for (const QString& name : QDir(all).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const QString folder = all + u'/' + name;
        wanted << folder;
        if (QFile::exists(folder + QStringLiteral("/owner"))) wanted << folder + QStringLiteral("/owner");
    }
    QStringList fresh;
    const QStringList watched = m_files.directories() + m_files.files();
    for (const QString& path : std::as_const(wanted))
        if (!watched.contains(path)) fresh << path;
    if (!fresh.isEmpty()) m_files.addPaths(fresh);
}

QVector<std::pair<QString, QString>> LocalClusters::validate(const ClusterWish& wish) const {
    QVector<std::pair<QString, QString>> problems;
    if (const auto valid = host::validate(specOf(wish, m_usual)); !valid) {
        for (const base::Cause& cause : valid.error().causes)
            if (cause.field != "uuid")
                problems.push_back({fieldOf(cause.field), withoutValue(toQString(cause.message))});
    }
    for (const ClusterInfo& info : m_known)
        if (info.name == wish.name)
            problems.push_back({QStringLiteral("name"), tr("There is a cluster of this name already.")});
    return problems;
}

std::unique_ptr<Operation> LocalClusters::run(
    const QString& title, const QString& name,
    std::function<Result<Owner>(const cluster::StepHandler&, std::stop_token)> work) {
    auto operation = std::make_unique<Work>(title);
    Work* raw = operation.get();
    m_executor.post(
        [door = operation->door(), home = m_door, stop = operation->token(), work = std::move(work), raw, name, this] {
            auto outcome = std::make_shared<Result<Owner>>(work(
                [&door, raw](const cluster::StepReport& report) { door->post([raw, report] { raw->tell(report); }); },
                stop));
            home->post([this, outcome, door, raw, name] {
                if (*outcome && **outcome) adopt(name, **outcome);
                refresh();
                door->post([raw, outcome] {
                    Result<void> result;
                    if (!*outcome) result = fail(outcome->error());
                    raw->finish(result);
                });
            });
        });
    return operation;
}

void LocalClusters::adopt(const QString& name, Owner owner) {
    auto control = listen(name, owner);
    m_owners[name] = {std::move(owner), std::move(control)};
    for (ClusterInfo& info : m_known)
        if (info.name == name) info = infoOf(m_owners[name].owner->view(), true);
}

LocalClusters::Owner LocalClusters::release(const QString& name) {
    emit ending(name);
    const auto found = m_owners.find(name);
    if (found == m_owners.end()) return nullptr;
    Owner owner = std::move(found->second.owner);
    m_owners.erase(found);
    return owner;
}

// What `qdeck stop`, `qdeck delete` and `qdeck status` ask of the process that runs a cluster.
std::unique_ptr<cluster::ControlServer> LocalClusters::listen(const QString& name, const Owner& owner) {
    auto handler = [weak = std::weak_ptr(owner), door = m_door, name, this](
                       const boost::json::object& request,
                       const cluster::StepHandler& report) -> Result<boost::json::object> {
        const Owner ours = weak.lock();
        if (!ours) return fail(Reason::ServiceUnavailable, "the cluster's owner is ending");
        const auto word = [&request](const char* key) {
            const boost::json::value* value = request.if_contains(key);
            return value && value->is_string() ? std::string(value->get_string()) : std::string();
        };
        const std::string command = word("command");
        if (command == "status") return cluster::toJson(ours->view());
        if (command != "stop" && command != "delete")
            return fail(Reason::BadRequest, "the owner knows no command \"" + command + "\"");
        // The socket that is answering ends after the answer; everything else of the cluster is given up now.
        door->post([this, name] {
            if (const auto found = m_owners.find(name); found != m_owners.end() && found->second.control)
                m_ending.push_back(std::move(found->second.control));
            release(name);
        });
        const auto how = word("mode") == "shutdown" ? cluster::Ending::ShutDown : cluster::Ending::Save;
        auto done = command == "stop" ? ours->end(how, report, {}) : ours->remove(report);
        door->post([this] {
            m_ending.clear();  // waits until the answer has gone out
            refresh();
        });
        if (!done) return fail(std::move(done.error()));
        return boost::json::object{};
    };
    auto server = cluster::ControlServer::start(owner->layout().folder(), std::move(handler));
    if (server) return std::move(*server);
    base::logger("window")->warn("qdeck cannot reach {}: {}", name.toStdString(), server.error().message);
    return nullptr;
}

std::unique_ptr<Operation> LocalClusters::create(const ClusterWish& wish) {
    return run(tr("Create cluster %1").arg(wish.name), wish.name,
               [environment = m_environment, spec = specOf(wish, m_usual)](const cluster::StepHandler& report,
                                                                           std::stop_token stop) -> Result<Owner> {
                   auto made = cluster::ClusterOwner::create(environment, spec, report, stop);
                   if (!made) return fail(std::move(made.error()));
                   return Owner(std::move(*made));
               });
}

std::unique_ptr<Operation> LocalClusters::start(const QString& name) {
    return run(
        tr("Start cluster %1").arg(name), name,
        [environment = m_environment, name](const cluster::StepHandler& report, std::stop_token stop) -> Result<Owner> {
            auto started = cluster::ClusterOwner::start(environment, name.toStdString(), report, stop);
            if (!started) return fail(std::move(started.error()));
            return Owner(std::move(*started));
        });
}

std::unique_ptr<Operation> LocalClusters::suspend(const QString& name) {
    const Owner owner = release(name);
    return run(tr("Suspend cluster %1").arg(name), name,
               [environment = m_environment, name, owner](const cluster::StepHandler& report,
                                                          std::stop_token stop) -> Result<Owner> {
                   const Result<void> done =
                       owner ? owner->end(cluster::Ending::Save, report, stop)
                             : askOrDo(environment, name, {{"command", "stop"}, {"mode", "save"}}, report, [&] {
                                   return cluster::endCluster(environment, name.toStdString(), cluster::Ending::Save,
                                                              report, stop);
                               });
                   if (!done) return fail(done.error());
                   return Owner();
               });
}

std::unique_ptr<Operation> LocalClusters::remove(const QString& name) {
    const Owner owner = release(name);
    return run(tr("Delete cluster %1").arg(name), name,
               [environment = m_environment, name, owner](const cluster::StepHandler& report,
                                                          std::stop_token) -> Result<Owner> {
                   const Result<void> done =
                       owner ? owner->remove(report) : askOrDo(environment, name, {{"command", "delete"}}, report, [&] {
                           return cluster::removeCluster(environment, name.toStdString(), report);
                       });
                   if (!done) return fail(done.error());
                   return Owner();
               });
}

// How a cluster that another process runs is reached: by the administrator's kubeconfig in its folder.
Result<client::KubeconfigAccess> LocalClusters::access(const QString& name) const {
    const host::ClusterLayout layout(m_environment.directories, name.toStdString());
    const auto text = pki::readFile(layout.kubeconfigFile());
    if (!text) return fail(text.error().within("the cluster's kubeconfig"));
    return client::accessOf(*text, "", layout.folder());
}

Result<std::unique_ptr<ClusterSession>> LocalClusters::open(const QString& name) {
    const auto found = m_owners.find(name);
    if (found != m_owners.end()) {
        const Owner owner = found->second.owner;
        std::shared_ptr<control_plane::ControlPlane> plane(owner, &owner->controlPlane());
        return openInProcess(name, std::move(plane), m_executor);
    }
    const auto access = this->access(name);
    if (!access) return fail(access.error());
    return openOverHttps(name, *access, m_executor);
}

Result<client::KubeconfigEntry> LocalClusters::kubeconfig(const QString& name) const {
    const auto found = m_owners.find(name);
    if (found != m_owners.end()) return found->second.owner->kubeconfigEntry();
    const auto access = this->access(name);
    if (!access) return fail(access.error());
    client::KubeconfigEntry entry;
    entry.name = cluster::kubeconfigName(name.toStdString());
    entry.server = access->server;
    entry.authorityPem = access->authorityPem;
    entry.clientCertificatePem = access->clientCertificatePem;
    entry.clientKeyPem = access->clientKeyPem;
    entry.token = access->token;
    return entry;
}

void LocalClusters::suspendAll() {
    for (auto& [name, owned] : m_owners) {
        emit ending(name);
        owned.control.reset();
        const auto done = owned.owner->end(cluster::Ending::Save, {}, {});
        if (!done) base::logger("window")->error("{} was not suspended: {}", name.toStdString(), done.error().message);
    }
    m_owners.clear();
}

}  // namespace qd::bridge
