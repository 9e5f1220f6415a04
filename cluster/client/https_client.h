// A Client of any Kubernetes API server, over HTTPS.
//
//     HttpThreads threads;
//     auto client = HttpsClient::create(threads, {.http = httpOptions(*access), .fieldManager = "qdeck"}, clock);
//     auto pod = Api<corev1::Pod>(**client).get("default", "web");
//
// Requests block their caller for a round trip. A watch holds no thread: its events are decoded on the executor that it
// was given, and the server is held back while they wait there. A watch that the server ends by itself, as servers do
// now and then, ends with an Error event of reason Timeout: whoever wants to go on begins another one (an Informer
// does). A failure to begin it is told by an Error event too.
#pragma once

#include <memory>
#include <string>

#include "cluster/client/client.h"
#include "cluster/client/kubeconfig/kubeconfig.h"
#include "cluster/client/streaming_client.h"
#include "cluster/client/transport/http_client.h"

namespace qd::client {

// How a kubeconfig's context is reached.
HttpClientOptions httpOptions(const KubeconfigAccess& access);

struct HttpsClientOptions {
    HttpClientOptions http;
    std::string fieldManager;  // of writes that name none; empty: the server takes it from http.userAgent
    base::Duration requestTimeout = std::chrono::seconds(60);
};

class HttpsClient final : public Client, public StreamingClient {
public:
    // The threads and the clock must outlive the client; the client must outlive its watches and streams.
    static Result<std::unique_ptr<HttpsClient>> create(HttpThreads& threads, HttpsClientOptions options,
                                                       const base::Clock& clock);

    // See HttpClient.
    Result<void> setCertificate(std::string certificatePem, std::string keyPem);

    Result<api::ObjectPtr> get(const ResourceName& resource, const std::string& ns, const std::string& name,
                               const std::string& subresource = "") override;
    Result<ObjectList> list(const ResourceName& resource, const std::string& ns, const ListOptions& options) override;
    // Null where the server answers with a Status, as it does to bindings and evictions.
    Result<api::ObjectPtr> create(const ResourceName& resource, const std::string& ns, const api::Object& object,
                                  const WriteOptions& options = {}, const std::string& name = "",
                                  const std::string& subresource = "") override;
    Result<api::ObjectPtr> update(const ResourceName& resource, const api::Object& object,
                                  const WriteOptions& options = {}, const std::string& subresource = "") override;
    Result<api::ObjectPtr> patch(const ResourceName& resource, const std::string& ns, const std::string& name,
                                 PatchKind kind, std::string_view patch, const PatchOptions& options = {},
                                 const std::string& subresource = "") override;
    Result<void> remove(const ResourceName& resource, const std::string& ns, const std::string& name,
                        const DeleteOptions& options = {}) override;
    Result<void> removeCollection(const ResourceName& resource, const std::string& ns, const ListOptions& which,
                                  const DeleteOptions& options = {}) override;
    Result<std::unique_ptr<Watch>> watch(const ResourceName& resource, const std::string& ns,
                                         const ListOptions& options, base::Executor& executor,
                                         WatchHandler handler) override;
    Result<std::string> raw(const std::string& pathAndQuery) override;

    std::unique_ptr<ResponseStream> follow(const std::string& pathAndQuery,
                                           std::shared_ptr<ResponseHandler> handler) override;
    void openChannel(const std::string& pathAndQuery, std::vector<std::string> subprotocols,
                     std::shared_ptr<http::ChannelHandler> handler, HttpClient::Opened done) override;

private:
    HttpsClient(std::unique_ptr<HttpClient> http, HttpsClientOptions options)
        : m_http(std::move(http)), m_options(std::move(options)) {}

    Result<std::string> send(std::string method, std::string target, std::string body, std::string_view contentType);
    Result<api::ObjectPtr> sendForObject(std::string method, std::string target, std::string body,
                                         std::string_view contentType);
    http::Query writeQuery(const WriteOptions& options) const;

    std::unique_ptr<HttpClient> m_http;
    const HttpsClientOptions m_options;
};

}  // namespace qd::client
