// The clusters of this machine. Those that this process runs it owns (cluster::ClusterOwner), and answers for them on
// their control sockets as `qdeck own` does; those of another process it sees, opens over HTTPS, and asks their owner
// to suspend or delete them. What other processes do is seen by the files that they write.
//
// What takes seconds or minutes runs on a thread of its own and is told to the Qt thread step by step.
#pragma once

#include <QFileSystemWatcher>
#include <QTimer>
#include <map>
#include <memory>

#include "app/bridge/cluster_host.h"
#include "app/cluster/cluster_owner.h"
#include "app/cluster/control_socket.h"
#include "cluster/base/executor.h"
#include "vmnodes/host/cluster_spec.h"

namespace qd::bridge {

class QtDoor;

class LocalClusters : public ClusterHost {
    Q_OBJECT
public:
    // The executor must outlive it and may block. `usual` is what new clusters are like where a wish does not say.
    LocalClusters(cluster::Environment environment, base::Executor& executor, host::ClusterSpec usual = {});
    ~LocalClusters() override;

    QVector<ClusterInfo> clusters() const override { return m_known; }
    QVector<std::pair<QString, QString>> validate(const ClusterWish& wish) const override;
    std::unique_ptr<Operation> create(const ClusterWish& wish) override;
    std::unique_ptr<Operation> start(const QString& name) override;
    std::unique_ptr<Operation> suspend(const QString& name) override;
    std::unique_ptr<Operation> remove(const QString& name) override;
    Result<std::unique_ptr<ClusterSession>> open(const QString& name) override;
    Result<client::KubeconfigEntry> kubeconfig(const QString& name) const override;

    // Looks at what there is, on a thread, and says clustersChanged when it differs.
    void refresh();
    // Whether this process runs clusters that quitting would end.
    bool ownsAny() const { return !m_owners.empty(); }
    // Suspends all that this process runs. Blocks; for the end of the program.
    void suspendAll();

private:
    class Work;
    using Owner = std::shared_ptr<cluster::ClusterOwner>;
    struct Owned {
        Owner owner;
        std::unique_ptr<cluster::ControlServer> control;  // null when it could not listen
    };
    std::unique_ptr<Operation> run(const QString& title, const QString& name,
                                   std::function<Result<Owner>(const cluster::StepHandler&, std::stop_token)> work);
    void adopt(const QString& name, Owner owner);
    // Gives up what this process owns under the name: sessions with it end now. Null when it owns none.
    Owner release(const QString& name);
    void take(std::vector<cluster::ClusterView> views);
    void watchFiles();
    Result<client::KubeconfigAccess> access(const QString& name) const;
    std::unique_ptr<cluster::ControlServer> listen(const QString& name, const Owner& owner);

    const cluster::Environment m_environment;
    const host::ClusterSpec m_usual;
    base::Executor& m_executor;
    QVector<ClusterInfo> m_known;
    std::map<QString, Owned> m_owners;
    std::vector<std::unique_ptr<cluster::ControlServer>> m_ending;  // answering their last request
    QFileSystemWatcher m_files;
    QTimer m_soon;
    std::shared_ptr<QtDoor> m_door;
};

}  // namespace qd::bridge
