// `qdeck control-plane`: the control plane alone, in the foreground, on loopback, without VMs and without libvirt.
#pragma once

#include <CLI/App.hpp>

namespace qd::cli {

// Adds the subcommand; `exitCode` receives what the program shall end with.
void addControlPlaneCommand(CLI::App& app, int& exitCode);

}  // namespace qd::cli
