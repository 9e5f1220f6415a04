#include "vmnodes/host/node_image.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

namespace qd::host {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::int64_t kManifestFormat = 1;
constexpr std::size_t kHashBytes = 10;  // enough to tell agents apart

Result<json::object> readManifest(const fs::path& file) {
    std::ifstream in(file);
    if (!in)
        return fail(Reason::NotFound, fmt::format("there is no node image at {}; vmnodes/image/build makes one",
                                                  file.parent_path().string()));
    std::ostringstream text;
    text << in.rdbuf();
    boost::system::error_code error;
    const json::value value = json::parse(text.str(), error);
    if (error || !value.is_object())
        return fail(Reason::Invalid, fmt::format("{} is not a JSON object", file.string()));
    return value.get_object();
}

class Manifest {
public:
    Manifest(const fs::path& folder, const json::object& fields) : m_folder(folder), m_fields(fields) {}

    std::string text(std::string_view key) const {
        const json::value* value = m_fields.if_contains(key);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
    }
    std::int64_t number(std::string_view key) const {
        const json::value* value = m_fields.if_contains(key);
        return value != nullptr && value->is_int64() ? value->get_int64() : 0;
    }
    // The full path of a file that the manifest names; remembers the first that is missing.
    std::string file(std::string_view key) {
        const fs::path path = m_folder / text(key);
        std::error_code ignored;
        if (m_missing.empty() && !fs::is_regular_file(path, ignored)) m_missing = key;
        return path.string();
    }
    const std::string& missing() const { return m_missing; }

private:
    const fs::path& m_folder;
    const json::object& m_fields;
    std::string m_missing;
};

}  // namespace

Result<NodeImage> loadNodeImage(const std::string& folderName) {
    const fs::path folder(folderName);
    const auto fields = readManifest(folder / "manifest.json");
    if (!fields) return fail(fields.error());
    Manifest manifest(folder, *fields);
    if (manifest.number("format") != kManifestFormat) {
        return fail(
            Reason::Invalid,
            fmt::format(
                "the node image at {} has format {}, this program reads {}; build it again with vmnodes/image/build",
                folderName, manifest.number("format"), kManifestFormat));
    }
    NodeImage image{.hash = manifest.text("hash"),
                    .kernel = manifest.file("kernel"),
                    .initrd = manifest.file("initramfs"),
                    .rootImage = manifest.file("root"),
                    .dataTemplate = manifest.file("data"),
                    .dataVirtualSize = static_cast<std::uint64_t>(manifest.number("dataVirtualSize")),
                    .commandLine = manifest.text("commandLine"),
                    .commandLineTcg = manifest.text("commandLineTcg"),
                    .agentDisk = {},
                    .agentHash = {}};
    if (!manifest.missing().empty() || image.hash.empty()) {
        return fail(Reason::Invalid,
                    fmt::format("the node image at {} lacks \"{}\"; build it again with vmnodes/image/build",
                                folderName, manifest.missing().empty() ? "hash" : manifest.missing()));
    }
    return image;
}

Result<void> addAgentDisk(NodeImage& image, const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return fail(Reason::NotFound,
                    fmt::format("there is no agent disk at {}; vmnodes/image/pack-agent makes one", path));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    std::string buffer(1 << 20, '\0');
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
        EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_DigestFinal_ex(context.get(), digest, nullptr);
    image.agentDisk = path;
    image.agentHash.clear();
    for (std::size_t i = 0; i < kHashBytes; ++i) image.agentHash += fmt::format("{:02x}", digest[i]);
    return {};
}

}  // namespace qd::host
