#include "app/cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <map>

#include "cluster/base/log.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cli {
namespace {

std::map<std::string, std::string> kGroupDescriptions = {{"image", "Container images on the nodes of a cluster"}};

// The subcommand of the last word, its groups being made on the way.
CLI::App* place(CLI::App& app, const std::string& name, const std::string& description) {
    const auto space = name.find(' ');
    if (space == name.npos) return app.add_subcommand(name, description);
    const std::string group = name.substr(0, space);
    const auto groups = app.get_subcommands([&](const CLI::App* each) { return each->get_name() == group; });
    CLI::App* parent = groups.empty() ? nullptr : groups.front();
    if (parent == nullptr) {
        parent = app.add_subcommand(group, kGroupDescriptions[group]);
        parent->require_subcommand(1);
    }
    return place(*parent, name.substr(space + 1), description);
}

}  // namespace

int exitCodeOf(const Error& error) {
    if (error.code == host::kCancelledCode) return kCancelled;
    switch (error.reason) {
        case Reason::NotFound: return kNotFound;
        case Reason::AlreadyExists:
        case Reason::Conflict: return kConflict;
        case Reason::Invalid:
        case Reason::BadRequest: return kInvalid;
        case Reason::ServiceUnavailable: return kNotReached;
        case Reason::Timeout: return kTimeout;
        default: return kFailed;
    }
}

const cluster::Environment& Command::environment() const {
    static const cluster::Environment environment = cluster::Environment::ofThisProgram();
    return environment;
}

void Command::declareOutput(CLI::App& command) {
    command.add_option("--output,-o", m_output, "How to print the result: text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
}

void Command::declareName(CLI::App& command, std::string& name) {
    command.add_option("NAME", name, "The cluster's name")->required();
}

void Command::print(const boost::json::value& tree, const std::string& text) const {
    if (json()) {
        fmt::print("{}\n", boost::json::serialize(tree));
    } else if (!text.empty()) {
        fmt::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
    }
    std::fflush(stdout);
}

void add(CLI::App& app, std::unique_ptr<Command> command, int& exitCode) {
    CLI::App* subcommand = place(app, command->name(), command->description());
    subcommand->footer(kExitCodes);
    command->declare(*subcommand);
    subcommand->callback([command = std::shared_ptr<Command>(std::move(command)), &exitCode] {
        const auto done = command->run();
        if (done) return;
        fmt::print(stderr, "qdeck: {}\n", done.error().message);
        exitCode = exitCodeOf(done.error());
    });
}

}  // namespace qd::cli
