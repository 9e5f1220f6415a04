#include "cluster/apiserver/auth/token_file.h"

#include <fmt/format.h>

#include "cluster/base/pki/private_file.h"

namespace qd::apiserver {
namespace {

std::string trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

// RFC 4180: fields in quotes may hold commas, a doubled quote is one.
std::vector<std::string> fieldsOf(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            fields.back() += line[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    for (auto& field : fields) field = trimmed(field);
    return fields;
}

}  // namespace

Result<std::unique_ptr<TokenFile>> TokenFile::parse(std::string_view csv) {
    auto file = std::make_unique<TokenFile>();
    int number = 0;
    while (!csv.empty()) {
        const auto end = std::min(csv.find('\n'), csv.size());
        const std::string_view line = csv.substr(0, end);
        csv.remove_prefix(std::min(end + 1, csv.size()));
        ++number;
        if (trimmed(line).empty() || line.starts_with('#')) continue;
        const auto fields = fieldsOf(line);
        if (fields.size() < 3) {
            return fail(Reason::BadRequest,
                        fmt::format("line {}: token, user name and user id are needed, {} fields found", number, fields.size()));
        }
        if (fields[0].empty()) return fail(Reason::BadRequest, fmt::format("line {}: the token is empty", number));
        User user{.name = fields[1], .uid = fields[2], .groups = {}, .extra = {}};
        if (fields.size() > 3) {
            for (auto& group : fieldsOf(fields[3])) {
                if (!group.empty()) user.groups.push_back(std::move(group));
            }
        }
        file->m_users.insert_or_assign(fields[0], std::move(user));
    }
    return file;
}

Result<std::unique_ptr<TokenFile>> TokenFile::load(const std::filesystem::path& path) {
    const auto text = pki::readFile(path);
    if (!text) return fail(text.error().within("the token file"));
    auto file = parse(*text);
    if (!file) return fail(file.error().within("the token file " + path.string()));
    return file;
}

Result<std::optional<TokenIdentity>> TokenFile::identify(std::string_view token,
                                                         const std::vector<std::string>& audiences) const {
    const auto found = m_users.find(token);
    if (found == m_users.end()) return std::optional<TokenIdentity>{};
    return std::optional(TokenIdentity{found->second, audiences});
}

}  // namespace qd::apiserver
