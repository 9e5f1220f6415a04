#include "app/bridge/local_clusters.h"

#include <QCoreApplication>
#include <QDateTime>
#include <atomic>
#include <boost/json.hpp>

#include "app/bridge/control_plane_session.h"
#include "app/bridge/qt_door.h"
#include "app/cluster/control_socket.h"
#include "app/models/words.h"
#include "cluster/base/log.h"

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
    info.running = ours;
    const std::string& state = view.state;
    if (state == "Running") {
        info.state = views::State::Ready;
        info.word = LocalWords::tr("Running");
        if (!ours)
            //: The state of a cluster that another process runs; %1 is its process id.
            info.word = LocalWords::tr("Run by process %1").arg(view.ownerPid);
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
    } else {
        info.detail = toQString(view.detail);
        info.word = views::wordFor(views::State::Unknown);
    }
    return info;
}

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
        failure.why = toQString(result.error().message);
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
        door->post([this, views = std::move(views)] {
            QVector<ClusterInfo> known;
            for (const cluster::ClusterView& view : views)
                known.push_back(infoOf(view, m_owners.contains(toQString(view.spec.name))));
            if (known == m_known) return;
            m_known = std::move(known);
            emit clustersChanged();
        });
    });
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
    m_owners[name] = std::move(owner);
    for (ClusterInfo& info : m_known)
        if (info.name == name) info = infoOf(m_owners[name]->view(), true);
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
    emit ending(name);
    const auto found = m_owners.find(name);
    const Owner owner = found == m_owners.end() ? nullptr : found->second;
    if (owner) m_owners.erase(found);
    return run(tr("Suspend cluster %1").arg(name), name,
               [environment = m_environment, name, owner](const cluster::StepHandler& report,
                                                          std::stop_token stop) -> Result<Owner> {
                   const auto done = owner ? owner->end(cluster::Ending::Save, report, stop)
                                           : cluster::endCluster(environment, name.toStdString(), cluster::Ending::Save,
                                                                 report, stop);
                   if (!done) return fail(done.error());
                   return Owner();
               });
}

std::unique_ptr<Operation> LocalClusters::remove(const QString& name) {
    emit ending(name);
    const auto found = m_owners.find(name);
    const Owner owner = found == m_owners.end() ? nullptr : found->second;
    if (owner) m_owners.erase(found);
    return run(tr("Delete cluster %1").arg(name), name,
               [environment = m_environment, name, owner](const cluster::StepHandler& report,
                                                          std::stop_token) -> Result<Owner> {
                   const auto done =
                       owner ? owner->remove(report) : cluster::removeCluster(environment, name.toStdString(), report);
                   if (!done) return fail(done.error());
                   return Owner();
               });
}

Result<std::unique_ptr<ClusterSession>> LocalClusters::open(const QString& name) {
    const auto found = m_owners.find(name);
    if (found == m_owners.end())
        return fail(Reason::ServiceUnavailable,
                    tr("this window does not run it; another process does, or it has not been started").toStdString());
    const Owner owner = found->second;
    std::shared_ptr<control_plane::ControlPlane> plane(owner, &owner->controlPlane());
    return openInProcess(name, std::move(plane), m_executor);
}

Result<client::KubeconfigEntry> LocalClusters::kubeconfig(const QString& name) const {
    const auto found = m_owners.find(name);
    if (found == m_owners.end())
        return fail(Reason::NotFound, "this window does not run the cluster " + name.toStdString());
    return found->second->kubeconfigEntry();
}

void LocalClusters::suspendAll() {
    for (auto& [name, owner] : m_owners) {
        emit ending(name);
        const auto done = owner->end(cluster::Ending::Save, {}, {});
        if (!done) base::logger("window")->error("{} was not suspended: {}", name.toStdString(), done.error().message);
    }
    m_owners.clear();
}

}  // namespace qd::bridge
