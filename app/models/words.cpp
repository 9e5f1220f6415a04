#include "app/models/words.h"

#include <QCoreApplication>
#include <QLocale>
#include <cmath>

namespace qd::models {

namespace {
struct Words {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Words)
};
}  // namespace

QString lengthText(base::Duration length) {
    const auto seconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(length).count());
    //: A length of time in seconds.
    if (seconds < 60) return Words::tr("%1 s").arg(seconds);
    //: A length of time in minutes.
    if (seconds < 60 * 60) return Words::tr("%1 min").arg(seconds / 60);
    //: A length of time in hours.
    if (seconds < 48 * 3600) return Words::tr("%1 h").arg(seconds / 3600);
    //: A length of time in days.
    return Words::tr("%1 d").arg(seconds / 86400);
}

QString ageText(const api::Time& since, base::WallTime now) {
    return since.isZero() ? QString() : lengthText(now - since.wall());
}

QString bytesText(double bytes) {
    static const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (bytes >= 1024 && unit < 4) {
        bytes /= 1024;
        ++unit;
    }
    const bool fraction = bytes < 10 && unit >= 3;
    return QStringLiteral("%1 %2").arg(QLocale().toString(bytes, 'f', fraction ? 1 : 0), QLatin1String(units[unit]));
}

QString cpuText(double cores) {
    if (cores > 0 && cores < 1) return QStringLiteral("%1 m").arg(std::lround(cores * 1000));
    const bool whole = std::abs(cores - std::round(cores)) < 0.05;
    return QLocale().toString(cores, 'f', whole ? 0 : 1);
}

QString coresText(double cores) {
    QString text = QLocale().toString(cores, 'f', 2);
    const QString point = QLocale().decimalPoint();
    while (text.contains(point) && (text.endsWith(u'0') || text.endsWith(point))) text.chop(1);
    return text;
}

}  // namespace qd::models
