#include "vmnodes/agent/settings.h"

#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <iterator>

namespace qd::agent {
namespace {

Result<network::Cidr> cidr(const std::string& key, const std::string& text) {
    const auto value = network::Cidr::parse(text);
    if (!value)
        return fail(Reason::BadRequest, "node setting " + key + ": " + text + " is no address with a prefix length");
    return *value;
}

Result<int> number(const std::string& key, const std::string& text) {
    int value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size())
        return fail(Reason::BadRequest, "node setting " + key + ": " + text + " is no number");
    return value;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        if (end > at) parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

}  // namespace

Result<std::map<std::string, std::string>> readNodeFile(const std::string& path) {
    std::ifstream in(path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    boost::system::error_code error;
    const boost::json::value tree = boost::json::parse(text, error);
    if (!in.good() && text.empty()) return fail(Reason::NotFound, "cannot read " + path);
    if (error || !tree.is_object()) return fail(Reason::BadRequest, path + " is no JSON object");
    std::map<std::string, std::string> values;
    for (const auto& [key, value] : tree.get_object())
        if (value.is_string()) values[std::string(key)] = std::string(value.get_string());
    return values;
}

Result<void> apply(const std::map<std::string, std::string>& values, AgentSettings& settings) {
    for (const auto& [key, value] : values) {
        if (key == "hostname") settings.nodeName = value;
        if (key == "clusterdomain") settings.clusterDomain = value;
        if (key == "clusterdns") settings.clusterDns = split(value);
        if (key == "emulated") settings.emulated = value == "1" || value == "true";
        if (key == "address" || key == "podcidr" || key == "clustercidr") {
            auto parsed = cidr(key, value);
            if (!parsed) return fail(parsed.error());
            if (key == "address") settings.address = *parsed;
            if (key == "podcidr") settings.podCidr = *parsed;
            if (key == "clustercidr") settings.clusterCidr = *parsed;
        }
        if (key == "shutdown" || key == "mtu") {
            auto parsed = number(key, value);
            if (!parsed) return fail(parsed.error());
            (key == "mtu" ? settings.mtu : settings.shutdownSeconds) = *parsed;
        }
    }
    return {};
}

}  // namespace qd::agent
