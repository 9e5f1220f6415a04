// image load: brings images to the nodes. image list stands with the commands that change nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "app/cli/commands/cluster_commands.h"
#include "app/cli/progress_printer.h"
#include "app/cluster/image_load.h"

namespace qd::cli {
namespace {

constexpr const char* kHowToSave =
    "An archive is what \"docker save NAME:TAG -o FILE.tar\" or \"podman save NAME:TAG -o FILE.tar\" writes, or an OCI\n"
    "image layout as tar; gzip and zstd may be around it. A Pod uses the image by its name with imagePullPolicy\n"
    "IfNotPresent or Never (what Kubernetes assumes for every tag but :latest).\n\n";

boost::json::object toJson(const cluster::LoadedArchive& one) {
    boost::json::object item{{"node", one.node}, {"archive", one.archive}};
    if (one.error)
        item["error"] = cluster::toJson(*one.error);
    else
        item["images"] = boost::json::array(one.images.begin(), one.images.end());
    return item;
}

// The images, each with the nodes that have it now.
std::string summary(const std::vector<cluster::LoadedArchive>& outcomes) {
    std::vector<std::pair<std::string, std::vector<std::string>>> images;
    for (const cluster::LoadedArchive& one : outcomes)
        for (const std::string& name : one.images) {
            auto found = std::ranges::find(images, name, &decltype(images)::value_type::first);
            if (found == images.end()) found = images.insert(found, {name, {}});
            found->second.push_back(one.node);
        }
    std::string text;
    for (const auto& [name, nodes] : images) text += fmt::format("{} is on {}\n", name, fmt::join(nodes, ", "));
    return text;
}

}  // namespace

void ImageLoadCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    command.add_option("ARCHIVE", m_archives, "Files that hold images")->required();
    command.add_option("--node", m_nodes, "Only into this node; may be given several times")->allow_extra_args(false);
    declareOutput(command);
    command.footer(std::string(kHowToSave) + kExitCodes);
}

Result<void> ImageLoadCommand::run() {
    if (auto checked = cluster::checkArchives(m_archives); !checked) return checked;
    const auto view = viewByName(environment(), m_name);
    if (!view) return fail(view.error());
    const auto targets = cluster::imageTargets(*view, m_nodes);
    if (!targets) return fail(targets.error());
    const auto access =
        cluster::imageLoadAccess(host::ClusterLayout(environment().directories, m_name).kubeconfigFile());
    if (!access) return fail(access.error());
    ProgressPrinter printer;
    const auto outcomes = cluster::loadImages(*access, *targets, m_archives, printer.handler(), {});
    boost::json::array items;
    for (const cluster::LoadedArchive& one : outcomes) items.push_back(toJson(one));
    print({{"name", m_name}, {"loaded", items}}, summary(outcomes));
    const auto failed = std::ranges::find_if(outcomes, [](const auto& one) { return one.error.has_value(); });
    if (failed == outcomes.end()) return {};
    return fail(failed->error->within(fmt::format("{} was not loaded into {}", failed->archive, failed->node)));
}

}  // namespace qd::cli
