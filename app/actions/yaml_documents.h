// YAML manifests as what people edit and drop: documents with the line where each begins, Lists taken apart. The
// reading and writing itself is cluster/api/codec/yaml.h, so that a manifest means here what it means to kubectl.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"

namespace qd::actions {

struct YamlDocument {
    int line = 1;  // where it begins in the text, from 1
    boost::json::value value;
};

// All documents of a text (JSON is YAML too), empty ones left out; a List becomes its items. BadRequest naming the line
// when the text is no YAML.
Result<std::vector<YamlDocument>> parseYaml(std::string_view text);

// The line that an error of parseYaml names; 0 when it names none.
int lineOf(const Error& error);

std::string writeYaml(const boost::json::value& value);

}  // namespace qd::actions
