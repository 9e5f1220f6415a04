#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "app/cli/commands/cluster_commands.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::cli {

void KubeconfigCommand::declare(CLI::App& command) {
    declareName(command, m_name);
    auto* file = command.add_option("--file,-f", m_file, "Write it to this file; with --merge: merge into this file");
    file->type_name("FILE");
    command.add_flag("--merge", m_merge, "Merge it into kubectl's own ($KUBECONFIG or ~/.kube/config), keeping all else, with a backup");
    command.add_flag("--current", m_current, "With --merge: make it the current context");
    declareOutput(command);
}

Result<void> KubeconfigCommand::run() {
    const host::ClusterLayout layout(environment().directories, m_name);
    if (const auto spec = layout.load(); !spec) return fail(spec.error());
    const auto text = pki::readFile(layout.kubeconfigFile());
    if (!text)
        return fail(text.error().within(fmt::format("the cluster \"{}\" has no kubeconfig yet; it has never been up", m_name)));
    if (m_merge) return merge(*text);
    if (m_file.empty()) {
        print({{"name", m_name}, {"kubeconfig", *text}}, *text);
        return {};
    }
    if (auto written = pki::writePrivateFile(m_file, *text); !written) return written;
    print({{"name", m_name}, {"file", m_file}}, fmt::format("Written to {}.", m_file));
    return {};
}

Result<void> KubeconfigCommand::merge(const std::string& text) {
    const auto access = client::accessOf(text, "", {});
    if (!access) return fail(access.error());
    client::KubeconfigEntry entry;
    entry.name = access->context;
    entry.server = access->server;
    entry.authorityPem = access->authorityPem;
    entry.clientCertificatePem = access->clientCertificatePem;
    entry.clientKeyPem = access->clientKeyPem;
    const std::filesystem::path file = m_file.empty() ? environment().userKubeconfig : std::filesystem::path(m_file);
    if (file.empty()) return fail(Reason::NotFound, "neither KUBECONFIG nor HOME is set; name a file with --file");
    const auto backup = client::mergeIntoFile(file, entry, m_current, base::SystemClock().now());
    if (!backup) return fail(backup.error());
    const std::string kept = *backup ? (*backup)->string() : "";
    print({{"name", m_name}, {"file", file.string()}, {"context", entry.name}, {"backup", kept}},
          fmt::format("The context {} is in {}{}.", entry.name, file.string(), kept.empty() ? "" : "; a backup is in " + kept));
    return {};
}

}  // namespace qd::cli
