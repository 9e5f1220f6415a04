#include "app/cluster/node_configuration.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::cluster {
namespace {

constexpr std::chrono::days kCertificateLife{3650};

la_ssize_t append(struct archive*, void* out, const void* data, std::size_t size) {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
}

}  // namespace

Result<std::string> makeArchive(const std::vector<ArchivedFile>& files) {
    std::string out;
    const std::unique_ptr<struct archive, int (*)(struct archive*)> writer(archive_write_new(), archive_write_free);
    const auto failed = [&] {
        const char* why = archive_error_string(writer.get());
        return fail(Reason::InternalError, std::string("writing an archive: ") + (why != nullptr ? why : "no memory"));
    };
    if (!writer || archive_write_set_format_ustar(writer.get()) != ARCHIVE_OK ||
        archive_write_open(writer.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK)
        return failed();
    for (const ArchivedFile& file : files) {
        const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
        archive_entry_set_pathname(entry.get(), file.name.c_str());
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_perm(entry.get(), 0600);
        if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
            archive_write_data(writer.get(), file.content.data(), file.content.size()) !=
                static_cast<la_ssize_t>(file.content.size()))
            return failed();
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) return failed();
    return out;
}

Result<host::NodeConfiguration> configureNode(const host::NodeIdentity& node, const host::AddressPlan& plan,
                                              const NodeTerms& terms, const pki::Authority& authority) {
    const auto validity = pki::Validity::from(terms.now, kCertificateLife);
    auto server = authority.issueServer({.commonName = "system:node:" + node.name,
                                         .organizations = {"system:nodes"},
                                         .dnsNames = {node.name},
                                         .ipAddresses = {node.address.toString()}},
                                        validity);
    if (!server) return fail(server.error().within("the serving certificate"));
    client::KubeconfigEntry entry;
    entry.name = "default";
    entry.server = terms.server;
    entry.authorityPem = authority.certificate().pem();
    entry.token = terms.joinToken;

    host::NodeConfiguration configuration;
    configuration.settings = {{"server", terms.server},
                              {"clustercidr", plan.pods.toString()},
                              {"clusterdns", plan.dnsService().toString()},
                              {"clusterdomain", std::string(kClusterDomain)}};
    if (terms.emulated) configuration.settings["emulated"] = "1";
    if (!terms.debug.empty()) configuration.settings["debug"] = terms.debug;
    auto archive = makeArchive({{"bootstrap-kubeconfig", client::newKubeconfig(entry)},
                                {"ca.crt", entry.authorityPem},
                                {"serving.crt", server->certificatePem},
                                {"serving.key", server->keyPem}});
    if (!archive) return fail(std::move(archive.error()));
    configuration.archive = std::move(*archive);
    return configuration;
}

}  // namespace qd::cluster
