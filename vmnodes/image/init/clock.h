// Keeps the system's time at the machine's RTC, which QEMU keeps at the host's time, also after a restore.
#pragma once

#include <time.h>

#include <optional>

namespace qd::image {

// The time to set, if the two differ by two seconds or more. The RTC counts whole seconds, so its reading is up to one
// second old.
std::optional<timespec> correction(const timespec& system, time_t rtc);
// Compares and, if need be, steps the system's time. Quiet where there is no RTC.
void followRtc();

}  // namespace qd::image
