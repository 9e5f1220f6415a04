// qdeck: Quarterdeck without a screen, for scripts, CI and tests.
#include <CLI/CLI.hpp>

#include "app/cli/commands/cluster_commands.h"
#include "app/cli/control_plane_command.h"

int main(int argc, char** argv) {
    using namespace qd::cli;
    CLI::App app("Real multi-node Kubernetes clusters on this machine", "qdeck");
    app.require_subcommand(1);
    int exitCode = kSuccess;
    add(app, std::make_unique<CreateCommand>(), exitCode);
    add(app, std::make_unique<StartCommand>(), exitCode);
    add(app, std::make_unique<StopCommand>(), exitCode);
    add(app, std::make_unique<DeleteCommand>(), exitCode);
    add(app, std::make_unique<ListCommand>(), exitCode);
    add(app, std::make_unique<StatusCommand>(), exitCode);
    add(app, std::make_unique<KubeconfigCommand>(), exitCode);
    add(app, std::make_unique<LogsCommand>(), exitCode);
    add(app, std::make_unique<ImageListCommand>(), exitCode);
    add(app, std::make_unique<ImageLoadCommand>(), exitCode);
    add(app, std::make_unique<OwnCommand>(exitCode), exitCode);
    addControlPlaneCommand(app, exitCode);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == static_cast<int>(CLI::ExitCodes::Success) ? kSuccess : kUsage;
    }
    return exitCode;
}
