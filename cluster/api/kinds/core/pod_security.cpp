// Security contexts of Pods and containers, and what goes with an operating system.
// Source: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/core/pod_spec.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/meta/names.h"

namespace qd::api {
namespace {

using namespace corev1;

constexpr std::int64_t kMostId = 2147483647;
constexpr std::size_t kLongestSysctl = 253;
constexpr std::size_t kLongestProfile = 4095;
constexpr std::size_t kLongestCredentialSpec = 64 * 1024;
constexpr std::string_view kNotWindows = "cannot be set for a windows pod";
constexpr std::string_view kNotLinux = "windows options cannot be set for a linux pod";

field::Errors idErrors(const std::optional<std::int64_t>& id, const field::Path& path) {
    if (!id) return {};
    return complaintErrors(path, *id, rangeErrors(*id, 0, kMostId));
}

field::Errors seccompErrors(const SeccompProfile* profile, const field::Path& path) {
    if (!profile) return {};
    field::Errors errors;
    if (profile->type.empty()) {
        errors.push_back(field::required(path.child("type"), "type is required when seccompProfile is set"));
    } else {
        field::append(errors, choiceErrors(path.child("type"), profile->type, {"Localhost", "RuntimeDefault", "Unconfined"}));
    }
    const field::Path at = path.child("localhostProfile");
    if (profile->type == "Localhost") {
        if (!profile->localhostProfile) {
            errors.push_back(field::required(at, "must be set when seccomp type is Localhost"));
        } else {
            field::append(errors, relativePathErrors(*profile->localhostProfile, at));
        }
    } else if (profile->localhostProfile) {
        errors.push_back(field::invalid(at, shown(*profile), "can only be set when seccomp type is Localhost"));
    }
    return errors;
}

field::Errors appArmorErrors(const AppArmorProfile* profile, const field::Path& path) {
    if (!profile) return {};
    const field::Path at = path.child("localhostProfile");
    if (profile->type.empty()) return {field::required(path.child("type"), "type is required when appArmorProfile is set")};
    if (profile->type != "Localhost") {
        field::Errors errors = choiceErrors(path.child("type"), profile->type, {"Localhost", "RuntimeDefault", "Unconfined"});
        if (errors.empty() && profile->localhostProfile) errors.push_back(field::invalid(at, *profile->localhostProfile, "can only be set when AppArmor type is Localhost"));
        return errors;
    }
    constexpr std::string_view kNeeded = "must be set when AppArmor type is Localhost";
    if (!profile->localhostProfile) return {field::required(at, kNeeded)};
    const std::string& name = *profile->localhostProfile;
    field::Errors errors;
    constexpr std::string_view kSpace = " \t\n\r\v\f";
    if (!name.empty() && (kSpace.find(name.front()) != std::string_view::npos || kSpace.find(name.back()) != std::string_view::npos)) {
        errors.push_back(field::invalid(at, name, "must not be padded with whitespace"));
    } else if (name.empty()) {
        errors.push_back(field::required(at, kNeeded));
    }
    if (name.size() > kLongestProfile) errors.push_back(field::tooLong(at, kLongestProfile));
    return errors;
}

bool isNetBiosName(std::string_view text) {
    return !text.empty() && text.size() <= 15 && text.front() != '.' && text.find_first_of("\\/:*?\"<>|") == std::string_view::npos;
}

bool isDnsName(std::string_view text) {
    const auto alphanumeric = [](unsigned char c) { return std::isalnum(c); };
    while (true) {
        const auto dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (part.empty() || part.size() > 63 || !alphanumeric(part.front()) || !alphanumeric(part.back())) return false;
        if (!std::all_of(part.begin(), part.end(), [&](char c) { return alphanumeric(c) || c == '-'; })) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

field::Errors windowsUserErrors(const std::string& name, const field::Path& path) {
    const auto one = [&](std::string_view why) { return field::invalid(path, name, why); };
    if (name.empty()) return {one("runAsUserName cannot be an empty string")};
    if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::iscntrl(c); })) return {one("runAsUserName cannot contain control characters")};
    if (std::count(name.begin(), name.end(), '\\') > 1) return {one("runAsUserName cannot contain more than one backslash")};
    field::Errors errors;
    const auto slash = name.find('\\');
    const std::string domain = slash == std::string::npos ? "" : name.substr(0, slash);
    const std::string user = slash == std::string::npos ? name : name.substr(slash + 1);
    if (domain.size() >= 256) errors.push_back(one("runAsUserName's Domain length must be under 256 characters"));
    if (slash != std::string::npos && !isNetBiosName(domain) && !isDnsName(domain)) errors.push_back(one("runAsUserName's Domain doesn't match the NetBios nor the DNS format"));
    if (user.empty()) {
        errors.push_back(one("runAsUserName's User cannot be empty"));
    } else if (user.size() > 104) {
        errors.push_back(one("runAsUserName's User length must not be longer than 104 characters"));
    }
    if (!user.empty() && user.find_first_not_of(". ") == std::string::npos) errors.push_back(one("runAsUserName's User cannot contain only periods or spaces"));
    if (user.find_first_of("\"/\\:;|=,+*?<>@[]") != std::string::npos) {
        errors.push_back(one("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"));
    }
    return errors;
}

field::Errors windowsOptionsErrors(const WindowsSecurityContextOptions* options, const field::Path& path) {
    if (!options) return {};
    field::Errors errors;
    if (options->gmsaCredentialSpecName) field::append(errors, subdomainErrors(path.child("gmsaCredentialSpecName"), *options->gmsaCredentialSpecName));
    if (options->gmsaCredentialSpec) {
        const field::Path at = path.child("gmsaCredentialSpec");
        if (options->gmsaCredentialSpec->empty()) {
            errors.push_back(field::invalid(at, *options->gmsaCredentialSpec, "gmsaCredentialSpec cannot be an empty string"));
        } else if (options->gmsaCredentialSpec->size() > kLongestCredentialSpec) {
            errors.push_back(field::invalid(at, *options->gmsaCredentialSpec, "gmsaCredentialSpec size must be under 64 KiB"));
        }
    }
    if (options->runAsUserName) field::append(errors, windowsUserErrors(*options->runAsUserName, path.child("runAsUserName")));
    return errors;
}

// Segments of lower case letters, digits, dashes and underscores, with dots or slashes between them.
bool isSysctlName(std::string_view name) {
    if (name.empty() || name.size() > kLongestSysctl) return false;
    const auto outer = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    while (true) {
        const auto end = name.find_first_of("./");
        const std::string_view part = name.substr(0, end);
        if (part.empty() || !outer(part.front()) || !outer(part.back())) return false;
        if (!std::all_of(part.begin(), part.end(), [&](char c) { return outer(c) || c == '-' || c == '_'; })) return false;
        if (end == std::string_view::npos) return true;
        name.remove_prefix(end + 1);
    }
}

field::Errors sysctlsErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> names;
    const auto& sysctls = spec.securityContext->sysctls;
    for (std::size_t i = 0; i < sysctls.size(); ++i) {
        const field::Path at = path.index(i).child("name");
        std::string name = sysctls[i].name;
        if (name.empty()) {
            errors.push_back(field::required(at));
        } else if (!isSysctlName(name)) {
            errors.push_back(field::invalid(at, name, fmt::format("must have at most {} characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
                                                                  kLongestSysctl)));
        } else if (names.contains(name)) {
            errors.push_back(field::duplicate(at, name));
        }
        names.insert(name);
        std::replace(name.begin(), name.end(), '/', '.');
        const bool ofIpc = name.starts_with("kernel.shm") || name.starts_with("kernel.msg") || name == "kernel.sem" || name.starts_with("fs.mqueue.");
        if (spec.hostNetwork && name.starts_with("net.")) {
            errors.push_back(field::invalid(at, sysctls[i].name, "may not be specified when 'hostNetwork' is true"));
        } else if (spec.hostIPC && ofIpc) {
            errors.push_back(field::invalid(at, sysctls[i].name, "may not be specified when 'hostIPC' is true"));
        }
    }
    return errors;
}

field::Errors hostProcessErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    int containers = 0;
    int onTheHost = 0;
    std::optional<bool> ofPod;
    if (spec.securityContext && spec.securityContext->windowsOptions) ofPod = spec.securityContext->windowsOptions->hostProcess;
    visitContainers(spec, path, [&](const auto& container, const field::Path& at) {
        ++containers;
        std::optional<bool> own;
        if (container.securityContext && container.securityContext->windowsOptions) own = container.securityContext->windowsOptions->hostProcess;
        if (ofPod && own && *ofPod != *own) {
            errors.push_back(field::invalid(at.child("securityContext", "windowsOptions").child("hostProcess"), *own,
                                            fmt::format("pod hostProcess value must be identical if both are specified, was {}", *ofPod)));
        }
        if (own.value_or(ofPod.value_or(false))) ++onTheHost;
    });
    if (onTheHost == 0) return errors;
    if (onTheHost != containers) errors.push_back(field::invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"));
    if (!spec.hostNetwork) errors.push_back(field::invalid(path.child("hostNetwork"), false, "hostNetwork must be true if pod contains any hostProcess containers"));
    return errors;
}

field::Errors notForWindowsErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    const field::Path at = path.child("securityContext");
    const auto refuse = [&](bool given, const field::Path& where) {
        if (given) errors.push_back(field::forbidden(where, kNotWindows));
    };
    if (const auto* security = spec.securityContext.get()) {
        refuse(security->appArmorProfile.has_value(), at.child("appArmorProfile"));
        refuse(security->seLinuxOptions.has_value(), at.child("seLinuxOptions"));
        refuse(spec.hostUsers.has_value(), path.child("hostUsers"));
        refuse(spec.hostPID, path.child("hostPID"));
        refuse(spec.hostIPC, path.child("hostIPC"));
        refuse(security->seccompProfile.has_value(), at.child("seccompProfile"));
        refuse(security->fsGroup.has_value(), at.child("fsGroup"));
        refuse(security->fsGroupChangePolicy.has_value(), at.child("fsGroupChangePolicy"));
        refuse(!security->sysctls.empty(), at.child("sysctls"));
        refuse(spec.shareProcessNamespace.has_value(), path.child("shareProcessNamespace"));
        refuse(security->runAsUser.has_value(), at.child("runAsUser"));
        refuse(security->runAsGroup.has_value(), at.child("runAsGroup"));
        refuse(!security->supplementalGroups.empty(), at.child("supplementalGroups"));
        refuse(security->supplementalGroupsPolicy.has_value(), at.child("supplementalGroupsPolicy"));
        refuse(security->seLinuxChangePolicy.has_value(), at.child("seLinuxChangePolicy"));
    }
    visitContainers(spec, path, [&](const auto& container, const field::Path& where) {
        const auto* security = container.securityContext.get();
        if (!security) return;
        const field::Path in = where.child("securityContext");
        refuse(security->appArmorProfile.has_value(), in.child("appArmorProfile"));
        refuse(security->seLinuxOptions.has_value(), in.child("seLinuxOptions"));
        refuse(security->seccompProfile.has_value(), in.child("seccompProfile"));
        refuse(security->capabilities.has_value(), in.child("capabilities"));
        refuse(security->readOnlyRootFilesystem.has_value(), in.child("readOnlyRootFilesystem"));
        refuse(security->privileged.has_value(), in.child("privileged"));
        refuse(security->allowPrivilegeEscalation.has_value(), in.child("allowPrivilegeEscalation"));
        refuse(security->procMount.has_value(), in.child("procMount"));
        refuse(security->runAsUser.has_value(), in.child("runAsUser"));
        refuse(security->runAsGroup.has_value(), in.child("runAsGroup"));
    });
    return errors;
}

field::Errors notForLinuxErrors(const PodSpec& spec, const field::Path& path) {
    field::Errors errors;
    if (spec.securityContext && spec.securityContext->windowsOptions) errors.push_back(field::forbidden(path.child("securityContext", "windowsOptions"), kNotLinux));
    visitContainers(spec, path, [&](const auto& container, const field::Path& at) {
        if (container.securityContext && container.securityContext->windowsOptions) errors.push_back(field::forbidden(at.child("securityContext", "windowsOptions"), kNotLinux));
    });
    return errors;
}

}  // namespace

field::Errors containerSecurityErrors(const SecurityContext* security, bool hostUsers, const field::Path& path) {
    if (!security) return {};
    field::Errors errors = idErrors(security->runAsUser, path.child("runAsUser"));
    field::append(errors, idErrors(security->runAsGroup, path.child("runAsGroup")));
    if (security->procMount) {
        field::append(errors, choiceErrors(path.child("procMount"), *security->procMount, {"Default", "Unmasked"}));
        if (hostUsers && *security->procMount == "Unmasked") {
            errors.push_back(field::invalid(path.child("procMount"), *security->procMount, "`hostUsers` must be false to use `Unmasked`"));
        }
    }
    field::append(errors, seccompErrors(security->seccompProfile.get(), path.child("seccompProfile")));
    if (!security->allowPrivilegeEscalation.value_or(true)) {
        if (security->privileged.value_or(false)) {
            errors.push_back(field::invalid(path, shown(*security), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
        }
        if (security->capabilities) {
            for (const auto& capability : security->capabilities->add) {
                if (capability != "CAP_SYS_ADMIN") continue;
                errors.push_back(field::invalid(path, shown(*security), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
            }
        }
    }
    field::append(errors, windowsOptionsErrors(security->windowsOptions.get(), path.child("windowsOptions")));
    field::append(errors, appArmorErrors(security->appArmorProfile.get(), path.child("appArmorProfile")));
    return errors;
}

field::Errors podSecurityErrors(const PodSpec& spec, const field::Path& specPath) {
    const auto* security = spec.securityContext.get();
    const field::Path path = specPath.child("securityContext");
    if (!security) return {};
    field::Errors errors = idErrors(security->fsGroup, path.child("fsGroup"));
    field::append(errors, idErrors(security->runAsUser, path.child("runAsUser")));
    field::append(errors, idErrors(security->runAsGroup, path.child("runAsGroup")));
    for (std::size_t i = 0; i < security->supplementalGroups.size(); ++i) {
        field::append(errors, idErrors(security->supplementalGroups[i], path.child("supplementalGroups").index(i)));
    }
    if (spec.shareProcessNamespace.value_or(false) && spec.hostPID) {
        errors.push_back(field::invalid(path.child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled"));
    }
    field::append(errors, sysctlsErrors(spec, path.child("sysctls")));
    if (security->fsGroupChangePolicy) field::append(errors, choiceErrors(path.child("fsGroupChangePolicy"), *security->fsGroupChangePolicy, {"Always", "OnRootMismatch"}));
    field::append(errors, seccompErrors(security->seccompProfile.get(), path.child("seccompProfile")));
    field::append(errors, windowsOptionsErrors(security->windowsOptions.get(), path.child("windowsOptions")));
    field::append(errors, appArmorErrors(security->appArmorProfile.get(), path.child("appArmorProfile")));
    if (security->supplementalGroupsPolicy) field::append(errors, choiceErrors(path.child("supplementalGroupsPolicy"), *security->supplementalGroupsPolicy, {"Merge", "Strict"}));
    if (security->seLinuxChangePolicy) field::append(errors, choiceErrors(path.child("seLinuxChangePolicy"), *security->seLinuxChangePolicy, {"Recursive"}));
    return errors;
}

field::Errors windowsErrors(const PodSpec& spec, const field::Path& path) { return hostProcessErrors(spec, path); }

field::Errors operatingSystemErrors(const PodSpec& spec, const field::Path& path) {
    if (!spec.os) return {};
    if (spec.os->name.empty()) return {field::required(path.child("os", "name"))};
    if (spec.os->name == "linux") return notForLinuxErrors(spec, path);
    if (spec.os->name == "windows") return notForWindowsErrors(spec, path);
    return {field::notSupported(path.child("os"), spec.os->name, {"linux", "windows"})};
}

}  // namespace qd::api
