// What StorageClasses and VolumeAttributesClasses tell a driver.
#pragma once

#include <string>

#include "cluster/api/field/path.h"
#include "cluster/api/values.h"

namespace qd::api {

// The name of a provisioner or driver, in any case of letters.
field::Errors provisionerErrors(const std::string& name, const field::Path& path);
field::Errors parametersErrors(const Map<std::string>& parameters, bool mayBeEmpty, const field::Path& path);

}  // namespace qd::api
