#include "cluster/api/kinds/common_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cluster/api/meta/ip.h"

namespace qd::api {

field::Errors complaintErrors(const field::Path& path, const field::Shown& value, const Complaints& complaints) {
    field::Errors errors;
    for (const auto& complaint : complaints) errors.push_back(field::invalid(path, value, complaint));
    return errors;
}

field::Errors labelErrors(const field::Path& path, const std::string& value) { return complaintErrors(path, value, dns1123LabelErrors(value)); }
field::Errors subdomainErrors(const field::Path& path, const std::string& value) { return complaintErrors(path, value, dns1123SubdomainErrors(value)); }
field::Errors qualifiedErrors(const field::Path& path, const std::string& value) { return complaintErrors(path, value, qualifiedNameErrors(value)); }
field::Errors portNumberErrors(const field::Path& path, std::int64_t port) { return complaintErrors(path, port, portNumberErrors(port)); }

field::Errors portErrors(const field::Path& path, const IntOrString& port) {
    if (port.isString) return complaintErrors(path, port.text, portNameErrors(port.text));
    return portNumberErrors(path, port.number);
}

bool contains(std::initializer_list<std::string_view> choices, std::string_view value) { return std::find(choices.begin(), choices.end(), value) != choices.end(); }

field::Errors choiceErrors(const field::Path& path, const std::string& value, std::initializer_list<std::string_view> choices) {
    if (contains(choices, value)) return {};
    return {field::notSupported(path, value, {choices.begin(), choices.end()})};
}

field::Errors requiredChoiceErrors(const field::Path& path, const std::string& value, std::initializer_list<std::string_view> choices) {
    if (value.empty()) return {field::required(path)};
    return choiceErrors(path, value, choices);
}

field::Errors protocolErrors(const field::Path& path, const std::string& protocol) { return requiredChoiceErrors(path, protocol, {"SCTP", "TCP", "UDP"}); }

field::Errors addressErrors(const field::Path& path, const std::string& value, const std::vector<std::string>& stored) {
    if (std::find(stored.begin(), stored.end(), value) != stored.end()) return {};
    const auto ip = IpAddress::parse(value);
    if (!ip) return {field::invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")};
    field::Errors errors;
    if (ip->leadingZeros) errors.push_back(field::invalid(path, value, "must not have leading 0s"));
    if (ip->mapped) errors.push_back(field::invalid(path, value, "must not be an IPv4-mapped IPv6 address"));
    return errors;
}

field::Errors networkErrors(const field::Path& path, const std::string& value, const std::vector<std::string>& stored) {
    if (std::find(stored.begin(), stored.end(), value) != stored.end()) return {};
    const auto network = IpNetwork::parse(value);
    if (!network) return {field::invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")};
    if (network->leadingZeros) return {field::invalid(path, value, "must not have leading 0s in IP or prefix length")};
    if (network->address.mapped) return {field::invalid(path, value, "must not have an IPv4-mapped IPv6 address")};
    if (!(network->first() == network->address)) return {field::invalid(path, value, "must not have bits set beyond the prefix length")};
    return {};
}

field::Errors canonicalAddressErrors(const field::Path& path, const std::string& value) {
    field::Errors errors = addressErrors(path, value);
    if (!errors.empty()) return errors;
    const std::string canonical = IpAddress::parse(value)->toString();
    if (value != canonical) errors.push_back(field::invalid(path, value, fmt::format("must be in canonical form (\"{}\")", canonical)));
    return errors;
}

field::Errors endpointAddressErrors(const field::Path& path, const std::string& value) {
    const auto ip = IpAddress::parse(value);
    if (!ip) return {field::invalid(path, value, "must be a valid IP address")};
    field::Errors errors;
    if (ip->isUnspecified()) errors.push_back(field::invalid(path, value, fmt::format("may not be unspecified ({})", value)));
    if (ip->isLoopback()) errors.push_back(field::invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    if (ip->isLinkLocalUnicast()) errors.push_back(field::invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
    if (ip->isLinkLocalMulticast()) errors.push_back(field::invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
    return errors;
}

field::Errors domainPrefixedPathErrors(const field::Path& path, const std::string& value) {
    if (value.empty()) return {field::required(path)};
    const std::size_t slash = value.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == value.size()) {
        return {field::invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")")};
    }
    const std::string host = value.substr(0, slash);
    const std::string rest = value.substr(slash + 1);
    field::Errors errors = subdomainErrors(path, host);
    const auto allowed = [](unsigned char c) { return std::isalnum(c) || std::string_view("/-._~%!$&'()*+,;=:").find(static_cast<char>(c)) != std::string_view::npos; };
    if (!std::all_of(rest.begin(), rest.end(), allowed)) {
        errors.push_back(field::invalid(path, rest, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"));
    }
    return errors;
}

field::FieldError invalidUnshown(const field::Path& path, std::string_view detail) {
    return {field::ErrorType::Invalid, path.text(), fmt::format("Invalid value: {}", detail)};
}

std::vector<std::string> addressWarnings(const field::Path& path, const std::string& value) {
    const auto ip = IpAddress::parse(value);
    if (!ip) return {};
    if (ip->leadingZeros || ip->mapped) return {fmt::format("{}: non-standard IP address \"{}\" is invalid: use \"{}\"", path.text(), value, ip->toString())};
    if (ip->v6 && ip->toString() != value) {
        return {fmt::format("{}: IPv6 address \"{}\" should be in RFC 5952 canonical format (\"{}\")", path.text(), value, ip->toString())};
    }
    return {};
}

std::vector<std::string> networkWarnings(const field::Path& path, const std::string& value) {
    const auto network = IpNetwork::parse(value);
    if (!network) return {};
    std::vector<std::string> warnings;
    if (!(network->first() == network->address)) {
        warnings.push_back(fmt::format("{}: CIDR value \"{}\" is ambiguous in this context (should be \"{}\" or \"{}/{}\"?)", path.text(), value, network->toString(),
                                       network->address.toString(), network->address.v6 ? 128 : 32));
    }
    if (network->leadingZeros || network->address.mapped) {
        warnings.push_back(fmt::format("{}: non-standard CIDR value \"{}\" is invalid: use \"{}\"", path.text(), value, network->toString()));
    }
    if (warnings.empty() && network->address.v6 && network->toString() != value) {
        warnings.push_back(fmt::format("{}: IPv6 CIDR value \"{}\" should be in RFC 5952 canonical format (\"{}\")", path.text(), value, network->toString()));
    }
    return warnings;
}

}  // namespace qd::api
