// JSON in tests: written with single quotes, compared as Go writes it.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "cluster/api/merge/json_value.h"

namespace qd::tests {

// Parses JSON in which ' stands for ".
inline boost::json::value parse(std::string_view text) {
    std::string quoted(text);
    for (char& c : quoted) {
        if (c == '\'') c = '"';
    }
    return boost::json::parse(quoted);
}

// The value's text with sorted members and ' for ".
inline std::string text(const boost::json::value& value) {
    std::string out;
    api::merge::appendGoJson(out, value);
    for (char& c : out) {
        if (c == '"') c = '\'';
    }
    return out;
}

}  // namespace qd::tests
