// What --controllers takes, for people. Apart from control_plane.h, because programs that handle signals cannot include the API's types.
#pragma once

#include <string>

namespace qd::control_plane {

// "All controllers: …. '*' leaves out …. Not there yet: …."
std::string controllerNames();

}  // namespace qd::control_plane
