#include "vmnodes/agent/access/connect.h"

namespace qd::agent {

Result<std::unique_ptr<client::Client>> connect(const std::string& kubeconfigPath, base::Executor&) {
    return fail(Reason::MethodNotAllowed,
                kubeconfigPath + ": this build of the agent cannot reach an API server; it runs static Pods only");
}

}  // namespace qd::agent
