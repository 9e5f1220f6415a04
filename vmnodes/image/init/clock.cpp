#include "clock.h"

#include <fcntl.h>
#include <linux/rtc.h>
#include <sys/ioctl.h>

#include <string>

#include "console.h"
#include "files.h"

namespace qd::image {

std::optional<timespec> correction(const timespec& system, time_t rtc) {
    constexpr long kHalf = 500'000'000;
    const double apart = static_cast<double>(rtc - system.tv_sec) + static_cast<double>(kHalf - system.tv_nsec) / 1e9;
    if (apart > -2.0 && apart < 2.0) return std::nullopt;
    return timespec{rtc, kHalf};
}

void followRtc() {
    const Descriptor clock(::open("/dev/rtc0", O_RDONLY | O_CLOEXEC));
    rtc_time read{};
    if (!clock || ::ioctl(clock.get(), RTC_RD_TIME, &read) != 0) return;
    tm parts{};
    parts.tm_year = read.tm_year;
    parts.tm_mon = read.tm_mon;
    parts.tm_mday = read.tm_mday;
    parts.tm_hour = read.tm_hour;
    parts.tm_min = read.tm_min;
    parts.tm_sec = read.tm_sec;
    timespec system{};
    ::clock_gettime(CLOCK_REALTIME, &system);
    const time_t rtc = ::timegm(&parts);
    if (const auto right = correction(system, rtc)) {
        ::clock_settime(CLOCK_REALTIME, &*right);
        warn("the clock was " + std::to_string(system.tv_sec - rtc) + " s ahead of the machine's; set right");
    }
}

}  // namespace qd::image
