#include "tests/gui/hollow_clusters.h"

#include <QElapsedTimer>
#include <QSet>
#include <QTimer>

#include "app/bridge/control_plane_session.h"
#include "app/bridge/resources.h"
#include "app/models/words.h"
#include "cluster/api/types/core_v1.h"

namespace qd::tests {

using bridge::Operation;
using bridge::OperationStep;
using models::toQString;
using State = OperationStep::State;

namespace {

// Something that has been done by the time the window hears of it.
class Instant : public Operation {
public:
    Instant(QString title, Result<void> result) : m_title(std::move(title)) {
        QTimer::singleShot(0, this, [this, result] {
            emit stepped({m_title, m_title, result ? State::Done : State::Failed, {}, -1, 0});
            if (result)
                emit succeeded();
            else
                emit failed({m_title, toQString(result.error().message), {}, false});
        });
    }
    QString title() const override { return m_title; }
    void cancel() override {}
    QString log() const override { return {}; }

private:
    QString m_title;
};

}  // namespace

class HollowClusters::Creation : public Operation {
public:
    Creation(HollowClusters& host, bridge::ClusterWish wish) : m_host(host), m_wish(std::move(wish)) {
        m_clock.start();
        QTimer::singleShot(0, this, &Creation::begin);
    }
    QString title() const override { return QStringLiteral("Create cluster %1").arg(m_wish.name); }
    QString log() const override { return m_log; }
    void cancel() override {
        end();
        emit failed({title() + QStringLiteral(": cancelled"), QStringLiteral("You cancelled it."),
                     QStringLiteral("Nothing is left of it."), true});
    }

private:
    static QString node(int index) { return QStringLiteral("hollow-node-%1").arg(index); }

    void tell(const QString& id, const QString& title, State state, const QString& detail = {}) {
        emit stepped({id, title, state, detail, -1, state == State::Waiting ? 0 : m_clock.elapsed()});
        if (state == State::Waiting) return;
        const QString line = title + u' ' + detail;
        m_log += line + u'\n';
        emit logged(line);
    }

    void begin() {
        tell(QStringLiteral("control-plane"), QStringLiteral("Control plane"), State::Working);
        for (int i = 0; i < m_wish.nodes; ++i)
            for (const char* stage : {"registered", "Ready"})
                tell(node(i) + QLatin1String(stage), node(i) + u' ' + QLatin1String(stage), State::Waiting);
        tell(QStringLiteral("last"), QStringLiteral("Look at everything once"), State::Waiting);
        auto plane = m_host.run(m_wish);
        if (!plane) {
            emit failed({title(), toQString(plane.error().message), {}, false});
            return;
        }
        m_plane = std::move(*plane);
        tell(QStringLiteral("control-plane"), QStringLiteral("Control plane"), State::Done,
             toQString(m_plane->serverUrl()));
        m_session = bridge::openInProcess(m_wish.name, m_plane, m_host.m_executor);
        m_watch = m_session->watch(bridge::kNodes, {}, [this](const bridge::WatchBatch& batch) { see(batch); }, {});
        connect(&m_host, &HollowClusters::released, this, &Creation::finishIfReady);
    }

    void see(const bridge::WatchBatch& batch) {
        for (const api::ObjectPtr& object : batch.changed) {
            const auto* seen = api::objectAs<corev1::Node>(*object);
            const QString name = toQString(seen->metadata.name);
            tell(name + QStringLiteral("registered"), name + QStringLiteral(" registered"), State::Done);
            for (const corev1::NodeCondition& condition : seen->status.conditions) {
                if (condition.type != "Ready" || condition.status != "True" || m_ready.contains(name)) continue;
                m_ready.insert(name);
                tell(name + QStringLiteral("Ready"), name + QStringLiteral(" Ready"), State::Done);
            }
        }
        QTimer::singleShot(0, this, &Creation::finishIfReady);  // never out of the watch's own call
    }

    void finishIfReady() {
        if (m_ready.size() < m_wish.nodes || !m_plane) return;
        if (m_host.m_held) {
            tell(QStringLiteral("last"), QStringLiteral("Look at everything once"), State::Working);
            return;
        }
        tell(QStringLiteral("last"), QStringLiteral("Look at everything once"), State::Done);
        m_host.m_clusters[m_wish.name] = {m_wish, std::move(m_plane)};
        m_watch.reset();
        m_session.reset();
        emit m_host.clustersChanged();
        emit succeeded();
    }

    void end() {
        m_watch.reset();
        m_session.reset();
        if (m_plane) m_plane->stop();
        m_plane.reset();
        std::error_code ignored;
        std::filesystem::remove_all(m_host.folderOf(m_wish.name), ignored);
    }

    HollowClusters& m_host;
    bridge::ClusterWish m_wish;
    QElapsedTimer m_clock;
    QString m_log;
    QSet<QString> m_ready;
    std::shared_ptr<control_plane::ControlPlane> m_plane;
    std::unique_ptr<bridge::ClusterSession> m_session;
    std::unique_ptr<bridge::Subscription> m_watch;
};

HollowClusters::HollowClusters(std::filesystem::path folder, base::Executor& executor)
    : m_folder(std::move(folder)), m_executor(executor) {}

HollowClusters::~HollowClusters() = default;

void HollowClusters::goOn() {
    m_held = false;
    emit released();
}

Result<std::shared_ptr<control_plane::ControlPlane>> HollowClusters::run(const bridge::ClusterWish& wish) const {
    control_plane::Options options;
    options.dataDir = folderOf(wish.name);
    options.clusterName = "quarterdeck-" + wish.name.toStdString();
    options.hollowNodes = static_cast<unsigned>(wish.nodes);
    auto started = control_plane::ControlPlane::start(std::move(options));
    if (!started) return fail(std::move(started.error()));
    return std::shared_ptr<control_plane::ControlPlane>(std::move(*started));
}

QVector<bridge::ClusterInfo> HollowClusters::clusters() const {
    QVector<bridge::ClusterInfo> all;
    for (const auto& [name, cluster] : m_clusters)
        all.push_back({name, cluster.plane ? views::State::Ready : views::State::Done,
                       cluster.plane ? QStringLiteral("Running") : QStringLiteral("Suspended"),
                       QStringLiteral("%1 nodes without machines").arg(cluster.wish.nodes), cluster.plane != nullptr});
    return all;
}

QVector<std::pair<QString, QString>> HollowClusters::validate(const bridge::ClusterWish& wish) const {
    if (wish.name.isEmpty() || wish.name.contains(u' '))
        return {{QStringLiteral("name"), QStringLiteral("must be letters, digits and dashes")}};
    if (m_clusters.contains(wish.name))
        return {{QStringLiteral("name"), QStringLiteral("there is a cluster of this name")}};
    return {};
}

std::unique_ptr<Operation> HollowClusters::create(const bridge::ClusterWish& wish) {
    return std::make_unique<Creation>(*this, wish);
}

std::unique_ptr<Operation> HollowClusters::start(const QString& name) {
    auto plane = run(m_clusters[name].wish);
    if (plane) m_clusters[name].plane = *plane;
    emit clustersChanged();
    return std::make_unique<Instant>(QStringLiteral("Start cluster %1").arg(name),
                                     plane ? Result<void>() : Result<void>(fail(plane.error())));
}

std::unique_ptr<Operation> HollowClusters::suspend(const QString& name) {
    emit ending(name);
    if (m_clusters[name].plane) m_clusters[name].plane->stop();
    m_clusters[name].plane.reset();
    emit clustersChanged();
    return std::make_unique<Instant>(QStringLiteral("Suspend cluster %1").arg(name), Result<void>());
}

std::unique_ptr<Operation> HollowClusters::remove(const QString& name) {
    emit ending(name);
    if (m_clusters[name].plane) m_clusters[name].plane->stop();
    m_clusters.erase(name);
    std::filesystem::remove_all(folderOf(name));
    emit clustersChanged();
    return std::make_unique<Instant>(QStringLiteral("Delete cluster %1").arg(name), Result<void>());
}

Result<std::unique_ptr<bridge::ClusterSession>> HollowClusters::open(const QString& name) {
    const auto found = m_clusters.find(name);
    if (found == m_clusters.end() || !found->second.plane) return fail(Reason::NotFound, "it does not run");
    return bridge::openInProcess(name, found->second.plane, m_executor);
}

Result<client::KubeconfigEntry> HollowClusters::kubeconfig(const QString& name) const {
    const auto found = m_clusters.find(name);
    if (found == m_clusters.end() || !found->second.plane) return fail(Reason::NotFound, "it does not run");
    return found->second.plane->kubeconfigEntry();
}

}  // namespace qd::tests
