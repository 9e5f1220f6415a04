#include "vmnodes/host/acceleration.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cluster/base/log.h"
#include "vmnodes/host/child_process.h"
#include "vmnodes/host/libvirt_error.h"

namespace qd::host {
namespace {

namespace fs = std::filesystem;

// What the probe's answer depends on, as one line of the cache file.
Result<std::string> machineKey(const Connection& connection) {
    unsigned long qemu = 0;
    if (virConnectGetVersion(connection.get(), &qemu) != 0) return fail(lastLibvirtError("asking for QEMU's version"));
    utsname host{};
    ::uname(&host);
    return fmt::format("linux {} {} qemu {}", host.release, host.machine, qemu);
}

// Lines of "<key>\t<works|fails>".
std::optional<bool> recall(const std::string& file, const std::string& key) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const auto tab = line.rfind('\t');
        if (tab != line.npos && line.substr(0, tab) == key) return line.substr(tab + 1) == "works";
    }
    return std::nullopt;
}

void remember(const std::string& file, const std::string& key, bool works) {
    std::error_code error;
    fs::create_directories(fs::path(file).parent_path(), error);
    std::ofstream out(file, std::ios::app);
    out << key << '\t' << (works ? "works" : "fails") << '\n';
    if (!out.flush())
        base::logger("acceleration")
            ->warn("cannot remember whether KVM works in {}; it is tried again next time", file);
}

bool libvirtOffersKvm(const Connection& connection) {
    const std::unique_ptr<char, void (*)(void*)> capabilities(
        virConnectGetDomainCapabilities(connection.get(), nullptr, "x86_64", nullptr, "kvm", 0), std::free);
    return capabilities != nullptr;
}

Result<Acceleration> unavailable(AccelerationChoice choice, std::string why) {
    if (choice == AccelerationChoice::Kvm) return fail(Reason::Invalid, fmt::format("KVM was asked for, but {}", why));
    return Acceleration{Acceleration::Kind::Tcg,
                        fmt::format("Nodes are emulated (TCG), which is slower, because {}.", why)};
}

}  // namespace

Result<bool> bootsUnder(const ProbeOptions& options, const NodeImage& image, const base::Clock& clock,
                        std::stop_token stop) {
    std::vector<std::string> command = {
        options.qemu,  "-accel",     options.accelerator, "-m",      "256",
        "-nodefaults", "-no-reboot", "-display",          "none",    "-serial",
        "stdio",       "-kernel",    image.kernel,        "-append", options.commandLine};
    if (options.accelerator == "kvm") command.insert(command.end(), {"-cpu", "host"});
    if (!image.initrd.empty()) command.insert(command.end(), {"-initrd", image.initrd});
    const auto outcome = runChild(command, options.deadline, clock, std::move(stop), [&](const std::string& output) {
        return output.find(options.marker) != output.npos;
    });
    if (!outcome) return fail(outcome.error().within("proving KVM"));
    return outcome->satisfied;
}

Result<Acceleration> chooseAcceleration(AccelerationChoice choice, const Connection& connection, const NodeImage& image,
                                        const std::string& cacheFile, const base::Clock& clock, std::stop_token stop,
                                        const ProbeOptions& options) {
    if (choice == AccelerationChoice::Tcg)
        return Acceleration{Acceleration::Kind::Tcg, "Nodes are emulated (TCG) because the cluster's settings say so."};
    if (!libvirtOffersKvm(connection))
        return unavailable(choice, "libvirt offers no KVM on this host (is virtualisation on in the firmware?)");
    if (::access("/dev/kvm", R_OK | W_OK) != 0) {
        return unavailable(
            choice, fmt::format("/dev/kvm cannot be opened: {} (sudo usermod -aG kvm \"$USER\", then log in again)",
                                std::strerror(errno)));
    }
    const auto key = machineKey(connection);
    if (!key) return fail(key.error());
    auto works = recall(cacheFile, *key);
    if (!works) {
        const auto booted = bootsUnder(options, image, clock, stop);
        if (!booted) return fail(booted.error());
        if (stop.stop_requested()) return fail(Reason::Timeout, "cancelled while proving KVM");
        works = *booted;
        remember(cacheFile, *key, *works);
    }
    if (*works)
        return Acceleration{Acceleration::Kind::Kvm, "Nodes run under KVM: it booted the nodes' kernel on this host."};
    return unavailable(
        choice,
        fmt::format("KVM is there but did not boot the nodes' kernel within {} s on this host (delete {} to try again)",
                    std::chrono::duration_cast<std::chrono::seconds>(options.deadline).count(), cacheFile));
}

}  // namespace qd::host
