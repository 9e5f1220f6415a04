#include "vmnodes/agent/access/connect.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::agent {
namespace {

Result<client::KubeconfigAccess> accessOf(const std::string& path) {
    std::ifstream in(path);
    if (!in) return fail(Reason::NotFound, "cannot read the kubeconfig " + path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto access = client::accessOf(text, "", std::filesystem::path(path).parent_path());
    if (!access) return fail(access.error().within("the kubeconfig " + path + " cannot be used"));
    return access;
}

Result<std::unique_ptr<client::HttpsClient>> clientOf(client::HttpThreads& threads, client::HttpClientOptions http,
                                                      const std::string& path, const base::Clock& clock) {
    client::HttpsClientOptions options{.http = std::move(http), .fieldManager = "kubelet"};
    options.http.userAgent = "qdeck-agent";
    auto made = client::HttpsClient::create(threads, std::move(options), clock);
    if (!made) return fail(made.error().within("the kubeconfig " + path + " cannot be used"));
    return made;
}

}  // namespace

Result<Connection> connect(const std::string& kubeconfigPath, const base::Clock& clock) {
    const auto access = accessOf(kubeconfigPath);
    if (!access) return fail(access.error());
    Connection connection{std::make_unique<client::HttpThreads>(), nullptr, nullptr};
    auto made = clientOf(*connection.threads, client::httpOptions(*access), kubeconfigPath, clock);
    if (!made) return fail(std::move(made.error()));
    connection.client = std::move(*made);
    return connection;
}

Result<Connection> connectToJoin(const std::string& bootstrapKubeconfigPath, const base::Clock& clock) {
    const auto access = accessOf(bootstrapKubeconfigPath);
    if (!access) return fail(access.error());
    client::HttpClientOptions anonymous = client::httpOptions(*access);
    for (std::string* secret : {&anonymous.certificatePem, &anonymous.keyPem, &anonymous.bearerToken,
                                &anonymous.bearerTokenFile})
        secret->clear();
    Connection connection{std::make_unique<client::HttpThreads>(), nullptr, nullptr};
    auto own = clientOf(*connection.threads, anonymous, bootstrapKubeconfigPath, clock);
    if (!own) return fail(std::move(own.error()));
    connection.client = std::move(*own);
    if (access->token.empty() && access->tokenFile.empty()) return connection;
    client::HttpClientOptions withToken = std::move(anonymous);
    withToken.bearerToken = access->token;
    withToken.bearerTokenFile = access->tokenFile;
    auto bootstrap = clientOf(*connection.threads, std::move(withToken), bootstrapKubeconfigPath, clock);
    if (!bootstrap) return fail(std::move(bootstrap.error()));
    connection.bootstrap = std::move(*bootstrap);
    return connection;
}

}  // namespace qd::agent
