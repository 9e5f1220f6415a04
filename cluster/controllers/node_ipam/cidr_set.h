// A range of IPv4 addresses split into equal parts. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "cluster/base/result.h"

namespace qd::controllers {

class CidrSet {
public:
    // parse("10.244.0.0/16", 24) has 256 parts, 10.244.0.0/24 to 10.244.255.0/24.
    static Result<CidrSet> parse(std::string_view range, int partMask);

    // The lowest part that overlaps none of these; nothing when all are taken. Texts that are no CIDR are ignored.
    std::optional<std::string> firstFree(const std::set<std::string>& taken) const;

private:
    std::uint32_t m_first = 0;
    int m_mask = 0;
    int m_partMask = 0;
};

}  // namespace qd::controllers
