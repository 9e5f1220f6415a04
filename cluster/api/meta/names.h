// What names may look like, and what is said of those that do not. Each function returns the complaints in the words of
// k8s.io/apimachinery util/validation; none when the text is valid.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qd::api {

using Complaints = std::vector<std::string>;

Complaints dns1123LabelErrors(std::string_view text);
Complaints dns1123SubdomainErrors(std::string_view text);
Complaints dns1035LabelErrors(std::string_view text);
Complaints qualifiedNameErrors(std::string_view text);   // label keys, finalizers, resource names
Complaints labelValueErrors(std::string_view text);
Complaints pathSegmentErrors(std::string_view text, bool isPrefix);
Complaints configMapKeyErrors(std::string_view text);
Complaints environmentNameErrors(std::string_view text);  // relaxed: any printable but '='
Complaints cIdentifierErrors(std::string_view text);
Complaints portNameErrors(std::string_view text);         // IANA service name
Complaints httpHeaderNameErrors(std::string_view text);
Complaints underscoredSubdomainErrors(std::string_view text);  // labels may begin with and contain '_'
Complaints rangeErrors(std::int64_t value, std::int64_t least, std::int64_t most);
Complaints portNumberErrors(std::int64_t port);
Complaints wildcardSubdomainErrors(std::string_view text);
Complaints ipErrors(std::string_view text);
Complaints cidrErrors(std::string_view text);
Complaints percentErrors(std::string_view text);

// Rules for names of objects. A prefix (generateName) may end in a dash: something follows it.
std::string withoutTrailingDash(std::string_view name, bool isPrefix);
Complaints nameAsSubdomainErrors(const std::string& name, bool isPrefix);
Complaints nameAsLabelErrors(const std::string& name, bool isPrefix);
Complaints nameAsDns1035LabelErrors(const std::string& name, bool isPrefix);
Complaints nameAsPathSegmentErrors(const std::string& name, bool isPrefix);

// "a" and "b" joined as upstream joins several complaints about one value.
std::string joinComplaints(const Complaints& complaints);

}  // namespace qd::api
