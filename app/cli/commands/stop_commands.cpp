// stop, delete: by the owner if there is one, else here.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "app/cli/commands/cluster_commands.h"
#include "app/cli/progress_printer.h"
#include "app/cluster/control_socket.h"

namespace qd::cli {
namespace {

Result<bool> isOwned(const host::ClusterLayout& layout) {
    const auto owner = layout.owner();
    if (!owner) return fail(owner.error());
    return owner->has_value();
}

}  // namespace

void StopCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    command.add_flag("--shutdown", m_shutDown, "Shut the nodes down, ending their Pods, instead of suspending them");
    declareOutput(command);
}

Result<void> StopCommand::run() {
    const host::ClusterLayout layout(environment().directories, m_name);
    if (const auto spec = layout.load(); !spec) return fail(spec.error());
    const auto owned = isOwned(layout);
    if (!owned) return fail(owned.error());
    ProgressPrinter printer;
    if (*owned) {
        const auto done = cluster::askOwner(
            layout.folder(), {{"command", "stop"}, {"mode", m_shutDown ? "shutdown" : "save"}}, printer.handler());
        if (!done) return fail(done.error());
    } else {
        const auto ending = m_shutDown ? cluster::Ending::ShutDown : cluster::Ending::Save;
        if (auto done = cluster::endCluster(environment(), m_name, ending, printer.handler(), {}); !done) return done;
    }
    const auto view = viewByName(environment(), m_name);
    if (!view) return fail(view.error());
    print(toJson(*view), fmt::format("The cluster \"{}\" is {}.", m_name, view->state == "Suspended" ? "suspended" : "stopped"));
    return {};
}

void DeleteCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    command.add_flag("--if-exists", m_ifExists, "Succeed when there is no such cluster");
    declareOutput(command);
}

Result<void> DeleteCommand::run() {
    const host::ClusterLayout layout(environment().directories, m_name);
    const boost::json::object result{{"name", m_name}, {"deleted", true}};
    if (!layout.exists() && m_ifExists) {
        print({{"name", m_name}, {"deleted", false}}, fmt::format("There is no cluster \"{}\".", m_name));
        return {};
    }
    if (const auto spec = layout.load(); !spec) return fail(spec.error());
    const auto owned = isOwned(layout);
    if (!owned) return fail(owned.error());
    ProgressPrinter printer;
    if (*owned) {
        const auto done = cluster::askOwner(layout.folder(), {{"command", "delete"}}, printer.handler());
        if (!done) return fail(done.error());
    } else if (auto done = cluster::removeCluster(environment(), m_name, printer.handler()); !done) {
        return done;
    }
    print(result, fmt::format("The cluster \"{}\" is deleted.", m_name));
    return {};
}

}  // namespace qd::cli
