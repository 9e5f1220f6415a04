// One class a command; main.cpp lists them.
//
// Results go to standard output (as text, or as one JSON document with --output json), progress and errors to standard
// error. Exit codes are those of exitCodeOf().
#pragma once

#include <boost/json/value.hpp>

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "app/cluster/environment.h"
#include "cluster/base/result.h"

namespace qd::cli {

enum ExitCode : int {
    kSuccess = 0,
    kFailed = 1,
    kUsage = 2,      // the command line is wrong
    kNotFound = 3,   // there is no such cluster, node or file
    kConflict = 4,   // there is one already, or another process has it
    kInvalid = 5,    // a value that cannot be
    kNotReached = 6, // libvirt or the cluster's owner does not answer
    kTimeout = 7,
    kCancelled = 130,
};
int exitCodeOf(const Error& error);
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 already there or in use, 5 invalid,\n"
    "6 libvirt or the cluster's owner does not answer, 7 too late, 130 cancelled.";

class Command {
public:
    virtual ~Command() = default;
    // "create", or "image load": a word a level.
    virtual std::string name() const = 0;
    virtual std::string description() const = 0;
    virtual void declare(CLI::App& command) = 0;
    virtual Result<void> run() = 0;

protected:
    const cluster::Environment& environment() const;
    // Adds --output; json() says whether JSON was asked for.
    void declareOutput(CLI::App& command);
    bool json() const { return m_output == "json"; }
    // The result: the tree when JSON was asked for, else the text (which may be empty).
    void print(const boost::json::value& tree, const std::string& text) const;
    // Adds the positional argument NAME.
    void declareName(CLI::App& command, std::string& name);

private:
    std::string m_output = "text";
};

// Adds the command to the program. When it is the one that was given, it runs and `exitCode` receives its outcome.
void add(CLI::App& app, std::unique_ptr<Command> command, int& exitCode);

}  // namespace qd::cli
