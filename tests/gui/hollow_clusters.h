// A ClusterHost whose clusters are real control planes of this process with nodes that have no machine: what the window
// does with a cluster's creation, without libvirt. Steps are reported when they have been seen, as the real host does.
#pragma once

#include <map>

#include "app/bridge/cluster_host.h"
#include "cluster/base/executor.h"
#include "cluster/control_plane/control_plane.h"

namespace qd::tests {

class HollowClusters : public bridge::ClusterHost {
    Q_OBJECT
public:
    HollowClusters(std::filesystem::path folder, base::Executor& executor);
    ~HollowClusters() override;

    QVector<bridge::ClusterInfo> clusters() const override;
    QVector<std::pair<QString, QString>> validate(const bridge::ClusterWish& wish) const override;
    std::unique_ptr<bridge::Operation> create(const bridge::ClusterWish& wish) override;
    std::unique_ptr<bridge::Operation> start(const QString& name) override;
    std::unique_ptr<bridge::Operation> suspend(const QString& name) override;
    std::unique_ptr<bridge::Operation> remove(const QString& name) override;
    Result<std::unique_ptr<bridge::ClusterSession>> open(const QString& name) override;
    Result<client::KubeconfigEntry> kubeconfig(const QString& name) const override;

    // Creations stop before their last step until this is called, so that a test can look, or cancel.
    void goOn();
    void holdCreations() { m_held = true; }
    std::filesystem::path folderOf(const QString& name) const { return m_folder / name.toStdString(); }

private:
    class Creation;
    struct Cluster {
        bridge::ClusterWish wish;
        std::shared_ptr<control_plane::ControlPlane> plane;  // null: suspended
    };
    Result<std::shared_ptr<control_plane::ControlPlane>> run(const bridge::ClusterWish& wish) const;

    const std::filesystem::path m_folder;
    base::Executor& m_executor;
    std::map<QString, Cluster> m_clusters;
    bool m_held = false;

signals:
    void released();
};

}  // namespace qd::tests
