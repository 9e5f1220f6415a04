#include "cluster/api/meta/cron_schedule.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <map>
#include <vector>

#include "cluster/api/meta/time.h"

namespace qd::api {

struct CronSchedule::Zone {
    absl::TimeZone zone;
};

namespace {

constexpr std::uint64_t kStar = std::uint64_t{1} << 63;
constexpr int kYears = 5;

using Names = std::map<std::string, int, std::less<>>;
struct Bounds {
    int least, most;
    const Names* names = nullptr;
};

const Names kMonthNames = {{"jan", 1}, {"feb", 2}, {"mar", 3}, {"apr", 4},  {"may", 5},  {"jun", 6},
                           {"jul", 7}, {"aug", 8}, {"sep", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12}};
const Names kDayNames = {{"sun", 0}, {"mon", 1}, {"tue", 2}, {"wed", 3}, {"thu", 4}, {"fri", 5}, {"sat", 6}};
const Bounds kMinutes{0, 59}, kHours{0, 23}, kDays{1, 31}, kMonths{1, 12, &kMonthNames}, kWeekdays{0, 6, &kDayNames};

base::Failure bad(std::string message) {
    return fail(Reason::Invalid, std::move(message));
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators, bool keepEmpty) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find_first_of(separators);
        if (const auto part = text.substr(0, end); keepEmpty || !part.empty()) parts.push_back(part);
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

Result<int> number(std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return bad(fmt::format("failed to parse int from {0}: strconv.Atoi: parsing \"{0}\": {1}", text,
                               error == std::errc::result_out_of_range ? "value out of range" : "invalid syntax"));
    if (value < 0) return bad(fmt::format("negative number ({}) not allowed: {}", value, text));
    return value;
}

Result<int> numberOrName(std::string_view text, const Names* names) {
    std::string lower(text);
    for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (names)
        if (const auto found = names->find(lower); found != names->end()) return found->second;
    return number(text);
}

// number, number-number, * or ?, each with /step if wanted.
Result<std::uint64_t> range(std::string_view text, const Bounds& bounds) {
    const auto parts = split(text, "/", true);
    const auto ends = split(parts[0], "-", true);
    int first = bounds.least, last = bounds.most, step = 1;
    std::uint64_t star = 0;
    if (ends[0] == "*" || ends[0] == "?") {
        star = kStar;
    } else {
        const auto begin = numberOrName(ends[0], bounds.names);
        if (!begin) return fail(begin.error());
        first = last = *begin;
        if (ends.size() > 2) return bad(fmt::format("too many hyphens: {}", text));
        if (ends.size() == 2) {
            const auto end = numberOrName(ends[1], bounds.names);
            if (!end) return fail(end.error());
            last = *end;
        }
    }
    if (parts.size() > 2) return bad(fmt::format("too many slashes: {}", text));
    if (parts.size() == 2) {
        const auto given = number(parts[1]);
        if (!given) return fail(given.error());
        step = *given;
        if (ends.size() == 1) last = bounds.most;
        if (step > 1) star = 0;
    }
    if (first < bounds.least)
        return bad(fmt::format("beginning of range ({}) below minimum ({}): {}", first, bounds.least, text));
    if (last > bounds.most)
        return bad(fmt::format("end of range ({}) above maximum ({}): {}", last, bounds.most, text));
    if (first > last)
        return bad(fmt::format("beginning of range ({}) beyond end of range ({}): {}", first, last, text));
    if (step == 0) return bad(fmt::format("step of range should be a positive number: {}", text));
    std::uint64_t bits = star;
    for (int value = first; value <= last; value += step) bits |= std::uint64_t{1} << value;
    return bits;
}

Result<std::uint64_t> field(std::string_view text, const Bounds& bounds) {
    std::uint64_t bits = 0;
    for (const auto part : split(text, ",", false)) {
        const auto some = range(part, bounds);
        if (!some) return fail(some.error());
        bits |= *some;
    }
    return bits;
}

absl::Time secondsOf(base::WallTime time) {
    return absl::FromUnixSeconds(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

bool has(std::uint64_t bits, int value) {
    return (bits >> value & 1) != 0;
}

Result<absl::TimeZone> zoneNamed(const std::string& name) {
    if (name.empty() || name == "UTC") return absl::UTCTimeZone();
    if (name == "Local") return absl::LocalTimeZone();
    if (name.find("..") != std::string::npos || name.front() == '/' || name.front() == '\\')
        return bad("time: invalid location name");
    absl::TimeZone zone;
    if (!absl::LoadTimeZone(name, &zone)) return bad("unknown time zone " + name);
    return zone;
}

const std::map<std::string_view, std::string_view> kDescriptors = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};

Result<base::Duration> period(std::string_view text) {
    const auto length = Duration::parse(text.substr(std::string_view("@every ").size()));
    if (!length) return bad(fmt::format("failed to parse duration {}: {}", text, length.error().message));
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds(length->nanoseconds));
    return std::max<base::Duration>(seconds, std::chrono::seconds(1));
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
    if (text.empty()) return bad("empty spec string");
    CronSchedule schedule;
    absl::TimeZone zone = absl::UTCTimeZone();
    if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
        const std::size_t space = text.find(' '), begin = text.find('=') + 1;
        const std::string name(text.substr(begin, space == std::string_view::npos ? space : space - begin));
        const auto named = zoneNamed(name);
        if (!named) return bad(fmt::format("provided bad location {}: {}", name, named.error().message));
        zone = *named;
        text.remove_prefix(std::min(space, text.size()));
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    }
    schedule.m_zone = std::make_shared<const Zone>(zone);
    if (text.starts_with("@every ")) {
        const auto every = period(text);
        if (!every) return fail(every.error());
        schedule.m_every = *every;
        return schedule;
    }
    if (text.starts_with('@')) {
        const auto known = kDescriptors.find(text);
        if (known == kDescriptors.end()) return bad(fmt::format("unrecognized descriptor: {}", text));
        text = known->second;
    }
    const auto fields = split(text, " \t\n\v\f\r", false);
    if (fields.size() != 5)
        return bad(fmt::format("expected exactly 5 fields, found {}: [{}]", fields.size(), fmt::join(fields, " ")));
    const std::pair<std::uint64_t*, const Bounds*> wanted[] = {{&schedule.m_minutes, &kMinutes},
                                                               {&schedule.m_hours, &kHours},
                                                               {&schedule.m_days, &kDays},
                                                               {&schedule.m_months, &kMonths},
                                                               {&schedule.m_weekdays, &kWeekdays}};
    for (std::size_t i = 0; i < 5; ++i) {
        const auto bits = field(fields[i], *wanted[i].second);
        if (!bits) return fail(bits.error());
        *wanted[i].first = *bits;
    }
    return schedule;
}

// Two restrictions are alternatives, as in every cron.
bool CronSchedule::matchesDay(int day, int weekday) const {
    const bool ofMonth = has(m_days, day), ofWeek = has(m_weekdays, weekday);
    return (m_days & kStar) || (m_weekdays & kStar) ? ofMonth && ofWeek : ofMonth || ofWeek;
}

std::optional<base::WallTime> CronSchedule::next(base::WallTime after) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(after.time_since_epoch());
    if (m_every) return base::WallTime(seconds) + *m_every;
    const absl::TimeZone& zone = m_zone->zone;
    absl::Time time = absl::FromUnixSeconds(seconds.count() + 1);
    const auto limit = absl::ToCivilYear(time, zone).year() + kYears;
    for (;;) {
        const absl::CivilSecond civil = zone.At(time).cs;
        if (civil.year() > limit) return std::nullopt;
        absl::Time later = time;
        if (!has(m_months, civil.month())) {
            later = absl::FromCivil(absl::CivilMonth(civil) + 1, zone);
        } else if (!matchesDay(civil.day(), (static_cast<int>(absl::GetWeekday(civil)) + 1) % 7)) {
            later = absl::FromCivil(absl::CivilDay(civil) + 1, zone);
        } else if (!has(m_hours, civil.hour())) {
            later += absl::Seconds(3600 - civil.minute() * 60 - civil.second());
        } else if (!has(m_minutes, civil.minute()) || civil.second() != 0) {
            later += absl::Seconds(60 - civil.second());
        } else {
            return base::WallTime(std::chrono::seconds(absl::ToUnixSeconds(time)));
        }
        time = std::max(later, time + absl::Seconds(1));
    }
}

Result<void> checkTimeZone(const std::string& name) {
    const auto zone = zoneNamed(name);
    if (!zone) return fail(zone.error());
    return {};
}

std::string timeInZone(base::WallTime time, const std::string& name) {
    const auto zone = zoneNamed(name).value_or(absl::UTCTimeZone());
    std::string text = absl::FormatTime("%Y-%m-%d%ET%H:%M:%S%Ez", secondsOf(time), zone);
    if (text.ends_with("+00:00")) text.replace(text.size() - 6, 6, "Z");
    return text;
}

std::string rfc1123(base::WallTime time) {
    return absl::FormatTime(absl::RFC1123_full, secondsOf(time), absl::UTCTimeZone());
}

}  // namespace qd::api
