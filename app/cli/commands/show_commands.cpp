// list, status, logs, image list: those that change nothing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "app/cli/commands/cluster_commands.h"
#include "app/cluster/control_socket.h"
#include "app/cluster/readiness.h"
#include "cluster/base/pki/private_file.h"

namespace qd::cli {
namespace {

// Columns as wide as their widest cell, two spaces between them.
std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], row[column].size());
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t column = 0; column < row.size(); ++column)
            line += fmt::format("{:<{}}  ", row[column], widths[column]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

Result<cluster::ClusterView> viewOfEntry(const cluster::Environment& environment, const host::ClusterEntry& entry) {
    if (entry.owner && !entry.owner->server.empty()) {
        const host::ClusterLayout layout(environment.directories, entry.name);
        const auto answer = cluster::askOwner(layout.folder(), {{"command", "status"}}, {});
        if (answer) return cluster::viewFromJson(*answer);
    }
    return cluster::viewOf(entry);
}

std::string words(const std::optional<bool>& ready) { return !ready ? "-" : *ready ? "Ready" : "NotReady"; }

std::string describe(const cluster::ClusterView& view) {
    std::vector<std::vector<std::string>> facts = {{"Name:", view.spec.name}, {"State:", view.state}};
    if (!view.detail.empty()) facts.push_back({"", view.detail});
    if (!view.server.empty()) facts.push_back({"API server:", view.server});
    if (!view.acceleration.empty()) facts.push_back({"Virtualisation:", view.acceleration + ". " + view.accelerationReason});
    facts.push_back({"Node addresses:", view.spec.nodeCidr});
    facts.push_back({"Pod addresses:", view.spec.podCidr});
    facts.push_back({"Services:", view.spec.serviceCidr});
    facts.push_back({"Libvirt:", view.spec.libvirtUri});
    if (view.ownerPid != 0) facts.push_back({"Owner:", fmt::format("process {}", view.ownerPid)});
    std::vector<std::vector<std::string>> nodes = {{"NODE", "STATUS", "MACHINE", "ADDRESS", "PODS", "VERSION"}};
    for (const auto& node : view.nodes)
        nodes.push_back({node.name, words(node.ready), node.machine, node.address, node.podCidr, node.version});
    return table(facts) + (view.nodes.empty() ? "" : "\n" + table(nodes));
}

}  // namespace

Result<cluster::ClusterView> viewByName(const cluster::Environment& environment, const std::string& name) {
    const host::ClusterLayout layout(environment.directories, name);
    auto spec = layout.load();
    if (!spec) return fail(std::move(spec.error()));
    auto owner = layout.owner();
    if (!owner) return fail(std::move(owner.error()));
    return viewOfEntry(environment, {name, std::move(spec), *owner});
}

void ListCommand::declare(CLI::App& command) { declareOutput(command); }

Result<void> ListCommand::run() {
    const auto clusters = host::listClusters(environment().directories);
    if (!clusters) return fail(clusters.error());
    boost::json::array items;
    std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "NODES", "CPUS", "MEMORY", "SERVER"}};
    for (const host::ClusterEntry& entry : *clusters) {
        const auto view = viewOfEntry(environment(), entry);
        if (!view) return fail(view.error());
        items.push_back(toJson(*view));
        rows.push_back({view->spec.name, view->state, std::to_string(view->spec.nodes), std::to_string(view->spec.vcpus),
                        fmt::format("{} MiB", view->spec.memoryMiB), view->server});
    }
    print(items, clusters->empty() ? "There are no clusters yet; \"qdeck create NAME\" makes one." : table(rows));
    return {};
}

void StatusCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    declareOutput(command);
}

Result<void> StatusCommand::run() {
    const auto view = viewByName(environment(), m_name);
    if (!view) return fail(view.error());
    print(toJson(*view), describe(*view));
    return {};
}

void LogsCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    command.add_option("--node", m_node, "The console of this node instead");
    command.add_option("--tail", m_tail, "Only so many lines from the end; 0 for all")->capture_default_str();
    declareOutput(command);
}

Result<void> LogsCommand::run() {
    const host::ClusterLayout layout(environment().directories, m_name);
    if (const auto spec = layout.load(); !spec) return fail(spec.error());
    auto text = m_node.empty() ? pki::readFile(layout.logFile()) : cluster::consoleLog(environment(), m_name, m_node);
    if (!text) return fail(std::move(text.error()));
    if (m_tail > 0) *text = cluster::lastLines(*text, static_cast<std::size_t>(m_tail));
    print({{"name", m_name}, {"node", m_node}, {"log", *text}}, *text);
    return {};
}

void ImageListCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    declareOutput(command);
}

Result<void> ImageListCommand::run() {
    const auto view = viewByName(environment(), m_name);
    if (!view) return fail(view.error());
    if (view->state != "Running")
        return fail(Reason::ServiceUnavailable,
                    fmt::format("the cluster \"{0}\" does not run; start it with \"qdeck start {0}\"", m_name));
    std::map<std::string, std::set<std::string>> nodesOf;
    for (const auto& node : view->nodes)
        for (const std::string& image : node.images) nodesOf[image].insert(node.name);
    boost::json::array items;
    std::vector<std::vector<std::string>> rows = {{"IMAGE", "NODES"}};
    for (const auto& [image, nodes] : nodesOf) {
        items.push_back({{"image", image}, {"nodes", boost::json::array(nodes.begin(), nodes.end())}});
        rows.push_back({image, fmt::format("{}", fmt::join(nodes, ","))});
    }
    print(items, table(rows));
    return {};
}

}  // namespace qd::cli
