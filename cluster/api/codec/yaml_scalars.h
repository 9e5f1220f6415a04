// What a plain YAML scalar means. Source: https://yaml.org/type/ as gopkg.in/yaml.v2 implements it.
#pragma once

#include <boost/json/value.hpp>

#include <string_view>

namespace qd::api {

// null, bool, int64, double, or the text itself.
boost::json::value resolveScalar(std::string_view text);

}  // namespace qd::api
