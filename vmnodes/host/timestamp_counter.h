// The frequency of this machine's time stamp counter, for guests without KVM: theirs is the host's, and a guest kernel that
// measures it at boot on a busy host may measure wrong, after which its time runs too fast or too slow.
#pragma once

#include <cstdint>
#include <optional>

namespace qd::host {

// In kHz, within some parts in a million; takes 20 ms. Nullopt when the counter does not tick steadily or the processor has none.
std::optional<std::uint64_t> timestampCounterKhz();

}  // namespace qd::host
