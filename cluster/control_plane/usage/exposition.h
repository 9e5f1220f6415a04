// The text format in which programs tell their metrics.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/base/time.h"

namespace qd::control_plane {

struct MetricLine {
    std::string_view name;
    std::map<std::string, std::string, std::less<>> labels;
    double value = 0;
    std::optional<base::WallTime> at;

    // "" when there is no such label.
    std::string_view label(std::string_view key) const;
};

// Calls `take` for each sample. Lines that are none are passed over: one broken metric must not hide the others.
void readExposition(std::string_view text, const std::function<void(const MetricLine&)>& take);

}  // namespace qd::control_plane
