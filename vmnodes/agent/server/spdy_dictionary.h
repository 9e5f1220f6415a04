// What both ends of SPDY/3 feed their header compression with first (section 2.6.10.1 of the specification).
#pragma once

#include <string>

namespace qd::agent::server::spdy {

const std::string& headerDictionary();

}  // namespace qd::agent::server::spdy
