#include <fmt/format.h>

#include <algorithm>

#include "vmnodes/host/libvirt_error.h"
#include "vmnodes/host/machine_xml.h"
#include "vmnodes/host/node_pool_impl.h"
#include "vmnodes/host/timestamp_counter.h"

namespace qd::host {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

std::vector<std::string> imageHashes(const NodeImage& image) {
    std::vector<std::string> hashes = {image.hash};
    if (!image.agentDisk.empty()) hashes.push_back(image.agentHash);
    return hashes;
}

// The shared volumes as (suffix, file) of those files that the image has.
std::vector<std::pair<std::string, std::string>> imageFiles(const NodeImage& image) {
    std::vector<std::pair<std::string, std::string>> files = {{"kernel", image.kernel}};
    if (!image.initrd.empty()) files.emplace_back("initrd", image.initrd);
    if (!image.rootImage.empty()) files.emplace_back("root", image.rootImage);
    if (!image.dataTemplate.empty()) files.emplace_back("data", image.dataTemplate);
    return files;
}

std::vector<std::string> oemStrings(const NodeIdentity& node, const AddressPlan& plan,
                                    const NodeConfiguration& configuration) {
    std::map<std::string, std::string> settings = {
        {"hostname", node.name},
        {"address", fmt::format("{}/{}", node.address.toString(), plan.nodes.prefix)},
        {"gateway", plan.gateway().toString()},
        {"mac", node.mac},
        {"podcidr", node.podCidr}};
    for (const auto& [key, value] : configuration.settings) settings.insert_or_assign(key, value);
    std::vector<std::string> strings;
    for (const auto& [key, value] : settings) strings.push_back(fmt::format("qd.{}={}", key, value));
    return strings;
}

// Makes the volume unless it is there, to be undone.
Result<void> ensureVolume(Storage& storage, const VolumeDescription& volume, UndoList& undo) {
    const auto there = storage.has(volume.name);
    if (!there) return fail(there.error());
    if (*there) return {};
    undo.add(volume.name, [&storage, name = volume.name] { return storage.remove(name); });
    return storage.create(volume);
}

// Paths in the pool of what a domain uses.
class Paths {
public:
    explicit Paths(const Storage& storage) : m_storage(storage) {}
    std::string of(const std::string& volume) {
        const auto path = m_storage.path(volume);
        if (!path && !m_error) m_error = path.error();
        return path.value_or("");
    }
    const std::optional<Error>& error() const { return m_error; }

private:
    const Storage& m_storage;
    std::optional<Error> m_error;
};

std::vector<DiskDescription> disksOf(const std::string& cluster, int index, const NodeImage& image, bool hasConfig,
                                     Paths& paths) {
    std::vector<DiskDescription> disks;
    if (!image.rootImage.empty())
        disks.push_back({paths.of(imageVolumeName(image.hash, "root")), "raw", "qd-root", true});
    disks.push_back({paths.of(volumeName(cluster, index, "data.qcow2")), "qcow2", "qd-data", false});
    if (!image.agentDisk.empty())
        disks.push_back({paths.of(imageVolumeName(image.agentHash, "agent")), "raw", "qd-agent", true});
    if (hasConfig) disks.push_back({paths.of(volumeName(cluster, index, "config.raw")), "raw", "qd-config", true});
    return disks;
}

std::string commandLineOf(const NodeImage& image, const Acceleration& acceleration) {
    std::string line = image.commandLine;
    if (acceleration.kind != Acceleration::Kind::Tcg) return line;
    if (!image.commandLineTcg.empty()) line += " " + image.commandLineTcg;
    if (const auto khz = timestampCounterKhz()) line += fmt::format(" tsc_early_khz={}", *khz);
    return line;
}

}  // namespace

Result<AddressPlan> NodePool::Impl::ensureNetwork(const NodeImage& image, UndoList& undo,
                                                  const Reporter& report) const {
    const std::string name = networkName(spec.name);
    report(Step::Network, StepState::Started, {}, name);
    auto existing = network();
    if (!existing) return fail(existing.error());
    const auto plan = *existing ? parsePlan((*existing)->mark->cidrs) : chooseFreshAddresses();
    if (!plan) return fail(plan.error());
    NetworkHandle handle;
    if (*existing) {
        handle = std::move((*existing)->handle);
    } else {
        NetworkDescription description{
            .name = name,
            .mark = {spec.uuid, spec.name, spec.nodes, 0, formatPlan(*plan), imageHashes(image)},
            .bridge = bridgeName(spec.uuid),
            .plan = *plan,
            .leases = {}};
        // libvirt cannot add routes to a network that is in use, so every node that could join later has its own
        // already.
        for (int index = 1; index <= kMaxNodes; ++index) {
            const NodeIdentity node = identity(index, *plan);
            description.leases.push_back({node.name, node.mac, node.address, plan->podsOf(index)});
        }
        const auto xml = networkXml(description).toString();
        if (!xml) return fail(xml.error());
        handle.reset(virNetworkDefineXML(connection.get(), xml->c_str()));
        if (!handle) return fail(lastLibvirtError("defining the network " + name));
        undo.add("the network " + name, [this] { return removeNetwork(); });
    }
    if (virNetworkIsActive(handle.get()) != 1 && virNetworkCreate(handle.get()) != 0) {
        return fail(lastLibvirtError("starting the network " + name));
    }
    report(Step::Network, StepState::Done, {}, plan->nodes.toString());
    return plan;
}

Result<void> NodePool::Impl::ensureImages(Storage& storage, const NodeImage& image, const Reporter& report,
                                          std::stop_token stop) const {
    report(Step::UploadImage, StepState::Started, {}, image.hash);
    int lastPercent = -1;
    const auto progress = [&](std::uint64_t done, std::uint64_t total) {
        const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
        if (percent == std::exchange(lastPercent, percent)) return;
        report(Step::UploadImage, StepState::Working, {}, fmt::format("{} of {} MiB", done >> 20, total >> 20),
               percent / 100.0);
    };
    if (auto uploaded = storage.ensureImage(image.hash, imageFiles(image), progress, stop); !uploaded) return uploaded;
    if (!image.agentDisk.empty()) {
        if (auto uploaded = storage.ensureImage(image.agentHash, {{"agent", image.agentDisk}}, progress, stop);
            !uploaded)
            return uploaded;
    }
    report(Step::UploadImage, StepState::Done, {}, image.hash);
    return {};
}

Result<void> NodePool::Impl::ensureNode(Storage& storage, const NodeImage& image, const Acceleration& acceleration,
                                        const NodeIdentity& node, const AddressPlan& plan, const Configure& configure,
                                        UndoList& undo, const Reporter& report) const {
    const std::string name = domainName(spec.name, node.index);
    const auto configuration = configure ? configure(node, plan) : Result<NodeConfiguration>(NodeConfiguration{});
    if (!configuration) return fail(configuration.error().within("configuring " + node.name));

    report(Step::Disks, StepState::Started, node.name);
    Paths paths(storage);
    const auto volume = [&](std::string_view what) { return volumeName(spec.name, node.index, what); };
    const VolumeDescription data{
        .name = volume("data.qcow2"),
        .format = "qcow2",
        .capacity = std::max(static_cast<std::uint64_t>(spec.diskGiB) * kGiB, image.dataVirtualSize),
        .backingPath = image.dataTemplate.empty() ? "" : paths.of(imageVolumeName(image.hash, "data"))};
    if (auto made = ensureVolume(storage, data, undo); !made) return made;
    if (auto made = ensureVolume(
            storage, {.name = volume("console.log"), .format = "raw", .capacity = 0, .backingPath = {}}, undo);
        !made)
        return made;
    // Written anew each time: without a domain nobody has read it yet, and the payload may have changed.
    const std::string config = volume("config.raw");
    if (auto removed = storage.remove(config); !removed) return removed;
    if (!configuration->archive.empty()) {
        undo.add(config, [&storage, config] { return storage.remove(config); });
        if (auto made = storage.createWith(config, configuration->archive); !made) return made;
    }
    report(Step::Disks, StepState::Done, node.name);

    report(Step::Define, StepState::Started, node.name);
    const auto debug = configuration->settings.find("debug");
    const DomainDescription description{
        .name = name,
        .mark = {spec.uuid, spec.name, 0, node.index, {}, imageHashes(image)},
        .acceleration = acceleration.kind,
        .vcpus = spec.vcpus,
        .memoryMiB = spec.memoryMiB,
        .kernel = paths.of(imageVolumeName(image.hash, "kernel")),
        .initrd = image.initrd.empty() ? "" : paths.of(imageVolumeName(image.hash, "initrd")),
        .commandLine = commandLineOf(image, acceleration),
        .disks = disksOf(spec.name, node.index, image, !configuration->archive.empty(), paths),
        .network = networkName(spec.name),
        .mac = node.mac,
        .consoleLog = paths.of(volume("console.log")),
        .oemStrings = oemStrings(node, plan, *configuration),
        .debugPort = debug != configuration->settings.end() && debug->second == "shell"};
    if (paths.error()) return fail(*paths.error());
    const auto xml = domainXml(description).toString();
    if (!xml) return fail(xml.error());
    const DomainHandle domain(virDomainDefineXMLFlags(connection.get(), xml->c_str(), VIR_DOMAIN_DEFINE_VALIDATE));
    if (!domain) return fail(lastLibvirtError("defining the domain " + name));
    undo.add("the domain " + name, [this, name]() -> Result<void> {
        const DomainHandle again(virDomainLookupByName(connection.get(), name.c_str()));
        if (again && virDomainUndefine(again.get()) != 0) return fail(lastLibvirtError("removing the domain " + name));
        return {};
    });
    report(Step::Define, StepState::Done, node.name);
    return {};
}

Result<void> NodePool::create(const NodeImage& image, const Acceleration& acceleration, const Configure& configure,
                              const ProgressHandler& progress, std::stop_token stop) {
    const Reporter report(progress, m_impl->clock());
    UndoList undo;
    std::optional<Storage> storage;  // outlives the undo actions that use it
    const auto make = [&]() -> Result<void> {
        const auto existing = m_impl->domains();
        if (!existing) return fail(existing.error());
        undo.add("the shared storage", [this] { return m_impl->collectStorage(); });
        const auto plan = m_impl->ensureNetwork(image, undo, report);
        if (!plan) return fail(plan.error());

        report(Step::Storage, StepState::Started, {}, m_impl->options.storagePool);
        auto pool = Storage::ensure(m_impl->connection, m_impl->options.storagePool, m_impl->options.storagePath);
        if (!pool) return fail(pool.error());
        storage.emplace(std::move(*pool));
        report(Step::Storage, StepState::Done, {}, m_impl->options.storagePool);
        if (auto uploaded = m_impl->ensureImages(*storage, image, report, stop); !uploaded) return uploaded;

        for (const NodeIdentity& node : identities(*plan)) {
            if (stop.stop_requested()) return fail(cancelled("creating the cluster \"" + m_impl->spec.name + "\""));
            if (std::ranges::any_of(*existing,
                                    [&](const DomainRecord& domain) { return domain.mark->index == node.index; }))
                continue;
            if (auto made = m_impl->ensureNode(*storage, image, acceleration, node, *plan, configure, undo, report);
                !made)
                return made;
        }
        if (stop.stop_requested()) return fail(cancelled("creating the cluster \"" + m_impl->spec.name + "\""));
        return {};
    };
    auto made = make();
    if (!made) return fail(undo.undo(made.error(), report));
    return made;
}

}  // namespace qd::host
