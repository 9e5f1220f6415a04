// $(NAME) references in commands, arguments, environment values and subPathExpr.
// Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cluster/base/result.h"

namespace qd::api::downward {

// "$(A)" becomes the value of A; "$$" stands for "$"; a reference to an unknown name stays as it is written.
std::string expand(std::string_view text, const std::map<std::string, std::string>& variables);
// The same, but an unknown name is an error.
Result<std::string> expandStrictly(std::string_view text, const std::map<std::string, std::string>& variables);

}  // namespace qd::api::downward
