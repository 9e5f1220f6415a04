// What the host tells a node: qd.<key>=<value> in SMBIOS OEM strings (type 11) and on the kernel command line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.h"

namespace qd::image {

using Settings = std::map<std::string, std::string, std::less<>>;

// The strings of one SMBIOS structure: its formatted part has the length in its second byte, the strings follow, each
// ended by a zero.
std::vector<std::string> smbiosStrings(std::string_view structure);
// Takes "qd.hostname=n1" as hostname -> n1; anything that does not begin with "qd." is left out.
void takeSetting(Settings& settings, std::string_view text);
// From this machine: the command line first, the OEM strings over it.
Settings readSettings();
// The value, or what to use without it.
std::string setting(const Settings& settings, std::string_view key, std::string_view without = {});
// A JSON object of strings.
std::string toJson(const Settings& settings);

}  // namespace qd::image
