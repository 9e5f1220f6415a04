#include "vmnodes/agent/sync/image_puller.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <boost/json.hpp>

#include <algorithm>

namespace qd::agent::sync {
namespace {

std::string fromBase64(const std::string& text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (length < 0) return {};
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

std::string stringAt(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string key(const corev1::Pod& pod, const std::string& image) {
    return pod.metadata.uid + "_" + image;
}

// "1.234s", as Go prints a duration below a minute.
std::string duration(base::Duration time) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    if (milliseconds < 1000) return fmt::format("{}ms", milliseconds);
    const std::string seconds = fmt::format("{:g}s", static_cast<double>(milliseconds % 60'000) / 1000.0);
    return milliseconds < 60'000 ? seconds : fmt::format("{}m{}", milliseconds / 60'000, seconds);
}

}  // namespace

std::string withDefaultTag(const std::string& image) {
    const std::size_t slash = image.rfind('/');
    const std::string last = slash == std::string::npos ? image : image.substr(slash + 1);
    return last.find_first_of(":@") == std::string::npos ? image + ":latest" : image;
}

std::string pullPolicy(const corev1::Container& container) {
    if (!container.imagePullPolicy.empty()) return container.imagePullPolicy;
    const std::string tagged = withDefaultTag(container.image);
    return tagged.ends_with(":latest") ? corev1::PullAlways : corev1::PullIfNotPresent;
}

std::string registryOf(const std::string& image) {
    const std::size_t slash = image.find('/');
    if (slash == std::string::npos) return "docker.io";
    const std::string first = image.substr(0, slash);
    return first.find_first_of(".:") != std::string::npos || first == "localhost" ? first : "docker.io";
}

std::vector<cri::AuthConfig> credentialsIn(const corev1::Secret& secret, const std::string& registry) {
    std::vector<cri::AuthConfig> found;
    for (const char* name : {".dockerconfigjson", ".dockercfg"}) {
        const auto data = secret.data.find(name);
        if (data == secret.data.end()) continue;
        boost::system::error_code error;
        boost::json::value tree = boost::json::parse(data->second.data, error);
        if (error || !tree.is_object()) continue;
        if (const auto* auths = tree.get_object().if_contains("auths"); auths != nullptr && auths->is_object())
            tree = boost::json::value(*auths);
        for (const auto& [server, entry] : tree.get_object()) {
            std::string host(server);
            if (const std::size_t scheme = host.find("://"); scheme != std::string::npos)
                host = host.substr(scheme + 3);
            host = host.substr(0, host.find('/'));
            const bool hub = registry == "docker.io" && (host == "index.docker.io" || host == "registry-1.docker.io");
            if ((host != registry && !hub) || !entry.is_object()) continue;
            const auto& fields = entry.get_object();
            cri::AuthConfig auth{.username = stringAt(fields, "username"),
                                 .password = stringAt(fields, "password"),
                                 .serverAddress = std::string(server),
                                 .identityToken = stringAt(fields, "identitytoken"),
                                 .registryToken = stringAt(fields, "registrytoken")};
            if (const std::string pair = fromBase64(stringAt(fields, "auth")); auth.username.empty() && !pair.empty()) {
                auth.username = pair.substr(0, pair.find(':'));
                auth.password = pair.find(':') == std::string::npos ? "" : pair.substr(pair.find(':') + 1);
            }
            found.push_back(std::move(auth));
        }
    }
    return found;
}

std::vector<cri::AuthConfig> ImagePuller::credentials(const corev1::Pod& pod, const std::string& image) {
    std::vector<cri::AuthConfig> all;
    for (const corev1::LocalObjectReference& reference : pod.spec.imagePullSecrets) {
        const auto secret = m_cluster.secret(pod.metadata.namespace_, reference.name);
        if (!secret) {
            m_events.podEvent(
                pod, "", true, "FailedToRetrieveImagePullSecret",
                fmt::format(
                    "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                    reference.name));
            continue;
        }
        for (cri::AuthConfig& auth : credentialsIn(**secret, registryOf(image))) all.push_back(std::move(auth));
    }
    return all;
}

std::expected<std::string, StartFailure> ImagePuller::pull(const corev1::Pod& pod, const corev1::Container& container,
                                                           const std::string& image,
                                                           const cri::SandboxConfig& sandbox) {
    const std::string name = key(pod, container.image);
    {
        const std::lock_guard lock(m_mutex);
        if (m_backOff.remainingSinceUpdate(name, m_clock.now()) > base::Duration::zero()) {
            std::string message = fmt::format("Back-off pulling image \"{}\"", container.image);
            const std::string last = m_lastError[name];
            m_events.podEvent(pod, container.name, false, "BackOff", message);
            if (!last.empty()) message += ": " + last;
            return std::unexpected(StartFailure{"ImagePullBackOff", message});
        }
    }
    m_events.podEvent(pod, container.name, false, "Pulling", fmt::format("Pulling image \"{}\"", container.image));
    const base::SteadyTime begin = m_clock.steady();
    std::vector<std::optional<cri::AuthConfig>> attempts;
    for (cri::AuthConfig& auth : credentials(pod, image)) attempts.emplace_back(std::move(auth));
    if (attempts.empty()) attempts.emplace_back();
    Result<std::string> pulled = std::string();
    for (const auto& auth : attempts) {
        pulled = m_images.pullImage(image, auth, sandbox);
        if (pulled) break;
    }
    if (!pulled) {
        const std::string& error = pulled.error().message;
        m_events.podEvent(pod, container.name, true, "Failed",
                          fmt::format("Failed to pull image \"{}\": {}", container.image, error));
        const std::lock_guard lock(m_mutex);
        m_backOff.next(name, m_clock.now(), m_clock.now());
        m_lastError[name] = "ErrImagePull: " + error;
        return std::unexpected(StartFailure{"ErrImagePull", error});
    }
    const std::string took = duration(m_clock.steady() - begin);
    const auto status = m_images.imageStatus(*pulled);
    m_events.podEvent(
        pod, container.name, false, "Pulled",
        fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                    container.image, took, took, status && *status ? (*status)->size : 0));
    const std::lock_guard lock(m_mutex);
    m_lastError.erase(name);
    return *pulled;
}

std::expected<EnsuredImage, StartFailure> ImagePuller::ensure(const corev1::Pod& pod,
                                                              const corev1::Container& container,
                                                              const cri::SandboxConfig& sandbox) {
    if (container.image.empty() || container.image.find_first_of(" \t\n") != std::string::npos) {
        const std::string message = fmt::format(
            "Failed to apply default image tag \"{}\": couldn't parse image name \"{}\": invalid reference format",
            container.image, container.image);
        m_events.podEvent(pod, container.name, true, "InspectFailed", message);
        return std::unexpected(StartFailure{"InvalidImageName", message});
    }
    const std::string image = withDefaultTag(container.image), policy = pullPolicy(container);
    auto present = m_images.imageStatus(image);
    if (!present) {
        const std::string message =
            fmt::format("Failed to inspect image \"{}\": {}", container.image, present.error().message);
        m_events.podEvent(pod, container.name, true, "InspectFailed", message);
        return std::unexpected(StartFailure{"ImageInspectError", message});
    }
    if (*present && policy != corev1::PullAlways) {
        m_events.podEvent(
            pod, container.name, false, "Pulled",
            fmt::format("Container image \"{}\" already present on machine and can be accessed by the pod",
                        container.image));
    } else if (policy == corev1::PullNever) {
        const std::string message =
            fmt::format("Container image \"{}\" is not present with pull policy of Never", container.image);
        m_events.podEvent(pod, container.name, true, "ErrImageNeverPull", message);
        return std::unexpected(StartFailure{"ErrImageNeverPull", message});
    } else {
        const auto pulled = pull(pod, container, image, sandbox);
        if (!pulled) return std::unexpected(pulled.error());
        present = m_images.imageStatus(*pulled);
        if (!present || !*present) return EnsuredImage{*pulled, std::nullopt, ""};
    }
    const cri::Image& found = **present;
    return EnsuredImage{found.id, found.uid, found.username};
}

base::Duration ImagePuller::remaining(const corev1::Pod& pod, const corev1::Container& container) {
    const std::lock_guard lock(m_mutex);
    return m_backOff.remainingSinceUpdate(key(pod, container.image), m_clock.now());
}

}  // namespace qd::agent::sync
