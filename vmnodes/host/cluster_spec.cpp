#include "vmnodes/host/cluster_spec.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>

#include "vmnodes/host/address_plan.h"

namespace qd::host {
namespace {

constexpr std::size_t kMaxNameLength = 40;
constexpr int kMinMemoryMiB = 256;
constexpr int kMaxMemoryMiB = 1024 * 1024;
constexpr int kMaxVcpus = 64;
constexpr int kMaxDiskGiB = 16 * 1024;

class Findings {
public:
    void invalid(std::string_view field, const std::string& value, std::string_view rule) {
        m_causes.push_back(
            {"FieldValueInvalid", fmt::format("Invalid value: \"{}\": {}", value, rule), std::string(field)});
    }
    void range(std::string_view field, int value, int least, int most) {
        if (value < least || value > most)
            invalid(field, std::to_string(value), fmt::format("must be between {} and {}", least, most));
    }
    Result<void> result(const std::string& name) && {
        if (m_causes.empty()) return {};
        Error error{Reason::Invalid, fmt::format("the cluster \"{}\" is not valid:", name)};
        for (const auto& cause : m_causes) error.message += fmt::format(" {}: {};", cause.field, cause.message);
        error.message.pop_back();
        error.causes = std::move(m_causes);
        return fail(std::move(error));
    }

private:
    std::vector<base::Cause> m_causes;
};

// RFC 1123 label, as Kubernetes' names of that form.
bool isDnsLabel(std::string_view name) {
    const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && alphanumeric(name.front()) && alphanumeric(name.back()) &&
           std::ranges::all_of(name, [&](char c) { return alphanumeric(c) || c == '-'; });
}

void validateRanges(const ClusterSpec& spec, Findings& findings) {
    struct Range {
        std::string_view field;
        const std::string& text;
        int shortest;
        int longest;
    };
    const Range ranges[] = {{"nodeCidr", spec.nodeCidr, 24, 24},
                            {"podCidr", spec.podCidr, 8, 18},
                            {"serviceCidr", spec.serviceCidr, 12, 24}};
    std::vector<std::pair<std::string_view, Cidr>> parsed;
    for (const Range& range : ranges) {
        if (range.text.empty()) continue;
        const auto cidr = Cidr::parse(range.text);
        if (!cidr) {
            findings.invalid(range.field, range.text, cidr.error().message);
        } else if (cidr->prefix < range.shortest || cidr->prefix > range.longest) {
            findings.invalid(range.field, range.text,
                             fmt::format("the prefix must be between /{} and /{}", range.shortest, range.longest));
        } else {
            for (const auto& [field, other] : parsed) {
                if (cidr->overlaps(other)) findings.invalid(range.field, range.text, fmt::format("overlaps {}", field));
            }
            parsed.emplace_back(range.field, *cidr);
        }
    }
}

constexpr std::pair<std::string_view, AccelerationChoice> kAccelerations[] = {
    {"auto", AccelerationChoice::Auto}, {"kvm", AccelerationChoice::Kvm}, {"tcg", AccelerationChoice::Tcg}};

Result<AccelerationChoice> parseAcceleration(const std::string& word) {
    for (const auto& [name, choice] : kAccelerations) {
        if (name == word) return choice;
    }
    return fail(Reason::Invalid, fmt::format("acceleration: \"{}\" is none of auto, kvm, tcg", word));
}

using Reader = std::function<Result<void>(ClusterSpec&, const YAML::Node&)>;

template <typename T>
Reader into(T ClusterSpec::*member) {
    return [member](ClusterSpec& spec, const YAML::Node& value) -> Result<void> {
        spec.*member = value.as<T>();
        return {};
    };
}

const std::map<std::string, Reader>& readers() {
    static const std::map<std::string, Reader> table = {
        {"name", into(&ClusterSpec::name)},
        {"uuid", into(&ClusterSpec::uuid)},
        {"nodes", into(&ClusterSpec::nodes)},
        {"vcpus", into(&ClusterSpec::vcpus)},
        {"memoryMiB", into(&ClusterSpec::memoryMiB)},
        {"diskGiB", into(&ClusterSpec::diskGiB)},
        {"libvirtUri", into(&ClusterSpec::libvirtUri)},
        {"nodeCidr", into(&ClusterSpec::nodeCidr)},
        {"podCidr", into(&ClusterSpec::podCidr)},
        {"serviceCidr", into(&ClusterSpec::serviceCidr)},
        {"acceleration",
         [](ClusterSpec& spec, const YAML::Node& value) -> Result<void> {
             const auto choice = parseAcceleration(value.as<std::string>());
             if (!choice) return fail(choice.error());
             spec.acceleration = *choice;
             return {};
         }},
    };
    return table;
}

}  // namespace

Result<void> validate(const ClusterSpec& spec) {
    Findings findings;
    if (!isDnsLabel(spec.name) || spec.name.size() > kMaxNameLength) {
        findings.invalid(
            "name", spec.name,
            fmt::format(
                "must be at most {} lower-case letters, digits and '-', beginning and ending with a letter or digit",
                kMaxNameLength));
    }
    findings.range("nodes", spec.nodes, 1, kMaxNodes);
    findings.range("vcpus", spec.vcpus, 1, kMaxVcpus);
    findings.range("memoryMiB", spec.memoryMiB, kMinMemoryMiB, kMaxMemoryMiB);
    findings.range("diskGiB", spec.diskGiB, 1, kMaxDiskGiB);
    if (spec.libvirtUri.empty())
        findings.invalid("libvirtUri", "", "must name a libvirt connection, e.g. qemu:///system");
    validateRanges(spec, findings);
    return std::move(findings).result(spec.name);
}

Result<ClusterSpec> parseClusterSpec(std::string_view yaml) {
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        if (!root.IsMap()) return fail(Reason::Invalid, "the cluster's settings must be a map of names to values");
        ClusterSpec spec;
        for (const auto& entry : root) {
            const auto key = entry.first.as<std::string>();
            const auto reader = readers().find(key);
            if (reader == readers().end())
                return fail(Reason::Invalid, fmt::format("unknown field \"{}\" in the cluster's settings", key));
            try {
                if (auto read = reader->second(spec, entry.second); !read) return fail(read.error());
            } catch (const YAML::BadConversion&) {
                return fail(Reason::Invalid, fmt::format("{}: the value has the wrong type (line {})", key,
                                                         entry.second.Mark().line + 1));
            }
        }
        return spec;
    } catch (const YAML::Exception& exception) {
        return fail(Reason::Invalid, fmt::format("the cluster's settings are not YAML: {}", exception.what()));
    }
}

std::string toYaml(const ClusterSpec& spec) {
    YAML::Emitter out;
    out << YAML::BeginMap;
    const auto entry = [&](const char* key, const auto& value) { out << YAML::Key << key << YAML::Value << value; };
    entry("name", spec.name);
    entry("uuid", spec.uuid);
    entry("nodes", spec.nodes);
    entry("vcpus", spec.vcpus);
    entry("memoryMiB", spec.memoryMiB);
    entry("diskGiB", spec.diskGiB);
    for (const auto& [name, choice] : kAccelerations) {
        if (choice == spec.acceleration) entry("acceleration", std::string(name));
    }
    entry("libvirtUri", spec.libvirtUri);
    if (!spec.nodeCidr.empty()) entry("nodeCidr", spec.nodeCidr);
    if (!spec.podCidr.empty()) entry("podCidr", spec.podCidr);
    if (!spec.serviceCidr.empty()) entry("serviceCidr", spec.serviceCidr);
    out << YAML::EndMap;
    return std::string(out.c_str()) + "\n";
}

}  // namespace qd::host
