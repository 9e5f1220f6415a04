#include "vmnodes/agent/static_pods.h"

#include <openssl/evp.h>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/base/log.h"
#include "vmnodes/agent/sync/pod_facts.h"

namespace qd::agent {
namespace {

// A uid that stays while the file and the node do: the first half of a SHA-256 in hexadecimal.
std::string digest(const std::string& text) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_Digest(text.data(), text.size(), bytes, &length, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned int i = 0; i < length / 2; ++i) hex += fmt::format("{:02x}", bytes[i]);
    return hex;
}

void setDefaults(corev1::Pod& pod) {
    corev1::PodSpec& spec = pod.spec;
    if (spec.restartPolicy.empty()) spec.restartPolicy = corev1::RestartPolicyAlways;
    if (spec.dnsPolicy.empty()) spec.dnsPolicy = corev1::DNSClusterFirst;
    if (!spec.terminationGracePeriodSeconds)
        spec.terminationGracePeriodSeconds = corev1::DefaultTerminationGracePeriodSeconds;
    if (!spec.enableServiceLinks) spec.enableServiceLinks = true;
    for (auto* list : {&spec.initContainers, &spec.containers})
        for (corev1::Container& container : *list) {
            if (container.terminationMessagePath.empty()) container.terminationMessagePath = "/dev/termination-log";
            if (container.terminationMessagePolicy.empty()) container.terminationMessagePolicy = "File";
            for (corev1::ContainerPort& port : container.ports)
                if (port.protocol.empty()) port.protocol = "TCP";
        }
}

}  // namespace

Result<std::shared_ptr<const corev1::Pod>> staticPod(const std::string& text, const std::string& nodeName) {
    const auto documents = api::parseYaml(text);  // JSON is YAML too
    if (!documents) return fail(documents.error());
    if (documents->size() != 1) return fail(Reason::Invalid, "a static Pod's file holds one document");
    auto decoded = api::decodeJson<corev1::Pod>(boost::json::serialize(documents->front().tree));
    if (!decoded) return fail(decoded.error());
    auto pod = std::make_shared<corev1::Pod>(std::move(*decoded));
    if (pod->metadata.name.empty() || pod->spec.containers.empty())
        return fail(Reason::Invalid, "a static Pod needs a name and a container");
    const std::string hash = digest(nodeName + "\n" + text);
    pod->metadata.name += "-" + nodeName;
    if (pod->metadata.namespace_.empty()) pod->metadata.namespace_ = "default";
    pod->metadata.uid = hash;
    pod->metadata.annotations[sync::kConfigSourceAnnotation] = "file";
    pod->metadata.annotations["kubernetes.io/config.hash"] = hash;
    pod->spec.nodeName = nodeName;
    setDefaults(*pod);
    return pod;
}

std::vector<std::shared_ptr<const corev1::Pod>> readStaticPods(const std::string& folder, const std::string& nodeName) {
    std::vector<std::shared_ptr<const corev1::Pod>> pods;
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string extension = it->path().extension();
        if (extension != ".json" && extension != ".yaml" && extension != ".yml") continue;
        std::ifstream in(it->path());
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        auto pod = staticPod(text, nodeName);
        if (pod)
            pods.push_back(std::move(*pod));
        else
            base::logger("static-pods")->error("{}: {}", it->path().string(), pod.error().message);
    }
    return pods;
}

}  // namespace qd::agent
