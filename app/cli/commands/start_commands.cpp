// create, start, own: those that end with an owner running.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdlib>

#include "app/cli/commands/cluster_commands.h"
#include "app/cli/progress_printer.h"
#include "app/cluster/owner_process.h"
#include "cluster/base/executor.h"

namespace qd::cli {
namespace {

struct Started {
    cluster::ClusterView view;
    boost::json::array steps;  // that are done: id, title, detail, seconds
};

boost::json::object doneStep(const cluster::StepReport& step) {
    return {{"id", step.id},
            {"title", step.title},
            {"detail", step.detail},
            {"seconds", std::chrono::duration<double>(step.elapsed).count()}};
}

// Follows an owner that is being started; Ctrl-C asks it to give up and to undo.
Result<Started> follow(cluster::OwnerProcess& owner) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    base::Thread listener("signals", [&](std::stop_token over) {
        int received = 0;
        while (!over.stop_requested() && ::sigwait(&signals, &received) == 0) {
            if (received == SIGUSR1) continue;
            fmt::print(stderr, "\nCancelling; what was made is being removed.\n");
            owner.cancel();
        }
    });
    ProgressPrinter printer;
    boost::json::array steps;
    auto view = owner.follow([&, show = printer.handler()](const cluster::StepReport& step) {
        if (step.state == cluster::StepState::Done) steps.emplace_back(doneStep(step));
        show(step);
    });
    listener.requestStop();
    ::kill(::getpid(), SIGUSR1);  // ours alone: wakes the listener
    listener.join();
    if (!view) return fail(std::move(view.error()));
    return Started{std::move(*view), std::move(steps)};
}

boost::json::object startedJson(Started started) {
    boost::json::object json = cluster::toJson(started.view);
    json["steps"] = std::move(started.steps);
    return json;
}

std::string welcome(const cluster::ClusterView& view) {
    return fmt::format(
        "The cluster \"{0}\" runs with {1} node{2} ({3}) at {4}.\n"
        "  qdeck kubeconfig {0} --merge --current   lets kubectl use it\n",
        view.spec.name, view.nodes.size(), view.nodes.size() == 1 ? "" : "s",
        view.acceleration.empty() ? "as before" : view.acceleration, view.server);
}

}  // namespace

void CreateCommand::declare(CLI::App& command) {
    m_spec.nodes = 2;
    m_spec.memoryMiB = 1024;
    if (const char* uri = std::getenv("QD_LIBVIRT_URI"); uri != nullptr && *uri != '\0') m_spec.libvirtUri = uri;
    declareName(command, m_spec.name);
    command.add_option("--nodes", m_spec.nodes, "Number of nodes")->capture_default_str();
    command.add_option("--cpus", m_spec.vcpus, "Processors of each node")->capture_default_str();
    command.add_option("--memory", m_spec.memoryMiB, "Memory of each node, MiB")->capture_default_str();
    command.add_option("--disk", m_spec.diskGiB, "Data disk of each node, GiB; takes what is used only")
        ->capture_default_str();
    command.add_option("--acceleration", m_acceleration, "auto proves KVM and else emulates; kvm or tcg take that one")
        ->check(CLI::IsMember({"auto", "kvm", "tcg"}))
        ->capture_default_str();
    command.add_option("--libvirt-uri", m_spec.libvirtUri, "The libvirt to use (default also from QD_LIBVIRT_URI)")
        ->capture_default_str();
    command.add_option("--node-cidr", m_spec.nodeCidr, "Addresses of the nodes, a /24 (default: a free one)");
    command.add_option("--pod-cidr", m_spec.podCidr, "Addresses of Pods (default: a free range)");
    command.add_option("--service-cidr", m_spec.serviceCidr, "Addresses of Services (default: a free range)");
    declareOutput(command);
}

Result<void> CreateCommand::run() {
    using Choice = host::AccelerationChoice;
    m_spec.acceleration = m_acceleration == "kvm" ? Choice::Kvm : m_acceleration == "tcg" ? Choice::Tcg : Choice::Auto;
    if (auto valid = host::validate(m_spec); !valid) return valid;
    const host::ClusterLayout layout(environment().directories, m_spec.name);
    if (layout.exists())
        return fail(Reason::AlreadyExists,
                    fmt::format("there is a cluster \"{}\" already; choose another name, or delete it", m_spec.name));
    auto owner = cluster::OwnerProcess::launch({"--create", m_spec.name}, host::toYaml(m_spec), layout.logFile());
    if (!owner) return fail(std::move(owner.error()));
    auto started = follow(**owner);
    if (!started) return fail(started.error());
    const std::string words = welcome(started->view);
    print(startedJson(std::move(*started)), words);
    return {};
}

void StartCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    declareOutput(command);
}

Result<void> StartCommand::run() {
    const host::ClusterLayout layout(environment().directories, m_name);
    if (const auto spec = layout.load(); !spec) return fail(spec.error());
    const auto running = layout.owner();
    if (!running) return fail(running.error());
    if (*running) {
        const auto view = viewByName(environment(), m_name);
        if (!view) return fail(view.error());
        print(toJson(*view), fmt::format("The cluster \"{}\" runs already, at {}.", m_name, view->server));
        return {};
    }
    auto owner = cluster::OwnerProcess::launch({m_name}, "", layout.logFile());
    if (!owner) return fail(std::move(owner.error()));
    auto started = follow(**owner);
    if (!started) return fail(started.error());
    const std::string words = welcome(started->view);
    print(startedJson(std::move(*started)), words);
    return {};
}

void OwnCommand::declare(CLI::App& command) {
    command.group("");  // not in the help
    declareName(command, m_name);
    command.add_flag("--create", m_create, "Create it; its settings come on standard input");
    command.add_option("--report-fd", m_reportFile, "Where to report steps")->required();
}

Result<void> OwnCommand::run() {
    cluster::OwnRequest request{.name = m_name, .spec = {}, .reportFile = m_reportFile};
    char bytes[4096];
    for (ssize_t count = 0; m_create && (count = ::read(STDIN_FILENO, bytes, sizeof(bytes))) > 0;)
        request.spec.append(bytes, static_cast<std::size_t>(count));
    m_exitCode = cluster::runOwner(environment(), request);
    return {};
}

}  // namespace qd::cli
