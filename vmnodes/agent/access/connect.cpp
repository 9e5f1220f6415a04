#include "vmnodes/agent/access/connect.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cluster/client/https_client.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::agent {

Result<Connection> connect(const std::string& kubeconfigPath, const base::Clock& clock) {
    std::ifstream in(kubeconfigPath);
    if (!in) return fail(Reason::NotFound, "cannot read the kubeconfig " + kubeconfigPath);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto access = client::accessOf(text, "", std::filesystem::path(kubeconfigPath).parent_path());
    if (!access) return fail(access.error().within("the kubeconfig " + kubeconfigPath + " cannot be used"));
    Connection connection{std::make_unique<client::HttpThreads>(), nullptr};
    client::HttpsClientOptions options{.http = client::httpOptions(*access), .fieldManager = "kubelet"};
    options.http.userAgent = "qdeck-agent";
    auto made = client::HttpsClient::create(*connection.threads, std::move(options), clock);
    if (!made) return fail(made.error().within("the kubeconfig " + kubeconfigPath + " cannot be used"));
    connection.client = std::move(*made);
    return connection;
}

}  // namespace qd::agent
