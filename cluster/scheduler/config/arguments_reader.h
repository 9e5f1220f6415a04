// Reads the arguments of one plugin.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cluster/scheduler/config/fields.h"
#include "cluster/scheduler/config/plugin_arguments.h"

namespace qd::scheduler {

void readArguments(const std::string& plugin, const boost::json::value& value, const api::field::Path& path,
                   PluginArguments& into, Problems& problems);

}  // namespace qd::scheduler
