#include "cluster/apiserver/http.h"

#include <algorithm>

namespace qd::apiserver {

bool wantsUpgrade(const Request& request, std::string_view protocol) {
    return request.headers.hasToken("Connection", "upgrade") && request.headers.hasToken("Upgrade", protocol);
}

std::vector<std::string_view> offeredSubprotocols(const Request& request) {
    std::vector<std::string_view> offered;
    for (std::string_view rest : request.headers.all("Sec-WebSocket-Protocol")) {
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            std::string_view token = rest.substr(0, comma);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            const std::size_t begin = token.find_first_not_of(" \t");
            if (begin == std::string_view::npos) continue;
            offered.push_back(token.substr(begin, token.find_last_not_of(" \t") - begin + 1));
        }
    }
    return offered;
}

}  // namespace qd::apiserver
