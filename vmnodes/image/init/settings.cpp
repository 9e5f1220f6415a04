#include "settings.h"

#include <cstdio>
#include <filesystem>
#include <ranges>

#include "files.h"

namespace qd::image {
namespace {

std::string jsonString(std::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
            json += escape;
        } else {
            json += c;
        }
    }
    return json + '"';
}

}  // namespace

std::vector<std::string> smbiosStrings(std::string_view structure) {
    std::vector<std::string> strings;
    if (structure.size() < 2) return strings;
    const auto formatted = static_cast<unsigned char>(structure[1]);
    if (formatted >= structure.size()) return strings;
    for (std::string_view rest = structure.substr(formatted); !rest.empty() && rest.front() != '\0';) {
        const std::size_t end = rest.find('\0');
        strings.emplace_back(rest.substr(0, end));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return strings;
}

void takeSetting(Settings& settings, std::string_view text) {
    constexpr std::string_view kPrefix = "qd.";
    const std::size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == std::string_view::npos || equals == kPrefix.size()) return;
    settings.insert_or_assign(std::string(text.substr(kPrefix.size(), equals - kPrefix.size())),
                              std::string(text.substr(equals + 1)));
}

Settings readSettings() {
    Settings settings;
    const std::string commandLine = readWord("/proc/cmdline");
    for (const auto word : commandLine | std::views::split(' ')) {
        takeSetting(settings, std::string_view(word.begin(), word.end()));
    }
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/firmware/dmi/entries", ignored)) {
        if (!entry.path().filename().string().starts_with("11-")) continue;
        if (const auto raw = readFile(entry.path().string() + "/raw")) {
            for (const auto& text : smbiosStrings(*raw)) takeSetting(settings, text);
        }
    }
    return settings;
}

std::string setting(const Settings& settings, std::string_view key, std::string_view without) {
    const auto found = settings.find(key);
    return found == settings.end() || found->second.empty() ? std::string(without) : found->second;
}

std::string toJson(const Settings& settings) {
    std::string json = "{";
    for (const auto& [key, value] : settings) {
        if (json.size() > 1) json += ", ";
        json += jsonString(key) + ": " + jsonString(value);
    }
    return json + "}\n";
}

}  // namespace qd::image
