#include "vmnodes/agent/sync/pod_dns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace qd::agent::sync {
namespace {

constexpr std::size_t kMostNameservers = 3;
constexpr std::size_t kMostSearches = 32;
constexpr std::size_t kMostHostNameCharacters = 63;

void appendUnique(std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const std::string& one : from)
        if (std::ranges::find(to, one) == to.end()) to.push_back(one);
}

std::string nameOf(const std::string& option) {
    return option.substr(0, option.find(':'));
}

}  // namespace

cri::DnsConfig parseResolvConf(const std::string& text) {
    cri::DnsConfig config;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (const std::size_t comment = line.find_first_of("#;"); comment != std::string::npos) line.resize(comment);
        std::istringstream words(line);
        std::string keyword, word;
        words >> keyword;
        if (keyword == "nameserver" && words >> word) config.servers.push_back(word);
        if (keyword == "search" || keyword == "domain") {
            config.searches.clear();
            while (words >> word) config.searches.push_back(word);
        }
        if (keyword == "options")
            while (words >> word) config.options.push_back(word);
    }
    return config;
}

cri::DnsConfig podDns(const corev1::Pod& pod, const DnsSettings& settings) {
    std::string policy = pod.spec.dnsPolicy.empty() ? corev1::DNSClusterFirst : pod.spec.dnsPolicy;
    if (policy == corev1::DNSClusterFirst && pod.spec.hostNetwork) policy = corev1::DNSDefault;
    const bool cluster = policy == corev1::DNSClusterFirst || policy == corev1::DNSClusterFirstWithHostNet;
    cri::DnsConfig config;
    if (cluster && !settings.clusterDns.empty()) {
        config.servers = settings.clusterDns;
        config.searches = {fmt::format("{}.svc.{}", pod.metadata.namespace_, settings.clusterDomain),
                           "svc." + settings.clusterDomain, settings.clusterDomain};
        appendUnique(config.searches, settings.host.searches);
        config.options = {"ndots:5"};
    } else if (policy != corev1::DNSNone) {
        config = settings.host;
    }
    if (pod.spec.dnsConfig) {
        appendUnique(config.servers, pod.spec.dnsConfig->nameservers);
        appendUnique(config.searches, pod.spec.dnsConfig->searches);
        for (const corev1::PodDNSConfigOption& option : pod.spec.dnsConfig->options) {
            std::erase_if(config.options, [&](const std::string& present) { return nameOf(present) == option.name; });
            config.options.push_back(option.value ? option.name + ":" + *option.value : option.name);
        }
    }
    if (config.servers.size() > kMostNameservers) config.servers.resize(kMostNameservers);
    if (config.searches.size() > kMostSearches) config.searches.resize(kMostSearches);
    return config;
}

HostName hostName(const corev1::Pod& pod, const std::string& clusterDomain) {
    if (pod.spec.hostnameOverride) return {*pod.spec.hostnameOverride, ""};
    HostName host;
    host.name = pod.spec.hostname.empty() ? pod.metadata.name : pod.spec.hostname;
    if (host.name.size() > kMostHostNameCharacters) {
        host.name.resize(kMostHostNameCharacters);
        host.name.erase(host.name.find_last_not_of("-.") + 1);
    }
    if (!pod.spec.subdomain.empty())
        host.domain = fmt::format("{}.{}.svc.{}", pod.spec.subdomain, pod.metadata.namespace_, clusterDomain);
    return host;
}

std::string hostsFile(const corev1::Pod& pod, const std::vector<std::string>& podIps, const std::string& clusterDomain,
                      const std::string& nodeHosts) {
    std::string text;
    if (pod.spec.hostNetwork) {
        text = "# Kubernetes-managed hosts file (host network).\n" + nodeHosts;
    } else {
        text =
            "# Kubernetes-managed hosts file.\n"
            "127.0.0.1\tlocalhost\n"
            "::1\tlocalhost ip6-localhost ip6-loopback\n"
            "fe00::0\tip6-localnet\n"
            "fe00::0\tip6-mcastprefix\n"
            "fe00::1\tip6-allnodes\n"
            "fe00::2\tip6-allrouters\n";
        const HostName host = hostName(pod, clusterDomain);
        for (const std::string& ip : podIps)
            text += host.domain.empty() ? fmt::format("{}\t{}\n", ip, host.name)
                                        : fmt::format("{}\t{}.{}\t{}\n", ip, host.name, host.domain, host.name);
    }
    if (!pod.spec.hostAliases.empty()) text += "\n# Entries added by HostAliases.\n";
    for (const corev1::HostAlias& alias : pod.spec.hostAliases)
        text += fmt::format("{}\t{}\n", alias.ip, fmt::join(alias.hostnames, "\t"));
    return text;
}

}  // namespace qd::agent::sync
