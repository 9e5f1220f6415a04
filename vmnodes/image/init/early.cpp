#include "early.h"

#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <ranges>

#include "console.h"
#include "disks.h"
#include "files.h"
#include "modules.h"
#include "system.h"

namespace qd::image {
namespace {

constexpr const char* kModules = "/stage1";  // *.ko and `order`, their names a line each

Outcome<> loadStageModules() {
    const auto order = readFile(std::string(kModules) + "/order");
    if (!order) return failed(order.error());
    for (const auto range : *order | std::views::split('\n')) {
        const std::string name(range.begin(), range.end());
        if (name.empty()) continue;
        if (auto loaded = loadModuleFile(std::string(kModules) + "/" + name); !loaded) return loaded;
    }
    return {};
}

Outcome<> mountRoot(const std::string& device) {
    for (const auto* folder : {"/lower", "/memory", "/root"}) {
        if (auto made = makeFolders(folder); !made) return made;
    }
    if (::mount(device.c_str(), "/lower", "erofs", MS_RDONLY, "") != 0) return failedCall("mount the root disk");
    if (::mount("memory", "/memory", "tmpfs", 0, "mode=0755") != 0) return failedCall("mount memory");
    for (const auto* folder : {"/memory/upper", "/memory/work"}) {
        if (auto made = makeFolders(folder); !made) return made;
    }
    if (::mount("root", "/root", "overlay", 0, "lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work") != 0) {
        return failedCall("lay memory over the root disk");
    }
    return {};
}

Outcome<> moveInto(const char* root) {
    for (const std::string folder : {"/dev", "/proc", "/sys"}) {
        if (::mount(folder.c_str(), (root + folder).c_str(), nullptr, MS_MOVE, nullptr) != 0)
            return failedCall("move " + folder);
    }
    // What the initramfs held is memory that nobody needs any more.
    std::error_code ignored;
    std::filesystem::remove_all(kModules, ignored);
    std::filesystem::remove("/init", ignored);
    if (::chdir(root) != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || ::chroot(".") != 0 ||
        ::chdir("/") != 0) {
        return failedCall("switch to the root disk");
    }
    return {};
}

Outcome<> bootIntoRoot() {
    if (auto mounted = mountKernelFileSystems(); !mounted) return mounted;
    openConsole();
    if (auto loaded = loadStageModules(); !loaded) return loaded;
    const auto device = findDisk("qd-root", 5);
    if (!device) return failed(device.error());
    if (auto mounted = mountRoot(*device); !mounted) return mounted;
    if (auto moved = moveInto("/root"); !moved) return moved;
    ::execl("/sbin/init", "init", static_cast<char*>(nullptr));
    return failedCall("/sbin/init");
}

}  // namespace

bool isEarlyStage() {
    return ::access(kModules, F_OK) == 0;
}

void runEarlyStage() {
    const auto result = bootIntoRoot();
    failNode(result.error());
}

}  // namespace qd::image
