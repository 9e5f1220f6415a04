#include "app/bridge/control_plane_session.h"

#include "app/bridge/client_streams.h"
#include "cluster/base/log.h"

namespace qd::bridge {

std::unique_ptr<ClientSession> openInProcess(const QString& name, std::shared_ptr<control_plane::ControlPlane> plane,
                                             base::Executor& executor) {
    std::unique_ptr<ClientSession::Streams> streams;
    if (auto opened = ClientStreams::open(plane->kubeconfigEntry(), executor.clock()))
        streams = std::move(*opened);
    else
        base::logger("window")->warn("no logs and terminals: {}", opened.error().message);
    client::Client* raw = plane->client("quarterdeck").release();
    std::shared_ptr<client::Client> client(raw, [plane = std::move(plane)](client::Client* gone) { delete gone; });
    return std::make_unique<ClientSession>(name, std::move(client), executor, std::move(streams));
}

}  // namespace qd::bridge
