#include "cluster/api/meta/time.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace qd::api {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::string_view kLayout = "2006-01-02T15:04:05Z07:00";
constexpr std::string_view kMicroLayout = "2006-01-02T15:04:05.000000Z07:00";

struct Civil {
    int year = 0;
    unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::int64_t floorDiv(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

std::string formatSeconds(std::int64_t seconds) {
    const std::int64_t day = floorDiv(seconds, 86'400);
    const auto rest = static_cast<unsigned>(seconds - day * 86'400);
    const std::chrono::year_month_day date{sys_days(days(day))};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3600,
                       rest / 60 % 60, rest % 60);
}

// Reads RFC 3339 from left to right; what is left of the text when a part does not fit is named in the error.
class TimeParser {
public:
    // fractionDigits: how many digits the fraction must have; -1: any, or none.
    explicit TimeParser(std::string_view text, int fractionDigits = -1)
        : m_text(text), m_rest(text), m_fractionDigits(fractionDigits) {}

    struct Parsed {
        std::int64_t seconds;
        std::int32_t nanoseconds;
    };
    Result<Parsed> parse() {
        Civil civil;
        unsigned year = 0;
        if (!number(4, year)) return expected("2006");
        if (!literal('-')) return expected("-");
        if (!number(2, civil.month)) return expected("01");
        if (civil.month < 1 || civil.month > 12) return outOfRange("month");
        if (!literal('-')) return expected("-");
        if (!number(2, civil.day)) return expected("02");
        if (!literal('T')) return expected("T");
        if (!number(2, civil.hour)) return expected("15");
        if (civil.hour > 23) return outOfRange("hour");
        if (!literal(':')) return expected(":");
        if (!number(2, civil.minute)) return expected("04");
        if (civil.minute > 59) return outOfRange("minute");
        if (!literal(':')) return expected(":");
        if (!number(2, civil.second)) return expected("05");
        if (civil.second > 59) return outOfRange("second");
        civil.year = static_cast<int>(year);
        const std::size_t before = m_rest.size();
        const std::int32_t nanoseconds = fraction();
        if (m_fractionDigits >= 0 && before - m_rest.size() != static_cast<std::size_t>(m_fractionDigits) + 1) {
            m_rest = m_text.substr(m_text.size() - before);
            return expected(".000000");
        }
        std::int64_t offset = 0;
        if (!zone(offset)) return expected("Z07:00");
        if (!m_rest.empty()) return failed(fmt::format(": extra text: \"{}\"", m_rest));
        const std::chrono::year_month_day date{std::chrono::year(civil.year), std::chrono::month(civil.month),
                                               std::chrono::day(civil.day)};
        if (!date.ok()) return outOfRange("day");
        return Parsed{sys_days(date).time_since_epoch().count() * 86'400LL + civil.hour * 3600 + civil.minute * 60 +
                          civil.second - offset,
                      nanoseconds};
    }

private:
    bool number(std::size_t digits, unsigned& value) {
        if (m_rest.size() < digits) return false;
        value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (m_rest[i] < '0' || m_rest[i] > '9') return false;
            value = value * 10 + static_cast<unsigned>(m_rest[i] - '0');
        }
        m_rest.remove_prefix(digits);
        return true;
    }
    bool literal(char c) {
        if (m_rest.empty() || m_rest.front() != c) return false;
        m_rest.remove_prefix(1);
        return true;
    }
    std::int32_t fraction() {
        if (m_rest.size() < 2 || (m_rest[0] != '.' && m_rest[0] != ',') || m_rest[1] < '0' || m_rest[1] > '9') return 0;
        m_rest.remove_prefix(1);
        std::int32_t value = 0;
        int digits = 0;
        while (!m_rest.empty() && m_rest.front() >= '0' && m_rest.front() <= '9') {
            if (digits < 9) {
                value = value * 10 + (m_rest.front() - '0');
                ++digits;
            }
            m_rest.remove_prefix(1);
        }
        for (; digits < 9; ++digits) value *= 10;
        return value;
    }
    bool zone(std::int64_t& offset) {
        if (literal('Z')) return true;
        const int sign = literal('+') ? 1 : literal('-') ? -1 : 0;
        unsigned hours = 0, minutes = 0;
        if (sign == 0 || !number(2, hours) || !literal(':') || !number(2, minutes)) return false;
        if (hours > 24 || minutes > 59) return false;
        offset = sign * static_cast<std::int64_t>(hours * 3600 + minutes * 60);
        return true;
    }
    base::Failure failed(const std::string& why) const {
        return fail(Reason::BadRequest, fmt::format("parsing time \"{}\"{}", m_text, why));
    }
    base::Failure expected(std::string_view what) const {
        return failed(fmt::format(" as \"{}\": cannot parse \"{}\" as \"{}\"",
                                  m_fractionDigits < 0 ? kLayout : kMicroLayout, m_rest, what));
    }
    base::Failure outOfRange(std::string_view what) const { return failed(fmt::format(": {} out of range", what)); }

    std::string_view m_text;
    std::string_view m_rest;
    int m_fractionDigits;
};

}  // namespace

Time::Time(base::WallTime time)
    : m_seconds(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()) {}

Time Time::fromUnix(std::int64_t seconds) {
    Time time;
    time.m_seconds = seconds;
    return time;
}

std::string Time::toString() const {
    return formatSeconds(m_seconds) + 'Z';
}

Result<Time> Time::parse(std::string_view text) {
    const auto parsed = TimeParser(text).parse();
    if (!parsed) return fail(parsed.error());
    return fromUnix(parsed->seconds);
}

MicroTime MicroTime::fromUnix(std::int64_t seconds, std::int32_t nanoseconds) {
    MicroTime time;
    time.m_microseconds = seconds * 1'000'000 + nanoseconds / 1000;
    return time;
}

std::string MicroTime::toString() const {
    const std::int64_t seconds = floorDiv(m_microseconds, 1'000'000);
    return fmt::format("{}.{:06}Z", formatSeconds(seconds), m_microseconds - seconds * 1'000'000);
}

Result<MicroTime> MicroTime::parse(std::string_view text) {
    const auto parsed = TimeParser(text, 6).parse();
    if (!parsed) return fail(parsed.error());
    return fromUnix(parsed->seconds, parsed->nanoseconds);
}

namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
constexpr std::array kUnits = {
    Unit{"ns", 1},         Unit{"us", 1'000},        Unit{"\xc2\xb5s", 1'000},  Unit{"\xce\xbcs", 1'000},
    Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"h", 3'600'000'000'000}};

// "12" or "1.5" with what follows the last digit that counts left out: `value` in units of 10^-digits.
std::string withFraction(std::uint64_t value, int digits) {
    std::uint64_t scale = 1;
    for (int i = 0; i < digits; ++i) scale *= 10;
    std::string text = std::to_string(value / scale);
    if (std::uint64_t rest = value % scale; rest != 0) {
        std::string fraction = fmt::format("{:0{}}", rest, digits);
        fraction.erase(fraction.find_last_not_of('0') + 1);
        text += '.' + fraction;
    }
    return text;
}

__extension__ using Int128 = __int128;

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string Duration::toString() const {
    if (nanoseconds == 0) return "0s";
    const bool negative = nanoseconds < 0;
    const std::uint64_t total =
        negative ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
    std::string text = negative ? "-" : "";
    if (total < 1'000) return text + std::to_string(total) + "ns";
    if (total < 1'000'000) return text + withFraction(total, 3) + "\xc2\xb5s";
    if (total < 1'000'000'000) return text + withFraction(total, 6) + "ms";
    const std::uint64_t minutes = total / 60'000'000'000;
    if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
    if (minutes > 0) text += std::to_string(minutes % 60) + "m";
    return text + withFraction(total % 60'000'000'000, 9) + "s";
}

Result<Duration> Duration::parse(std::string_view text) {
    const auto invalid = [&] { return fail(Reason::BadRequest, fmt::format("time: invalid duration \"{}\"", text)); };
    std::string_view rest = text;
    bool negative = false;
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
        negative = rest.front() == '-';
        rest.remove_prefix(1);
    }
    if (rest == "0") return Duration{};
    if (rest.empty()) return invalid();
    Int128 total = 0;
    while (!rest.empty()) {
        Int128 whole = 0, fraction = 0, scale = 1;
        bool any = false;
        for (; !rest.empty() && isDigit(rest.front()); rest.remove_prefix(1), any = true) {
            if (whole > std::numeric_limits<std::int64_t>::max()) return invalid();
            whole = whole * 10 + (rest.front() - '0');
        }
        if (!rest.empty() && rest.front() == '.') {
            rest.remove_prefix(1);
            for (; !rest.empty() && isDigit(rest.front()); rest.remove_prefix(1), any = true) {
                if (scale < 1'000'000'000'000'000) {
                    fraction = fraction * 10 + (rest.front() - '0');
                    scale *= 10;
                }
            }
        }
        if (!any) return invalid();
        std::size_t length = 0;
        while (length < rest.size() && rest[length] != '.' && !isDigit(rest[length])) ++length;
        const std::string_view name = rest.substr(0, length);
        if (name.empty()) return fail(Reason::BadRequest, fmt::format("time: missing unit in duration \"{}\"", text));
        const Unit* unit = nullptr;
        for (const Unit& candidate : kUnits) {
            if (candidate.name == name) unit = &candidate;
        }
        if (!unit)
            return fail(Reason::BadRequest, fmt::format("time: unknown unit \"{}\" in duration \"{}\"", name, text));
        rest.remove_prefix(length);
        total += whole * unit->nanoseconds + fraction * unit->nanoseconds / scale;
        if (total > Int128(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0)) return invalid();
    }
    return Duration{static_cast<std::int64_t>(negative ? -total : total)};
}

}  // namespace qd::api
