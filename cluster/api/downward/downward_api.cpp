#include "cluster/api/downward/downward_api.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qd::api::downward {
namespace {

// A string in double quotes as Go's %q writes it, for ASCII; other characters stand as they are.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                result += "\\\"";
                break;
            case '\\':
                result += "\\\\";
                break;
            case '\n':
                result += "\\n";
                break;
            case '\r':
                result += "\\r";
                break;
            case '\t':
                result += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20)
                    result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
                else
                    result += c;
        }
    }
    return result + "\"";
}

std::string formatted(const api::Map<std::string>& map) {
    std::string text;
    for (const auto& [key, value] : map) text += (text.empty() ? "" : "\n") + key + "=" + quoted(value);
    return text;
}

// The key of "metadata.labels['key']" when `path` begins with `head`.
std::optional<std::string> subscript(const std::string& path, const std::string& head) {
    if (!path.starts_with(head + "['") || !path.ends_with("']")) return std::nullopt;
    return path.substr(head.size() + 2, path.size() - head.size() - 4);
}

std::string valueOr(const api::Map<std::string>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::string() : found->second;
}

std::int64_t dividedUp(const api::Quantity& amount, const api::Quantity& divisor) {
    const auto by = divisor.isZero() ? api::Quantity(1).nano() : divisor.nano();
    return static_cast<std::int64_t>((amount.nano() + by - 1) / by);
}

}  // namespace

Result<std::string> fieldValue(const corev1::Pod& pod, const std::string& path, const DownwardFacts& facts) {
    if (path == "metadata.name") return pod.metadata.name;
    if (path == "metadata.namespace") return pod.metadata.namespace_;
    if (path == "metadata.uid") return pod.metadata.uid;
    if (path == "metadata.labels") return formatted(pod.metadata.labels);
    if (path == "metadata.annotations") return formatted(pod.metadata.annotations);
    if (const auto key = subscript(path, "metadata.labels")) return valueOr(pod.metadata.labels, *key);
    if (const auto key = subscript(path, "metadata.annotations")) return valueOr(pod.metadata.annotations, *key);
    if (path == "spec.nodeName") return pod.spec.nodeName;
    if (path == "spec.serviceAccountName") return pod.spec.serviceAccountName;
    if (path == "status.hostIP") return facts.hostIps.empty() ? std::string() : facts.hostIps.front();
    if (path == "status.hostIPs") return fmt::format("{}", fmt::join(facts.hostIps, ","));
    if (path == "status.podIP") return facts.podIps.empty() ? std::string() : facts.podIps.front();
    if (path == "status.podIPs") return fmt::format("{}", fmt::join(facts.podIps, ","));
    return fail(Reason::BadRequest, "unsupported fieldPath: " + path);
}

Result<std::string> resourceValue(const corev1::Pod& pod, const corev1::Container& container,
                                  const corev1::ResourceFieldSelector& selector, const DownwardFacts& facts) {
    const corev1::Container* subject = &container;
    if (!selector.containerName.empty()) {
        subject = nullptr;
        for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers})
            for (const corev1::Container& one : *list)
                if (one.name == selector.containerName) subject = &one;
        if (subject == nullptr) return fail(Reason::BadRequest, "container " + selector.containerName + " not found");
    }
    const std::size_t dot = selector.resource.find('.');
    const std::string kind = selector.resource.substr(0, dot);
    if (dot == std::string::npos || (kind != "limits" && kind != "requests"))
        return fail(Reason::BadRequest, "unsupported container resource : " + selector.resource);
    const std::string name = selector.resource.substr(dot + 1);
    const auto& list = kind == "limits" ? subject->resources.limits : subject->resources.requests;
    api::Quantity amount;
    if (const auto found = list.find(name); found != list.end())
        amount = found->second;
    else if (kind == "limits" && name == "cpu")
        amount = api::Quantity::milli(facts.allocatableMilliCpu);
    else if (kind == "limits" && name == "memory")
        amount = api::Quantity(facts.allocatableMemory);
    return std::to_string(dividedUp(amount, selector.divisor));
}

}  // namespace qd::api::downward
