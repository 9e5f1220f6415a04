// resource.Quantity: an exact decimal number with a suffix that survives (500m, 1.5Gi, 12e6).
//
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/. Nothing finer than a
// billionth is kept: finer parts are rounded away from zero. Magnitudes beyond 1.7e29 become that.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "cluster/base/result.h"

namespace qd::api {

class Quantity {
public:
    enum class Format : std::uint8_t { DecimalExponent, BinarySI, DecimalSI };
    __extension__ using Int128 = __int128;

    // Zero, without a format: it takes the format of what is added to it first.
    Quantity() = default;
    explicit Quantity(std::int64_t value, Format format = Format::DecimalSI);
    static Quantity milli(std::int64_t value, Format format = Format::DecimalSI);
    static Quantity ofNano(Int128 nano, Format format);

    static Result<Quantity> parse(std::string_view text);
    // For literals in our own code: aborts when the text is no quantity.
    static Quantity of(std::string_view literal);

    // The canonical form, or the text it was parsed from where Kubernetes keeps that.
    std::string toString() const { return m_text.empty() ? canonical() : m_text; }
    Format format() const { return m_format; }

    bool isZero() const { return m_nano == 0; }
    int sign() const { return m_nano > 0 ? 1 : m_nano < 0 ? -1 : 0; }
    // Rounded up (away from zero) to whole units or thousandths; saturates.
    std::int64_t value() const { return scaled(1'000'000'000); }
    std::int64_t milliValue() const { return scaled(1'000'000); }
    Int128 nano() const { return m_nano; }
    double toDouble() const { return static_cast<double>(m_nano) / 1e9; }

    Quantity& operator+=(const Quantity& other);
    Quantity& operator-=(const Quantity& other);
    Quantity& operator*=(std::int64_t factor);
    Quantity operator-() const;
    friend Quantity operator+(Quantity a, const Quantity& b) { return a += b; }
    friend Quantity operator-(Quantity a, const Quantity& b) { return a -= b; }
    friend Quantity operator*(Quantity a, std::int64_t factor) { return a *= factor; }

    // By amount; formats do not matter.
    bool operator==(const Quantity& other) const { return m_nano == other.m_nano; }
    std::strong_ordering operator<=>(const Quantity& other) const {
        return m_nano < other.m_nano   ? std::strong_ordering::less
               : m_nano > other.m_nano ? std::strong_ordering::greater
                                       : std::strong_ordering::equal;
    }

private:
    std::string canonical() const;
    std::int64_t scaled(std::int64_t unit) const;

    Int128 m_nano = 0;
    std::string m_text;
    Format m_format = Format::DecimalSI;
};

}  // namespace qd::api
