#include "vmnodes/host/metadata.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <regex>
#include <sstream>

namespace qd::host {
namespace {

std::string prefixOf(const std::string& cluster) {
    return fmt::format("qd-{}-", cluster);
}

// FNV-1a: stable between runs and builds, unlike std::hash.
std::uint64_t stableHash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

}  // namespace

std::string networkName(const std::string& cluster) {
    return prefixOf(cluster) + "net";
}

std::string nodeName(int index) {
    return fmt::format("node-{}", index);
}

std::string domainName(const std::string& cluster, int index) {
    return prefixOf(cluster) + nodeName(index);
}

std::string volumeName(const std::string& cluster, int index, std::string_view what) {
    return fmt::format("{}-{}", domainName(cluster, index), what);
}

std::string imageVolumeName(const std::string& hash, std::string_view what) {
    return fmt::format("qd-image-{}.{}", hash, what);
}

std::string bridgeName(const std::string& uuid) {
    return fmt::format("qd{:08x}", stableHash(uuid) & 0xffffffff);
}

std::string macAddress(const std::string& uuid, int index) {
    const std::uint64_t hash = stableHash(uuid);
    return fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", hash & 0xff, hash >> 8 & 0xff, index & 0xff);
}

bool isVolumeOf(const std::string& cluster, const std::string& volume) {
    const std::string prefix = prefixOf(cluster);
    if (!volume.starts_with(prefix)) return false;
    static const std::regex pattern(
        R"(node-[0-9]+-(data\.qcow2|config\.raw|console\.log(\.[0-9]+)?)|pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[a-z0-9]+)?)");
    return std::regex_match(volume.begin() + static_cast<std::ptrdiff_t>(prefix.size()), volume.end(), pattern);
}

std::optional<std::string> imageHashOf(const std::string& volume) {
    static const std::regex pattern(R"(qd-image-([0-9a-z]+)\.[a-z]+)");
    std::smatch match;
    if (!std::regex_match(volume, match, pattern)) return std::nullopt;
    return match[1].str();
}

Xml metadataElement(const Mark& mark) {
    Xml cluster = Xml("quarterdeck:cluster")
                      .attr("xmlns:quarterdeck", kMetadataNamespace)
                      .attr("uuid", mark.uuid)
                      .attr("name", mark.cluster);
    if (mark.nodes > 0) cluster.set("nodes", std::to_string(mark.nodes));
    if (mark.index > 0) cluster.set("index", std::to_string(mark.index));
    if (!mark.cidrs.empty()) cluster.set("cidrs", mark.cidrs);
    for (const std::string& image : mark.images) cluster.add(Xml("quarterdeck:image", image));
    return Xml("metadata").child(std::move(cluster));
}

std::optional<Mark> readMark(const XmlDocument& document, const std::string& root) {
    const std::string element = root + "/metadata/quarterdeck:cluster";
    const auto attribute = [&](const char* name) {
        return document.first((element + "/@" + name).c_str()).value_or("");
    };
    const auto number = [&](const char* name) {
        const std::string text = attribute(name);
        int value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    Mark mark{attribute("uuid"), attribute("name"),  number("nodes"),
              number("index"),   attribute("cidrs"), document.all((element + "/quarterdeck:image").c_str())};
    if (mark.uuid.empty()) return std::nullopt;
    return mark;
}

std::string formatPlan(const AddressPlan& plan) {
    return fmt::format("{} {} {}", plan.nodes.toString(), plan.pods.toString(), plan.services.toString());
}

Result<AddressPlan> parsePlan(const std::string& cidrs) {
    std::istringstream words(cidrs);
    AddressPlan plan;
    for (Cidr* cidr : {&plan.nodes, &plan.pods, &plan.services}) {
        std::string word;
        words >> word;
        const auto parsed = Cidr::parse(word);
        if (!parsed) return fail(parsed.error().within("the network's metadata"));
        *cidr = *parsed;
    }
    return plan;
}

}  // namespace qd::host
