// qdeck-agent: the program that runs in each node's virtual machine, as root. Started by PID 1 as docs/node-image.md
// says. SIGTERM ends the agent and leaves its Pods running; SIGPWR ends the Pods first.
#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>

#include "cluster/base/log.h"
#include "vmnodes/agent/access/connect.h"
#include "vmnodes/agent/agent.h"

namespace {

using namespace qd;
using namespace qd::agent;

struct Options {
    AgentSettings settings;
    std::string nodeFile;
    std::string clusterCidr = "10.244.0.0/16";
    bool verbose = false;
};

void declare(CLI::App& app, Options& options) {
    app.add_option("--node-file", options.nodeFile, "JSON file with the node's settings");
    app.add_option("--config-dir", options.settings.configFolder, "Folder with the kubeconfig and certificates");
    app.add_option("--kubeconfig", options.settings.kubeconfig,
                   "How to reach the API server; default: kubeconfig in --config-dir");
    app.add_option("--manifests", options.settings.manifests, "Folder of static Pods (YAML or JSON)");
    app.add_option("--cri-socket", options.settings.criSocket, "Socket of the container runtime");
    app.add_option("--root", options.settings.root, "Where Pods' folders are kept");
    app.add_option("--cluster-cidr", options.clusterCidr, "Addresses of all Pods of the cluster");
    app.add_flag("--verbose", options.verbose, "Log what is normally of no interest");
}

Result<void> complete(Options& options) {
    AgentSettings& settings = options.settings;
    const auto cidr = network::Cidr::parse(options.clusterCidr);
    if (!cidr) return fail(Reason::BadRequest, "--cluster-cidr: " + options.clusterCidr + " is no prefix");
    settings.clusterCidr = *cidr;
    if (!options.nodeFile.empty()) {
        const auto values = readNodeFile(options.nodeFile);
        if (!values) return fail(values.error());
        if (auto applied = apply(*values, settings); !applied) return applied;
    }
    std::error_code ignored;
    const std::filesystem::path folder = settings.configFolder;
    if (settings.kubeconfig.empty() && !folder.empty() && std::filesystem::exists(folder / "kubeconfig", ignored))
        settings.kubeconfig = folder / "kubeconfig";
    if (settings.manifests.empty() && !folder.empty() && std::filesystem::exists(folder / "manifests", ignored))
        settings.manifests = folder / "manifests";
    return {};
}

int run(Options& options, const sigset_t& signals) {
    const auto log = base::logger("agent");
    if (auto completed = complete(options); !completed) {
        log->error("{}", completed.error().message);
        return 2;
    }
    base::ThreadPool pool("agent", 32);
    Connection connection;  // its threads outlive the agent
    if (!options.settings.kubeconfig.empty()) {
        auto connected = connect(options.settings.kubeconfig, pool.clock());
        if (!connected) {
            log->error("{}", connected.error().message);
            return 1;
        }
        connection = std::move(*connected);
    }
    Agent agent(options.settings, pool, std::move(connection.client));
    if (auto started = agent.start(); !started) {
        log->error("{}", started.error().message);
        return 1;
    }
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGPWR) {
        log->info("the machine is going down: ending Pods");
        agent.endPods(std::chrono::seconds(options.settings.shutdownSeconds));
    }
    agent.stop();
    pool.stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Quarterdeck's node agent: runs the Pods of this node");
    declare(app, options);
    CLI11_PARSE(app, argc, argv);
    base::setUpLogging({.file = {}, .level = options.verbose ? spdlog::level::debug : spdlog::level::info});
    // Blocked before any thread begins, so that only sigwait() sees them.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGPWR}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return run(options, signals);
}
