// Small translated words that tables and pictures share. Pure.
#pragma once

#include <QString>
#include <string>
#include <string_view>

#include "cluster/api/meta/time.h"
#include "cluster/base/time.h"

namespace qd::models {

inline QString toQString(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

// A length of time in its largest unit: "6 s", "14 min", "2 h", "3 d". Below zero counts as zero.
QString lengthText(base::Duration length);
// How long ago, in the same words; empty for an absent time.
QString ageText(const api::Time& since, base::WallTime now);
// Bytes in the unit that people read: "21 MiB", "1.8 GiB".
QString bytesText(double bytes);
// Cores as kubectl writes them, with a space: "250 m", "1.5".
QString cpuText(double cores);
// Cores as a plain number with at most two digits: "0.25", "32".
QString coresText(double cores);

}  // namespace qd::models
