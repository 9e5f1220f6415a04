// qdeck-agent: the program that runs in each node's virtual machine, as root. Started by PID 1 as docs/node-image.md
// says. SIGTERM ends the agent and leaves its Pods running; SIGPWR ends the Pods first.
#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>

#include "cluster/base/log.h"
#include "vmnodes/agent/access/certificate_manager.h"
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
    app.add_option("--bootstrap-kubeconfig", options.settings.bootstrapKubeconfig,
                   "How to reach the API server while the node has no client certificate; default: bootstrap-kubeconfig "
                   "in --config-dir");
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
    const std::filesystem::path folder = settings.configFolder;
    const auto find = [&folder](const char* name, std::string& setting) {
        std::error_code ignored;
        if (setting.empty() && !folder.empty() && std::filesystem::exists(folder / name, ignored))
            setting = folder / name;
    };
    find("bootstrap-kubeconfig", settings.bootstrapKubeconfig);
    find("kubeconfig", settings.kubeconfig);
    find("manifests", settings.manifests);
    return {};
}

Result<Connection> connectTo(const AgentSettings& settings, const base::Clock& clock) {
    if (!settings.bootstrapKubeconfig.empty()) return connectToJoin(settings.bootstrapKubeconfig, clock);
    if (!settings.kubeconfig.empty()) return connect(settings.kubeconfig, clock);
    return Connection{};
}

std::unique_ptr<CertificateManager> certificatesOf(const AgentSettings& settings, const Connection& connection,
                                                   base::Executor& executor, base::Random& random) {
    if (settings.bootstrapKubeconfig.empty()) return nullptr;
    client::HttpsClient& own = *connection.client;
    return std::make_unique<CertificateManager>(
        executor, random, CertificateManager::Options{.nodeName = settings.nodeName, .folder = settings.root + "/pki"},
        own, connection.bootstrap.get(), [&own](const pki::Identity& now) {
            if (const auto shown = own.setCertificate(now.certificatePem, now.keyPem); !shown)
                base::logger("agent")->error("{}", shown.error().message);
        });
}

// False: a signal came first.
bool awaitCertificate(const CertificateManager& certificates, const sigset_t& signals) {
    constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!certificates.hasCertificate())
        if (sigtimedwait(&signals, nullptr, &kPause) > 0) return false;
    return true;
}

// Until a signal comes; the program's exit code.
int live(Agent& agent, const AgentSettings& settings, const sigset_t& signals) {
    const auto log = base::logger("agent");
    if (auto started = agent.start(); !started) {
        log->error("{}", started.error().message);
        return 1;
    }
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGPWR) {
        log->info("the machine is going down: ending Pods");
        agent.endPods(std::chrono::seconds(settings.shutdownSeconds));
    }
    return 0;
}

int run(Options& options, const sigset_t& signals) {
    const auto log = base::logger("agent");
    if (auto completed = complete(options); !completed) {
        log->error("{}", completed.error().message);
        return 2;
    }
    const AgentSettings& settings = options.settings;
    base::ThreadPool pool("agent", 32);
    base::Random random;
    auto connection = connectTo(settings, pool.clock());  // its threads outlive the agent
    if (!connection) {
        log->error("{}", connection.error().message);
        return 1;
    }
    const auto certificates = certificatesOf(settings, *connection, pool, random);
    if (certificates) {
        certificates->start();
        if (!awaitCertificate(*certificates, signals)) {
            certificates->stop();
            pool.stop();
            return 0;
        }
    }
    Agent agent(settings, pool, std::move(connection->client));
    const int code = live(agent, settings, signals);
    // Tasks use what is gone after this.
    agent.stop();
    if (certificates) certificates->stop();
    pool.stop();
    return code;
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
