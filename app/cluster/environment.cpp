#include "app/cluster/environment.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "cluster/client/kubeconfig/kubeconfig.h"
#include "vmnodes/host/child_process.h"

namespace qd::cluster {
namespace {

namespace fs = std::filesystem;

constexpr base::Duration kBuildDeadline = std::chrono::minutes(30);
constexpr int kNotBuilt = 3;  // exit code of the builder's --path
constexpr std::string_view kImageStep = "image";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string firstExisting(const std::vector<fs::path>& candidates) {
    std::error_code ignored;
    for (const fs::path& candidate : candidates)
        if (fs::exists(candidate, ignored)) return candidate.lexically_normal();
    return candidates.back().lexically_normal();
}

std::string_view lastLine(std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    return text.substr(text.rfind('\n') + 1);
}

// "[3/8] root file system" as progress; other lines are details of the step before.
void reportBuild(std::string_view output, Steps& steps) {
    const std::size_t open = output.rfind("\n[");
    const std::string_view line = output.substr(open == output.npos ? 0 : open + 1);
    int done = 0;
    int all = 0;
    if (!line.starts_with('[')) return;
    const auto [slash, first] = std::from_chars(line.data() + 1, line.data() + line.size(), done);
    if (first != std::errc() || slash == line.data() + line.size() || *slash != '/') return;
    const auto [bracket, second] = std::from_chars(slash + 1, line.data() + line.size(), all);
    if (second != std::errc() || all <= 0) return;
    std::string_view words = line.substr(static_cast<std::size_t>(bracket - line.data()) + 1);
    words = words.substr(0, words.find('\n'));
    steps.progress(std::string(kImageStep), fmt::format("building:{}", words), (done - 1.0) / all);
}

Result<std::string> buildImage(const Environment& environment, const base::Clock& clock, Steps& steps,
                               std::stop_token stop) {
    const auto never = [](const std::string&) { return false; };
    auto found = host::runChild({environment.imageBuilder, "--path"}, std::chrono::minutes(1), clock, stop, never);
    if (!found) return fail(found.error().within("looking for the node image"));
    if (found->exitCode == 0) return std::string(lastLine(found->output));
    if (found->exitCode != kNotBuilt)
        return fail(Reason::InternalError, fmt::format("{} --path failed: {}", environment.imageBuilder, found->output));
    std::size_t seen = 0;
    auto built = host::runChild({environment.imageBuilder}, kBuildDeadline, clock, stop, [&](const std::string& output) {
        if (output.size() != std::exchange(seen, output.size())) reportBuild(output, steps);
        return false;
    });
    if (!built) return fail(built.error().within("building the node image"));
    if (stop.stop_requested()) return fail({Reason::Timeout, "building the node image was cancelled", {}, {}, host::kCancelledCode});
    if (!built->ended || built->exitCode != 0) {
        const std::string_view output = built->output;
        return fail(Reason::InternalError, fmt::format("the node image could not be built: {}",
                                                       output.substr(output.size() > 2000 ? output.size() - 2000 : 0)));
    }
    return std::string(lastLine(built->output));
}

}  // namespace

Environment Environment::ofThisProgram() {
    std::error_code ignored;
    const fs::path bin = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    const fs::path share = bin / "../share/quarterdeck";
    Environment environment;
    environment.directories = host::Directories::fromEnvironment();
    environment.imageBuilder = firstExisting({share / "image/build", fs::path(QD_SOURCE_DIR) / "vmnodes/image/build"});
    environment.imageFolder = variable("QD_NODE_IMAGE");
    environment.agentDisk = variable("QD_AGENT_DISK");
    if (environment.agentDisk.empty()) environment.agentDisk = firstExisting({share / "agent.erofs", bin / "../agent.erofs"});
    environment.userKubeconfig = client::defaultKubeconfigPath(std::getenv("KUBECONFIG"), std::getenv("HOME"));
    environment.debug = variable("QD_NODE_DEBUG");
    return environment;
}

Result<host::NodeImage> provideNodeImage(const Environment& environment, const base::Clock& clock, Steps& steps,
                                         std::stop_token stop) {
    std::string folder = environment.imageFolder;
    if (folder.empty()) {
        auto built = buildImage(environment, clock, steps, stop);
        if (!built) return fail(std::move(built.error()));
        folder = std::move(*built);
    }
    auto image = host::loadNodeImage(folder);
    if (!image) return image;
    if (auto added = host::addAgentDisk(*image, environment.agentDisk); !added)
        return fail(added.error().within("the nodes' agent (build the target agent_disk)"));
    return image;
}

}  // namespace qd::cluster
