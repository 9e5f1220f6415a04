// Kernel modules without modprobe: the image keeps them uncompressed, with modules.dep beside them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.h"

namespace qd::image {

// What modules.dep says: the file of each module by its name ('-' read as '_'), and the files that it needs first.
class ModuleIndex {
public:
    explicit ModuleIndex(std::string_view modulesDep);
    // Files to load, in order, the module's own last. Empty for a name that is not there (built in, or left out).
    std::vector<std::string> loadOrder(std::string_view name) const;

private:
    struct Entry {
        std::string file;
        std::vector<std::string> needs;  // as modules.dep lists them: to be loaded from the last to the first
    };
    std::map<std::string, Entry, std::less<>> m_entries;
};

// Loads one file; a module that is loaded already is a success.
Outcome<> loadModuleFile(const std::string& path, const std::string& parameters = "");
// Loads modules with what they need from /lib/modules/<this kernel>. Each line is a name, perhaps with parameters after
// it
// ("dummy numdummies=0"). Warns about each that fails, and goes on.
void loadModules(const std::vector<std::string>& lines);

}  // namespace qd::image
