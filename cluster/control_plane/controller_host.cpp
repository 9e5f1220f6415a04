#include "cluster/control_plane/controller_host.h"

#include "cluster/base/log.h"
#include "cluster/control_plane/in_process_client.h"

namespace qd::control_plane {
namespace {

const std::string kManager = "kube-controller-manager";

// Who a controller is to admission plugins that ask what it may do: those of certificates share an account, as upstream's do.
std::string_view accountOf(std::string_view controller) { return controller.starts_with("certificatesigningrequest-") ? "certificate-controller" : controller; }

// Each controller acts under its own service account, as kube-controller-manager's do.
apiserver::User userOf(std::string_view controller) {
    apiserver::User user;
    user.name = "system:serviceaccount:kube-system:" + std::string(accountOf(controller));
    user.groups = {"system:serviceaccounts", "system:serviceaccounts:kube-system", std::string(apiserver::kAuthenticatedGroup)};
    return user;
}

}  // namespace

ControllerHost::ControllerHost(apiserver::ApiServer& server, base::Executor& deliver, base::Executor& work, base::Random& random,
                               const controllers::Options& options, const std::vector<std::string>& chosen)
    : m_reader(std::make_unique<InProcessClient>(server, userOf("informers"), kManager)), m_informers(*m_reader, deliver) {
    for (const auto& descriptor : controllers::controllerDescriptors(options)) {
        if (!controllers::isEnabled(chosen, descriptor)) continue;
        auto client = std::make_unique<InProcessClient>(server, userOf(descriptor.name), kManager);
        m_runners.push_back(std::make_unique<controllers::Runner>(descriptor, std::move(client), m_informers, work, random));
    }
}

ControllerHost::~ControllerHost() { stop(); }

void ControllerHost::start() {
    m_informers.start();
    for (auto& runner : m_runners) runner->start();
    base::logger("controllers")->info("{} controllers started", m_runners.size());
}

void ControllerHost::stop() {
    for (auto& runner : m_runners) runner->stop();
    m_informers.stop();
}

bool ControllerHost::synced() const { return m_informers.synced(); }

}  // namespace qd::control_plane
