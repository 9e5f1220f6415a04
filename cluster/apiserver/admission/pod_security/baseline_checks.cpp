#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/api/field/path.h"
#include "cluster/apiserver/admission/pod_security/checks.h"

namespace qd::apiserver::pod_security {
namespace {

using Values = std::set<std::string>;

// The names of the containers for which something holds.
template <typename Holds>
Names thoseThat(const PodView& pod, Holds holds) {
    Names names;
    for (const auto& container : pod.containers) {
        if (holds(container)) names.push_back(*container.name);
    }
    return names;
}

std::string assigned(const std::string& key, const std::string& value) {
    return key + "=" + api::field::Shown(value).text();
}

Found appArmorProfile(const PodView& pod) {
    Values bad;
    const auto isBad = [&](const auto* security) {
        if (!security || !security->appArmorProfile) return false;
        const std::string& type = security->appArmorProfile->type;
        if (type == "RuntimeDefault" || type == "Localhost") return false;
        bad.insert(type);
        return true;
    };
    const bool podIsBad = isBad(pod.security);
    std::string who =
        setters(podIsBad, thoseThat(pod, [&](const ContainerView& container) { return isBad(container.security); }));
    Names values(bad.begin(), bad.end());
    Names annotations;
    for (const auto& [key, value] : pod.meta.annotations) {
        const bool ours = key.starts_with("container.apparmor.security.beta.kubernetes.io/");
        if (ours && !value.empty() && value != "runtime/default" && !value.starts_with("localhost/"))
            annotations.push_back(assigned(key, value));
    }
    values.insert(values.end(), annotations.begin(), annotations.end());
    if (!annotations.empty())
        who += (who.empty() ? "" : " and ") + plural("annotation", "annotations", annotations.size());
    if (who.empty()) return {};
    return fmt::format("{} ({} must not set AppArmor profile type to {})",
                       plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.size()), who,
                       quoted(values));
}

Found capabilities(const PodView& pod) {
    static const Values kAllowed = {"AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE",     "FOWNER",  "FSETID",
                                    "KILL",        "MKNOD",  "NET_BIND_SERVICE", "SETFCAP", "SETGID",
                                    "SETPCAP",     "SETUID", "SYS_CHROOT"};
    Values others;
    const Names bad = thoseThat(pod, [&](const ContainerView& container) {
        if (!container.security || !container.security->capabilities) return false;
        bool found = false;
        for (const auto& each : container.security->capabilities->add) {
            if (kAllowed.contains(each)) continue;
            others.insert(each);
            found = true;
        }
        return found;
    });
    if (bad.empty()) return {};
    return fmt::format("non-default capabilities ({} must not include {} in securityContext.capabilities.add)",
                       containersNamed(bad), quoted(others));
}

Found hostNamespaces(const PodView& pod) {
    Names shared;
    if (pod.spec.hostNetwork) shared.emplace_back("hostNetwork=true");
    if (pod.spec.hostPID) shared.emplace_back("hostPID=true");
    if (pod.spec.hostIPC) shared.emplace_back("hostIPC=true");
    return shared.empty() ? Found() : fmt::format("host namespaces ({})", fmt::join(shared, ", "));
}

Found hostPathVolumes(const PodView& pod) {
    Names volumes;
    for (const auto& volume : pod.spec.volumes) {
        if (volume.hostPath) volumes.push_back(volume.name);
    }
    if (volumes.empty()) return {};
    return fmt::format("hostPath volumes ({} {})", plural("volume", "volumes", volumes.size()), quoted(volumes));
}

Found hostPorts(const PodView& pod) {
    Values ports;
    const Names bad = thoseThat(pod, [&](const ContainerView& container) {
        bool found = false;
        for (const auto& port : *container.ports) {
            if (port.hostPort == 0) continue;
            ports.insert(std::to_string(port.hostPort));
            found = true;
        }
        return found;
    });
    if (bad.empty()) return {};
    return fmt::format("hostPort ({} {} {} {})", containersNamed(bad), plural("uses", "use", bad.size()),
                       plural("hostPort", "hostPorts", ports.size()), fmt::join(ports, ", "));
}

Found hostProbes(const PodView& pod) {
    Values hosts;
    Values bad;
    for (const auto& container : pod.containers) {
        const auto look = [&](const auto* handler) {
            if (handler->httpGet && !handler->httpGet->host.empty())
                hosts.insert(handler->httpGet->host), bad.insert(*container.name);
            if (handler->tcpSocket && !handler->tcpSocket->host.empty())
                hosts.insert(handler->tcpSocket->host), bad.insert(*container.name);
        };
        for (const auto* probe : container.probes) look(probe);
        for (const auto* handler : container.handlers) look(handler);
    }
    if (bad.empty()) return {};
    return fmt::format("probe or lifecycle host ({} {} {} {})", containersNamed({bad.begin(), bad.end()}),
                       plural("uses", "use", bad.size()),
                       plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.size()), quoted(hosts));
}

Found privileged(const PodView& pod) {
    const Names bad = thoseThat(pod, [](const ContainerView& container) {
        return container.security && container.security->privileged.value_or(false);
    });
    return bad.empty()
               ? Found()
               : fmt::format("privileged ({} must not set securityContext.privileged=true)", containersNamed(bad));
}

Found seLinuxOptions(const PodView& pod, int minor) {
    Values types;
    bool user = false;
    bool role = false;
    const auto isBad = [&](const auto* security) {
        if (!security || !security->seLinuxOptions) return false;
        const auto& options = *security->seLinuxOptions;
        const std::string& type = options.type;
        const bool known = type.empty() || type == "container_t" || type == "container_init_t" ||
                           type == "container_kvm_t" || (minor >= 31 && type == "container_engine_t");
        if (!known) types.insert(type);
        user = user || !options.user.empty();
        role = role || !options.role.empty();
        return !known || !options.user.empty() || !options.role.empty();
    };
    const bool podIsBad = isBad(pod.security);
    const std::string who =
        setters(podIsBad, thoseThat(pod, [&](const ContainerView& container) { return isBad(container.security); }));
    if (who.empty()) return {};
    Names data;
    if (!types.empty()) data.push_back(plural("type", "types", types.size()) + " " + quoted(types));
    if (user) data.emplace_back("user may not be set");
    if (role) data.emplace_back("role may not be set");
    return fmt::format("seLinuxOptions ({} set forbidden securityContext.seLinuxOptions: {})", who,
                       fmt::join(data, "; "));
}

// Before 1.19 it was an annotation.
Found seccompAnnotations(const PodView& pod) {
    Values bad;
    const auto look = [&](const std::string& key) {
        const auto found = pod.meta.annotations.find(key);
        if (found == pod.meta.annotations.end()) return;
        const std::string& value = found->second;
        if (value != "runtime/default" && value != "docker/default" && !value.starts_with("localhost/"))
            bad.insert(assigned(key, value));
    };
    look("seccomp.security.alpha.kubernetes.io/pod");
    for (const auto& container : pod.containers)
        look("container.seccomp.security.alpha.kubernetes.io/" + *container.name);
    if (bad.empty()) return {};
    return fmt::format("seccompProfile (forbidden {} {})", plural("annotation", "annotations", bad.size()),
                       fmt::join(bad, ", "));
}

Found seccompProfile(const PodView& pod) {
    Values types;
    const auto isBad = [&](const auto* security) {
        if (!security || !security->seccompProfile) return false;
        const std::string& type = security->seccompProfile->type;
        if (type == "Localhost" || type == "RuntimeDefault") return false;
        types.insert(type);
        return true;
    };
    const bool podIsBad = isBad(pod.security);
    const std::string who =
        setters(podIsBad, thoseThat(pod, [&](const ContainerView& container) { return isBad(container.security); }));
    return who.empty() ? Found()
                       : fmt::format("seccompProfile ({} must not set securityContext.seccompProfile.type to {})", who,
                                     quoted(types));
}

Found sysctls(const PodView& pod, int minor) {
    static const std::map<std::string, int, std::less<>> kSince = {{"kernel.shm_rmid_forced", 0},
                                                                   {"net.ipv4.ip_local_port_range", 0},
                                                                   {"net.ipv4.tcp_syncookies", 0},
                                                                   {"net.ipv4.ping_group_range", 0},
                                                                   {"net.ipv4.ip_unprivileged_port_start", 0},
                                                                   {"net.ipv4.ip_local_reserved_ports", 27},
                                                                   {"net.ipv4.tcp_keepalive_time", 29},
                                                                   {"net.ipv4.tcp_fin_timeout", 29},
                                                                   {"net.ipv4.tcp_keepalive_intvl", 29},
                                                                   {"net.ipv4.tcp_keepalive_probes", 29},
                                                                   {"net.ipv4.tcp_rmem", 32},
                                                                   {"net.ipv4.tcp_wmem", 32}};
    Names bad;
    if (pod.security) {
        for (const auto& sysctl : pod.security->sysctls) {
            const auto known = kSince.find(sysctl.name);
            if (known == kSince.end() || known->second > minor) bad.push_back(sysctl.name);
        }
    }
    return bad.empty() ? Found() : fmt::format("forbidden sysctls ({})", fmt::join(bad, ", "));
}

Found windowsHostProcess(const PodView& pod) {
    const auto isBad = [](const auto* security) {
        return security && security->windowsOptions && security->windowsOptions->hostProcess.value_or(false);
    };
    const std::string who = setters(
        isBad(pod.security), thoseThat(pod, [&](const ContainerView& container) { return isBad(container.security); }));
    return who.empty()
               ? Found()
               : fmt::format("hostProcess ({} must not set securityContext.windowsOptions.hostProcess=true)", who);
}

}  // namespace

Found procMount(const PodView& pod) {
    Values types;
    const Names bad = thoseThat(pod, [&](const ContainerView& container) {
        if (!container.security || !container.security->procMount || *container.security->procMount == "Default")
            return false;
        types.insert(*container.security->procMount);
        return true;
    });
    return bad.empty() ? Found()
                       : fmt::format("procMount ({} must not set securityContext.procMount to {})",
                                     containersNamed(bad), quoted(types));
}

// In the order of the checks' names.
void appendBaseline(std::vector<Found>& found, const PodView& pod, int minor, bool restricted) {
    found.push_back(appArmorProfile(pod));
    if (!restricted || minor < 22) found.push_back(capabilities(pod));
    found.push_back(hostNamespaces(pod));
    if (!restricted) found.push_back(hostPathVolumes(pod));
    found.push_back(hostPorts(pod));
    if (minor >= 34) found.push_back(hostProbes(pod));
    found.push_back(privileged(pod));
    if (minor < 35 || (!restricted && !pod.hasUsersOfItsOwn)) found.push_back(procMount(pod));
    found.push_back(seLinuxOptions(pod, minor));
    if (minor < 19) {
        found.push_back(seccompAnnotations(pod));
    } else if (!restricted) {
        found.push_back(seccompProfile(pod));
    }
    found.push_back(sysctls(pod, minor));
    found.push_back(windowsHostProcess(pod));
}

}  // namespace qd::apiserver::pod_security
