// Bootstrap tokens as bearer tokens: whoever shows one is the user system:bootstrap:<id> of the group
// system:bootstrappers. https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
#pragma once

#include <string>

#include "cluster/apiserver/admission/admission.h"
#include "cluster/apiserver/auth/bearer_tokens.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

class BootstrapTokens final : public TokenSource {
public:
    // audiences: the API server's own, for which all of these tokens are good. All outlive it.
    BootstrapTokens(const Reader& reader, const base::Clock& clock, std::vector<std::string> audiences)
        : m_reader(reader), m_clock(clock), m_audiences(std::move(audiences)) {}

    Result<std::optional<TokenIdentity>> identify(std::string_view token,
                                                  const std::vector<std::string>& audiences) const override;

private:
    const Reader& m_reader;
    const base::Clock& m_clock;
    std::vector<std::string> m_audiences;
};

}  // namespace qd::apiserver
