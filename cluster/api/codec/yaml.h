// YAML in and out, as kubectl reads and writes it: scalars by the rules of YAML 1.1 as sigs.k8s.io/yaml has them (`yes`
// and `on` are true, 0777 is octal), timestamps stay text, keys become strings, merge keys (<<) are merged.
#pragma once

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"

namespace qd::api {

struct YamlDocument {
    boost::json::value tree;  // null for an empty document
    int line = 1;             // where it begins, counted from 1
    // The line of every member and element by its path as Kubernetes' errors spell it: spec.containers[0].name.
    std::map<std::string, int, std::less<>> lines;

    // The line of the path, or of the nearest member above it.
    int lineOf(std::string_view path) const;
};

// All documents of a stream; those with nothing in them are left out. A syntax error is BadRequest and names its line:
// "error converting YAML to JSON: yaml: line 3: ...". When `duplicates` is given, keys given twice are told there:
// `line 3: key "a" already set in map`; the last counts.
Result<std::vector<YamlDocument>> parseYaml(std::string_view text, std::vector<std::string>* duplicates = nullptr);

// As kubectl -o yaml: members sorted by name, lists not indented. Ends with a line feed.
std::string toYaml(const boost::json::value& tree);

}  // namespace qd::api
