#include "app/cli/control_plane_command.h"

#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>

#include "cluster/base/log.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/control_plane/control_plane.h"
#include "cluster/control_plane/controller_names.h"
#include "vmnodes/hollow/script_file.h"

namespace qd::cli {
namespace {

constexpr int kFailed = 1;

struct Arguments {
    std::string dataDir;
    std::uint16_t port = 6443;
    std::string kubeconfig;
    std::string controllers = "*,bootstrap-signer-controller,token-cleaner-controller";
    unsigned hollowNodes = 0;
    std::string hollowScript;
    std::string tokenFile;
    std::string schedulerConfig;
    std::string serviceCidr = "10.96.0.0/16";
    std::string podCidr = "10.244.0.0/16";
    std::string loadBalancerRange;
    bool scheduler = true;
    bool verbose = false;
    std::int64_t metricResolution = 15'000;  // ms
    std::int64_t autoscalerSyncPeriod = 15'000;
};

// "15s", "500ms", as Kubernetes' programs read lengths of time; in milliseconds.
CLI::AsNumberWithUnit lengthOfTime() {
    const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
    return CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED);
}

std::vector<std::string> splitList(const std::string& text) {
    std::vector<std::string> items;
    std::size_t at = 0;
    while (at <= text.size()) {
        const auto comma = std::min(text.find(',', at), text.size());
        if (comma > at) items.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return items;
}

// SIGTERM and SIGINT are taken by the main thread alone.
sigset_t endSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

int run(const Arguments& arguments) {
    base::setUpLogging({.file = "", .level = arguments.verbose ? spdlog::level::debug : spdlog::level::info});
    const sigset_t signals = endSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    control_plane::Options options;
    options.dataDir = arguments.dataDir;
    options.listen = {{"127.0.0.1", arguments.port}};
    options.controllers = splitList(arguments.controllers);
    options.scheduler = arguments.scheduler;
    options.schedulerConfig = arguments.schedulerConfig;
    options.hollowNodes = arguments.hollowNodes;
    if (!arguments.hollowScript.empty()) {
        auto script = hollow::readScriptFile(arguments.hollowScript);
        if (!script) {
            fmt::print(stderr, "qdeck: {}\n", script.error().message);
            return kFailed;
        }
        options.hollowScript = std::move(*script);
    }
    options.serviceCidr = arguments.serviceCidr;
    options.podCidr = arguments.podCidr;
    options.loadBalancerRange = arguments.loadBalancerRange;
    options.tokenFile = arguments.tokenFile;
    options.metricResolution = std::chrono::milliseconds(arguments.metricResolution);
    options.autoscalerSyncPeriod = std::chrono::milliseconds(arguments.autoscalerSyncPeriod);
    auto plane = control_plane::ControlPlane::start(std::move(options));
    if (!plane) {
        fmt::print(stderr, "qdeck: {}\n", plane.error().message);
        return kFailed;
    }
    if (!arguments.kubeconfig.empty()) {
        if (auto written = pki::writePrivateFile(arguments.kubeconfig, (*plane)->kubeconfig()); !written) {
            fmt::print(stderr, "qdeck: {}\n", written.error().message);
            return kFailed;
        }
    }
    fmt::print(stderr, "Serving at {}\n", (*plane)->serverUrl());
    int received = 0;
    sigwait(&signals, &received);
    (*plane)->stop();
    return 0;
}

}  // namespace

void addControlPlaneCommand(CLI::App& app, int& exitCode) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("control-plane", "Run the control plane alone, in the foreground, on loopback");
    command->add_option("--data-dir", arguments->dataDir, "Folder of the store and the certificates")->required();
    command->add_option("--port", arguments->port, "Port of the API server; 0 takes a free one")->capture_default_str();
    command->add_option("--kubeconfig", arguments->kubeconfig, "File to write an administrator's kubeconfig to");
    command
        ->add_option("--controllers", arguments->controllers,
                     "Controllers to run, as kube-controller-manager reads it: '*', 'name', '-name', or 'none'. " + control_plane::controllerNames())
        ->capture_default_str();
    command->add_flag("!--no-scheduler", arguments->scheduler, "Leave Pods without a node for somebody else to place");
    command->add_option("--scheduler-config", arguments->schedulerConfig,
                        "File with a KubeSchedulerConfiguration: profiles, their plugins and arguments");
    command->add_option("--hollow-nodes", arguments->hollowNodes, "Nodes without machines that run Pods in name only");
    command->add_option("--hollow-script", arguments->hollowScript, "YAML file that tells the hollow nodes what to do when (docs/hollow-nodes.md)")->needs("--hollow-nodes");
    command->add_option("--token-file", arguments->tokenFile, "CSV of bearer tokens: token,user,uid,\"group,group\"");
    command->add_option("--service-cidr", arguments->serviceCidr, "Range of cluster IPs")->capture_default_str();
    command->add_option("--pod-cidr", arguments->podCidr, "Range of Pod addresses")->capture_default_str();
    command
        ->add_option("--metric-resolution", arguments->metricResolution,
                     "How often nodes and Pods are asked for their metrics")
        ->transform(lengthOfTime())
        ->default_str("15s");
    command
        ->add_option("--horizontal-pod-autoscaler-sync-period", arguments->autoscalerSyncPeriod,
                     "How often autoscalers look at their metrics")
        ->transform(lengthOfTime())
        ->default_str("15s");
    command->add_option("--load-balancer-range", arguments->loadBalancerRange,
                        "Addresses for Services of type LoadBalancer: a network, or 'none'; by default the last 256 of --service-cidr");
    command->add_flag("-v,--verbose", arguments->verbose, "Log more");
    command->callback([arguments, &exitCode] { exitCode = run(*arguments); });
}

}  // namespace qd::cli
