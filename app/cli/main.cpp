// qdeck: Quarterdeck without a screen, for scripts, CI and tests.
#include <CLI/CLI.hpp>

#include "app/cli/control_plane_command.h"

int main(int argc, char** argv) {
    CLI::App app("Real multi-node Kubernetes clusters on this machine");
    app.require_subcommand(1);
    int exitCode = 0;
    qd::cli::addControlPlaneCommand(app, exitCode);
    CLI11_PARSE(app, argc, argv);
    return exitCode;
}
