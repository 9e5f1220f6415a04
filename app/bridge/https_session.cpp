#include "app/bridge/https_session.h"

#include "app/bridge/client_streams.h"
#include "cluster/client/https_client.h"

namespace qd::bridge {

namespace {

// The client with the threads that it runs on; a request that is under way keeps both.
struct Remote {
    client::HttpThreads threads;
    std::unique_ptr<client::HttpsClient> client;
};

}  // namespace

Result<std::unique_ptr<ClientSession>> openOverHttps(const QString& name, const client::KubeconfigAccess& access,
                                                     base::Executor& executor) {
    auto remote = std::make_shared<Remote>();
    client::HttpsClientOptions options;
    options.http = client::httpOptions(access);
    options.fieldManager = "quarterdeck";
    auto made = client::HttpsClient::create(remote->threads, std::move(options), executor.clock());
    if (!made) return fail(std::move(made.error()));
    remote->client = std::move(*made);
    auto streams = ClientStreams::open(client::httpOptions(access), executor.clock());
    if (!streams) return fail(std::move(streams.error()));
    client::Client* raw = remote->client.get();
    return std::make_unique<ClientSession>(name, std::shared_ptr<client::Client>(std::move(remote), raw), executor,
                                           std::move(*streams));
}

}  // namespace qd::bridge
