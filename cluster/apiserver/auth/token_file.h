// Tokens of a CSV file: token,user,uid,"group1,group2". Read once.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "cluster/apiserver/auth/bearer_tokens.h"

namespace qd::apiserver {

class TokenFile final : public TokenSource {
public:
    static Result<std::unique_ptr<TokenFile>> load(const std::filesystem::path& file);
    // BadRequest names the line.
    static Result<std::unique_ptr<TokenFile>> parse(std::string_view csv);

    Result<std::optional<TokenIdentity>> identify(std::string_view token,
                                                  const std::vector<std::string>& audiences) const override;

private:
    std::map<std::string, User, std::less<>> m_users;  // by token
};

}  // namespace qd::apiserver
