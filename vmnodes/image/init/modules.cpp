#include "modules.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <algorithm>
#include <ranges>

#include "console.h"
#include "files.h"

namespace qd::image {
namespace {

// "kernel/net/bridge/br_netfilter.ko" -> "br_netfilter"
std::string moduleName(std::string_view file) {
    file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
    std::string name(file.substr(0, file.find('.')));
    std::ranges::replace(name, '-', '_');
    return name;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> result;
    for (const auto part : text | std::views::split(' ')) {
        if (!part.empty()) result.emplace_back(part.begin(), part.end());
    }
    return result;
}

}  // namespace

ModuleIndex::ModuleIndex(std::string_view modulesDep) {
    for (const auto range : modulesDep | std::views::split('\n')) {
        const std::string_view line(range.begin(), range.end());
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string_view file = line.substr(0, colon);
        m_entries[moduleName(file)] = Entry{std::string(file), words(line.substr(colon + 1))};
    }
}

std::vector<std::string> ModuleIndex::loadOrder(std::string_view name) const {
    std::string key(name);
    std::ranges::replace(key, '-', '_');
    const auto found = m_entries.find(key);
    if (found == m_entries.end()) return {};
    std::vector<std::string> files(found->second.needs.rbegin(), found->second.needs.rend());
    files.push_back(found->second.file);
    return files;
}

Outcome<> loadModuleFile(const std::string& path, const std::string& parameters) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failedCall(path);
    if (::syscall(SYS_finit_module, file.get(), parameters.c_str(), 0) != 0 && errno != EEXIST)
        return failedCall("load " + path);
    return {};
}

void loadModules(const std::vector<std::string>& lines) {
    utsname kernel{};
    ::uname(&kernel);
    const std::string folder = std::string("/lib/modules/") + kernel.release + "/";
    const auto index = readFile(folder + "modules.dep");
    if (!index) return warn(index.error());
    const ModuleIndex modules(*index);
    for (const auto& line : lines) {
        const std::size_t space = line.find(' ');
        const std::string name = line.substr(0, space);
        const auto files = modules.loadOrder(name);
        if (files.empty() && ::access(("/sys/module/" + name).c_str(), F_OK) != 0) {
            warn("the image has no kernel module " + name);
        }
        for (const auto& file : files) {
            const bool own = file == files.back() && space != std::string::npos;
            if (auto loaded = loadModuleFile(folder + file, own ? line.substr(space + 1) : ""); !loaded) {
                warn(loaded.error());
            }
        }
    }
}

}  // namespace qd::image
