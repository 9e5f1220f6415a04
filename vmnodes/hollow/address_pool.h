// Hands out the addresses of one node's part of the Pod network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>

#include "cluster/base/result.h"

namespace qd::hollow {

class AddressPool {
public:
    // An IPv4 network such as 10.244.3.0/24. The network's own address, the first (the bridge's) and the last are kept back.
    static Result<AddressPool> of(const std::string& cidr);

    // The next free one, going around, so that an address rests before it is used again. Empty when all are taken.
    std::string take();
    // An address that a Pod has already.
    void mark(const std::string& address);
    void release(const std::string& address);

private:
    std::uint32_t m_first = 0;
    std::uint32_t m_size = 0;
    std::uint32_t m_next = 0;
    std::unordered_set<std::uint32_t> m_taken;
};

}  // namespace qd::hollow
