// Logging: one named logger a component, over spdlog. Logs go to stderr and, when set, to a rotating file.
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace qd::base {

struct LogOptions {
    std::string file;  // empty: stderr only
    spdlog::level::level_enum level = spdlog::level::info;
    bool toStderr = true;
};

// Called once by each program's main, before anything logs.
void setUpLogging(const LogOptions& options);

// The logger of a component, e.g. "store" or "deployment-controller". Thread-safe.
std::shared_ptr<spdlog::logger> logger(const std::string& component);

}  // namespace qd::base
