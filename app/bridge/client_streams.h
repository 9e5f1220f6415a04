#pragma once

#include <memory>

#include "app/bridge/client_session.h"
#include "cluster/client/kubeconfig/kubeconfig.h"
#include "cluster/client/transport/http_client.h"

namespace qd::bridge {

// Logs and terminals of a session over HTTPS: a log is a followed GET, a terminal a WebSocket that speaks
// v5.channel.k8s.io (https://kubernetes.io/docs/reference/using-api/api-concepts/, KEP-4006), its first byte being the
// channel.
class ClientStreams : public ClientSession::Streams {
public:
    // The clock must outlive it. Fails when the entry's address or certificates cannot be used.
    static Result<std::unique_ptr<ClientStreams>> open(client::HttpClientOptions options, const base::Clock& clock);
    static Result<std::unique_ptr<ClientStreams>> open(const client::KubeconfigEntry& entry, const base::Clock& clock);
    std::unique_ptr<ByteStream> logs(const LogRequest& request) override;
    std::unique_ptr<ByteStream> exec(const ExecRequest& request) override;

    // The connection with its threads; streams share it and may outlive the session.
    struct Line {
        client::HttpThreads threads;
        std::unique_ptr<client::HttpClient> http;
    };

private:
    explicit ClientStreams(std::shared_ptr<Line> line) : m_line(std::move(line)) {}
    std::shared_ptr<Line> m_line;
};

// The path and query of a request, for tests.
std::string logPath(const LogRequest& request);
std::string execPath(const ExecRequest& request);

}  // namespace qd::bridge
