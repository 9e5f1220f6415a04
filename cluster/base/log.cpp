#include "cluster/base/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <mutex>
#include <vector>

namespace qd::base {
namespace {

struct Sinks {
    std::mutex mutex;
    std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_color_sink_mt>()};
    spdlog::level::level_enum level = spdlog::level::warn;
};

Sinks& sinks() {
    static Sinks instance;
    return instance;
}

constexpr std::size_t kLogFileBytes = 8 * 1024 * 1024;
constexpr std::size_t kLogFilesKept = 3;

}  // namespace

void setUpLogging(const LogOptions& options) {
    Sinks& all = sinks();
    std::lock_guard lock(all.mutex);
    all.sinks.clear();
    all.level = options.level;
    if (options.toStderr) all.sinks.push_back(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    if (!options.file.empty()) {
        all.sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kLogFileBytes, kLogFilesKept));
    }
    spdlog::apply_all([&](const std::shared_ptr<spdlog::logger>& each) {
        each->sinks() = all.sinks;
        each->set_level(all.level);
    });
}

std::shared_ptr<spdlog::logger> logger(const std::string& component) {
    Sinks& all = sinks();
    std::lock_guard lock(all.mutex);
    if (auto existing = spdlog::get(component)) return existing;
    auto created = std::make_shared<spdlog::logger>(component, all.sinks.begin(), all.sinks.end());
    created->set_level(all.level);
    created->flush_on(spdlog::level::warn);
    spdlog::register_logger(created);
    return created;
}

}  // namespace qd::base
