#include "vmnodes/hollow/image_name.h"

#include <algorithm>
#include <string_view>

namespace qd::hollow {
namespace {

constexpr std::string_view kMissingWords[] = {"nonexistent", "non-existent", "does-not-exist", "doesnt-exist"};

// Name and tag without the digest, and without what stands before the last slash.
std::string lastPart(const std::string& image) {
    const std::string name = image.substr(0, image.find('@'));
    return name.substr(name.rfind('/') + 1);
}

}  // namespace

std::string shortName(const std::string& image) {
    const std::string last = lastPart(image);
    return last.substr(0, last.find(':'));
}

bool isMissing(const std::string& image) {
    const std::string last = lastPart(image);
    if (last.ends_with(":404") || std::ranges::any_of(kMissingWords, [&](std::string_view word) { return last.contains(word); })) return true;
    const auto slash = image.find('/');
    if (slash == std::string::npos) return false;
    const std::string host = image.substr(0, image.find_first_of(":/"));
    return host.ends_with(".invalid") || host.starts_with("invalid.");
}

}  // namespace qd::hollow
