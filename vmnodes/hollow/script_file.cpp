#include "vmnodes/hollow/script_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "vmnodes/hollow/script.h"

namespace qd::hollow {

Result<std::shared_ptr<const Script>> readScriptFile(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file)
        return fail(Reason::BadRequest,
                    fmt::format("cannot read the script {}: {}", path.string(), std::strerror(errno)));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto script = Script::read(text);
    if (!script)
        return fail(script.error().reason,
                    fmt::format("the script {} is not valid:\n{}", path.string(), script.error().message));
    return std::make_shared<const Script>(std::move(*script));
}

}  // namespace qd::hollow
