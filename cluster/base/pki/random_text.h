// Text that nobody can guess.
#pragma once

#include <cstddef>
#include <string>

#include "cluster/base/result.h"

namespace qd::pki {

// Of lower-case letters and digits, each as likely as any other; from the system's source of secrets.
Result<std::string> randomText(std::size_t length);

}  // namespace qd::pki
