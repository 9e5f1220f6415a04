#include "vmnodes/hollow/command_line.h"

#include <algorithm>
#include <string>

#include "cluster/api/downward/downward_api.h"
#include "cluster/api/downward/expansion.h"
#include "vmnodes/hollow/image_name.h"
#include "vmnodes/hollow/shell/interpreter.h"

namespace qd::hollow {
namespace {

constexpr std::size_t kMostStarts = 8;  // that are followed; the later ones are taken to be as the last

// Programs, as the entry points of images of the same name, that run until they are stopped.
constexpr std::string_view kServers[] = {"pause", "nginx", "httpd", "redis", "memcached", "etcd", "registry", "haproxy", "traefik"};
// Images whose entry point is whatever they are given.
constexpr std::string_view kBare[] = {"busybox", "alpine", "debian", "ubuntu", "fedora", "bash"};
// Kubernetes' own image for trials, and those of its commands that serve.
constexpr std::string_view kTrials = "agnhost";
constexpr std::string_view kTrialServers[] = {"pause", "netexec", "nettest", "serve-hostname", "test-webserver", "porter", "no-snat-test-proxy", "guestbook"};

template <typename List>
bool isIn(const List& list, std::string_view word) {
    return std::ranges::find(list, word) != std::end(list);
}

shell::World worldOf(const corev1::Pod& pod, const corev1::Container& container) {
    shell::World world;
    world.environment["HOSTNAME"] = pod.spec.hostname.empty() ? pod.metadata.name : pod.spec.hostname;
    world.environment["HOME"] = "/root";
    world.moreVariables = !container.envFrom.empty();
    for (const corev1::EnvVar& variable : container.env) {
        if (!variable.valueFrom) {
            world.environment[variable.name] = api::downward::expand(variable.value, world.environment);
        } else if (const auto& field = variable.valueFrom->fieldRef; field && !field->fieldPath.starts_with("status.")) {
            if (const auto value = api::downward::fieldValue(pod, field->fieldPath, {})) world.environment[variable.name] = *value;
        } else {
            world.moreVariables = true;
        }
    }
    return world;
}

// The argument vector. Empty when the image decides what runs.
std::vector<std::string> argumentsOf(const corev1::Container& container, const shell::World& world) {
    std::vector<std::string> words = container.command;
    if (words.empty() && !isIn(kBare, shortName(container.image))) return {};
    words.insert(words.end(), container.args.begin(), container.args.end());
    for (std::string& word : words) word = api::downward::expand(word, world.environment);
    return words;
}

bool serves(const corev1::Container& container) {
    const std::string image = shortName(container.image);
    if (container.command.empty() && isIn(kServers, image)) return true;
    std::vector<std::string> words = container.command;
    words.insert(words.end(), container.args.begin(), container.args.end());
    if (container.command.empty() && image == kTrials) words.insert(words.begin(), std::string(kTrials));
    if (words.empty()) return false;
    const std::string program = shortName(words[0]);
    if (program == kTrials) return words.size() == 1 || isIn(kTrialServers, words[1]);
    return isIn(kServers, program);
}

}  // namespace

std::optional<std::vector<ContainerPlan::Run>> runsOf(const corev1::Pod& pod, const corev1::Container& container) {
    if (serves(container)) return std::vector<ContainerPlan::Run>(1);
    shell::World world = worldOf(pod, container);
    const std::vector<std::string> arguments = argumentsOf(container, world);
    if (arguments.empty()) return std::nullopt;
    const shell::World fresh = world;
    std::vector<ContainerPlan::Run> runs;
    while (runs.size() < kMostStarts) {
        const std::size_t start = runs.size();
        // Files outlive a container that is started again, in the Pod's volumes; variables do not.
        shell::World before = fresh;
        before.files = world.files;
        before.seed = std::hash<std::string>()(pod.metadata.uid + "/" + container.name + "/" + std::to_string(start));
        world = before;
        const auto ending = shell::follow(arguments, world);
        if (!ending) return std::nullopt;
        runs.push_back({.length = ending->length, .exitCode = ending->exitCode});
        if (!ending->length || (world.files == before.files && world.seed == before.seed)) break;
    }
    const auto same = [](const ContainerPlan::Run& a, const ContainerPlan::Run& b) { return a.length == b.length && a.exitCode == b.exitCode; };
    while (runs.size() > 1 && same(runs.back(), runs[runs.size() - 2])) runs.pop_back();
    return runs;
}

std::optional<ContainerPlan::Run> runOf(const corev1::Pod& pod, const corev1::Container& container, const std::vector<std::string>& command) {
    shell::World world = worldOf(pod, container);
    const auto ending = shell::follow(command, world);
    if (!ending) return std::nullopt;
    return ContainerPlan::Run{.length = ending->length, .exitCode = ending->exitCode};
}

}  // namespace qd::hollow
