// The commands on clusters.
#pragma once

#include "app/cli/command.h"
#include "app/cluster/cluster_owner.h"
#include "vmnodes/host/cluster_spec.h"

namespace qd::cli {

class CreateCommand final : public Command {
public:
    std::string name() const override { return "create"; }
    std::string description() const override { return "Create a cluster of virtual machines and start it"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    host::ClusterSpec m_spec;
    std::string m_acceleration = "auto";
};

class StartCommand final : public Command {
public:
    std::string name() const override { return "start"; }
    std::string description() const override { return "Start a stopped or suspended cluster"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
};

class StopCommand final : public Command {
public:
    std::string name() const override { return "stop"; }
    std::string description() const override { return "Suspend a cluster's nodes to disk, or shut them down, and stop its control plane"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
    bool m_shutDown = false;
};

class DeleteCommand final : public Command {
public:
    std::string name() const override { return "delete"; }
    std::string description() const override { return "Delete a cluster with everything that belongs to it"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
    bool m_ifExists = false;
};

class ListCommand final : public Command {
public:
    std::string name() const override { return "list"; }
    std::string description() const override { return "List the clusters of this user"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;
};

class StatusCommand final : public Command {
public:
    std::string name() const override { return "status"; }
    std::string description() const override { return "Show a cluster's state, addresses and nodes"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
};

class KubeconfigCommand final : public Command {
public:
    std::string name() const override { return "kubeconfig"; }
    std::string description() const override { return "Print a cluster's kubeconfig, write it to a file, or merge it into kubectl's"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    Result<void> merge(const std::string& text);

    std::string m_name;
    std::string m_file;
    bool m_merge = false;
    bool m_current = false;
};

class LogsCommand final : public Command {
public:
    std::string name() const override { return "logs"; }
    std::string description() const override { return "Show the log of a cluster's owner, or a node's console"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
    std::string m_node;
    int m_tail = 0;
};

class ImageListCommand final : public Command {
public:
    std::string name() const override { return "image list"; }
    std::string description() const override { return "List the container images on a running cluster's nodes"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
};

class ImageLoadCommand final : public Command {
public:
    std::string name() const override { return "image load"; }
    std::string description() const override { return "Load images from archives into a running cluster's nodes"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    std::string m_name;
    std::vector<std::string> m_archives;
    std::vector<std::string> m_nodes;
};

// What `create` and `start` run in the background. Not for people.
class OwnCommand final : public Command {
public:
    explicit OwnCommand(int& exitCode) : m_exitCode(exitCode) {}
    std::string name() const override { return "own"; }
    std::string description() const override { return "Own a cluster (started by create and start)"; }
    void declare(CLI::App& command) override;
    Result<void> run() override;

private:
    int& m_exitCode;
    std::string m_name;
    bool m_create = false;
    int m_reportFile = -1;
};

// The cluster's view, by its owner if it has one.
Result<cluster::ClusterView> viewByName(const cluster::Environment& environment, const std::string& name);

}  // namespace qd::cli
