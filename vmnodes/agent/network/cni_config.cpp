#include "vmnodes/agent/network/cni_config.h"

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace qd::agent::network {

std::string cniConfiguration(const PodNetwork& network) {
    const std::string everywhere = network.podCidr.address.v6 ? "::/0" : "0.0.0.0/0";
    boost::json::value bridge = {
        {"type", "bridge"},
        {"bridge", network.bridge},
        {"mtu", network.mtu},
        {"isGateway", true},
        {"isDefaultGateway", false},
        {"hairpinMode", true},
        {"ipMasq", false},
        {"ipam",
         {{"type", "host-local"},
          {"ranges",
           boost::json::array{boost::json::array{boost::json::object{{"subnet", network.podCidr.network().text()}}}}},
          {"routes", boost::json::array{boost::json::object{{"dst", everywhere}}}},
          {"dataDir", "/var/lib/cni/networks"}}},
    };
    const boost::json::value list = {
        {"cniVersion", "1.0.0"},
        {"name", "quarterdeck"},
        {"plugins", boost::json::array{bridge}},
    };
    return boost::json::serialize(list) + "\n";
}

Result<bool> writeCniConfiguration(const PodNetwork& network, const std::string& folder) {
    const std::string path = folder + "/10-quarterdeck.conflist";
    const std::string wanted = cniConfiguration(network);
    if (std::ifstream in(path); in) {
        std::stringstream present;
        present << in.rdbuf();
        if (present.str() == wanted) return false;
    }
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string fresh = folder + "/.quarterdeck.new";  // containerd reads only *.conf, *.conflist, *.json
    std::ofstream out(fresh, std::ios::trunc);
    out << wanted;
    out.close();
    if (!out) return fail(Reason::InternalError, "cannot write the network configuration " + fresh);
    std::filesystem::rename(fresh, path, error);
    if (error) return fail(Reason::InternalError, "cannot put " + path + " in place: " + error.message());
    return true;
}

}  // namespace qd::agent::network
