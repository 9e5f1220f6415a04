#include "archive.h"

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <ranges>

#include "files.h"

namespace qd::image {
namespace {

// POSIX.1-1988 (ustar): https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
constexpr std::size_t kBlock = 512;

std::string_view field(std::string_view header, std::size_t offset, std::size_t size) {
    const std::string_view raw = header.substr(offset, size);
    return raw.substr(0, raw.find('\0'));
}

std::optional<std::size_t> octal(std::string_view digits) {
    std::size_t value = 0;
    bool any = false;
    for (const char c : digits) {
        if (c == ' ') continue;
        if (c < '0' || c > '7') return std::nullopt;
        value = value * 8 + static_cast<std::size_t>(c - '0');
        any = true;
    }
    return any ? std::optional(value) : std::nullopt;
}

bool checksumHolds(std::string_view header) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    }
    return octal(field(header, 148, 8)) == sum;
}

bool staysInside(std::string_view name) {
    if (name.empty() || name.front() == '/') return false;
    for (const auto part : name | std::views::split('/')) {
        if (std::string_view(part.begin(), part.end()) == "..") return false;
    }
    return true;
}

Outcome<> writeEntry(char type, const std::string& path, std::string_view content) {
    if (type == '5') return makeFolders(path, 0700);
    if (auto made = makeFolders(path.substr(0, path.rfind('/')), 0700); !made) return made;
    return writeFile(path, content, 0600);
}

}  // namespace

Outcome<> unpackArchive(std::string_view archive, const std::string& folder) {
    if (auto made = makeFolders(folder, 0700); !made) return made;
    while (archive.size() >= kBlock && archive.front() != '\0') {
        const std::string_view header = archive.substr(0, kBlock);
        archive.remove_prefix(kBlock);
        const auto size = octal(field(header, 124, 12));
        if (!checksumHolds(header) || !size) return failed("not a tar archive, or a damaged one");

        std::string name(field(header, 345, 155));
        if (!name.empty()) name += '/';
        name += field(header, 0, 100);
        while (name.ends_with('/')) name.pop_back();
        const std::size_t padded = (*size + kBlock - 1) / kBlock * kBlock;
        if (padded > archive.size()) return failed("the archive ends inside " + name);

        const char type = header[156] == '\0' ? '0' : header[156];
        if (type != '0' && type != '5') return failed(name + " is neither a file nor a folder");
        if (!staysInside(name)) return failed("the name " + name + " leads out of the folder");
        if (name != ".") {
            if (auto done = writeEntry(type, folder + "/" + name, archive.substr(0, *size)); !done) return done;
        }
        archive.remove_prefix(padded);
    }
    return {};
}

}  // namespace qd::image
