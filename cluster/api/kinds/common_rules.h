// Checks of values that fields of several kinds have: names, ports, addresses. Each says in upstream's words what is wrong.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/field/path.h"
#include "cluster/api/meta/names.h"
#include "cluster/api/values.h"

namespace qd::api {

// An error a complaint, all about this value.
field::Errors complaintErrors(const field::Path& path, const field::Shown& value, const Complaints& complaints);
field::Errors labelErrors(const field::Path& path, const std::string& value);          // a DNS label
field::Errors subdomainErrors(const field::Path& path, const std::string& value);      // a DNS subdomain
field::Errors qualifiedErrors(const field::Path& path, const std::string& value);      // example.com/name
field::Errors portNumberErrors(const field::Path& path, std::int64_t port);
field::Errors portErrors(const field::Path& path, const IntOrString& port);
// One of these; told as unsupported otherwise.
field::Errors choiceErrors(const field::Path& path, const std::string& value, std::initializer_list<std::string_view> choices);
// The same, and a missing value is told as such.
field::Errors requiredChoiceErrors(const field::Path& path, const std::string& value, std::initializer_list<std::string_view> choices);
field::Errors protocolErrors(const field::Path& path, const std::string& protocol);

// Fields that take old spellings of addresses when the stored object has them already.
field::Errors addressErrors(const field::Path& path, const std::string& value, const std::vector<std::string>& stored = {});
field::Errors networkErrors(const field::Path& path, const std::string& value, const std::vector<std::string>& stored = {});
// An address in its canonical spelling.
field::Errors canonicalAddressErrors(const field::Path& path, const std::string& value);
// What traffic can be sent to: neither unspecified nor loopback nor link-local.
field::Errors endpointAddressErrors(const field::Path& path, const std::string& value);
std::vector<std::string> addressWarnings(const field::Path& path, const std::string& value);
std::vector<std::string> networkWarnings(const field::Path& path, const std::string& value);

// "acme.io/foo": who something is handed to.
field::Errors domainPrefixedPathErrors(const field::Path& path, const std::string& value);
// For faults of a whole that is too large to be shown.
field::FieldError invalidUnshown(const field::Path& path, std::string_view detail);

bool contains(std::initializer_list<std::string_view> choices, std::string_view value);

}  // namespace qd::api
