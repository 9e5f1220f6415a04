#include "cluster/api/downward/expansion.h"

#include <vector>

namespace qd::api::downward {
namespace {

std::string expandInto(std::string_view text, const std::map<std::string, std::string>& variables,
                       std::vector<std::string>& unknown) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '$' || at + 1 == text.size()) {
            result += text[at];
            continue;
        }
        if (text[at + 1] == '$') {
            result += '$';
            ++at;
            continue;
        }
        const std::size_t end = text[at + 1] == '(' ? text.find(')', at + 2) : std::string_view::npos;
        if (end == std::string_view::npos) {
            result += '$';
            continue;
        }
        const std::string name(text.substr(at + 2, end - at - 2));
        if (const auto found = variables.find(name); found != variables.end()) {
            result += found->second;
        } else {
            unknown.push_back(name);
            result += text.substr(at, end - at + 1);
        }
        at = end;
    }
    return result;
}

}  // namespace

std::string expand(std::string_view text, const std::map<std::string, std::string>& variables) {
    std::vector<std::string> unknown;
    return expandInto(text, variables, unknown);
}

Result<std::string> expandStrictly(std::string_view text, const std::map<std::string, std::string>& variables) {
    std::vector<std::string> unknown;
    std::string result = expandInto(text, variables, unknown);
    if (!unknown.empty()) return fail(Reason::BadRequest, "missing value for \"" + unknown.front() + "\"");
    return result;
}

}  // namespace qd::api::downward
