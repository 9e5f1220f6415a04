// libvirt's errors as Quarterdeck's: what happened, to which object, and what the user can do about it.
#pragma once

#include <string>
#include <string_view>

#include "cluster/base/result.h"

namespace qd::host {

// Translates libvirt's error of the call that just failed on this thread. `action` says what was tried and on what, as
// the message's beginning: "starting the domain qd-dev-node-1".
Error lastLibvirtError(std::string_view action);

// The same for a failed connection, whose causes differ: package missing, daemon not running, group membership missing.
Error lastConnectError(const std::string& uri);

// The table behind both, apart for tests. `code` and `domain` are virErrorNumber and virErrorDomain.
Error translateLibvirtError(std::string_view action, int code, int domain, std::string_view message);
Error translateConnectError(const std::string& uri, int code, std::string_view message);

}  // namespace qd::host
