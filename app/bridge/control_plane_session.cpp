#include "app/bridge/control_plane_session.h"

namespace qd::bridge {

std::unique_ptr<ClientSession> openInProcess(const QString& name, std::shared_ptr<control_plane::ControlPlane> plane,
                                             base::Executor& executor) {
    client::Client* raw = plane->client("quarterdeck").release();
    std::shared_ptr<client::Client> client(raw, [plane = std::move(plane)](client::Client* gone) { delete gone; });
    return std::make_unique<ClientSession>(name, std::move(client), executor);
}

}  // namespace qd::bridge
