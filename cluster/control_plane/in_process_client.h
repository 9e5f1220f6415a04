// The client of everything that lives in the control plane's own process: calls the verbs directly, shares the stored
// objects, encodes nothing. A write returns when it is on disk, within a client::WriteScope when it is accepted.
#pragma once

#include <string>

#include "cluster/apiserver/api_server.h"
#include "cluster/client/client.h"

namespace qd::control_plane {

class InProcessClient final : public client::Client {
public:
    // user: as whom it writes, e.g. system:serviceaccount:kube-system:deployment-controller. manager: its field manager.
    InProcessClient(apiserver::ApiServer& server, apiserver::User user, std::string manager)
        : m_server(server), m_user(std::move(user)), m_manager(std::move(manager)) {}

    Result<api::ObjectPtr> get(const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource) override;
    Result<client::ObjectList> list(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options) override;
    Result<api::ObjectPtr> create(const client::ResourceName& resource, const std::string& ns, const api::Object& object, const client::WriteOptions& options,
                                  const std::string& name, const std::string& subresource) override;
    Result<api::ObjectPtr> update(const client::ResourceName& resource, const api::Object& object, const client::WriteOptions& options, const std::string& subresource) override;
    Result<api::ObjectPtr> patch(const client::ResourceName& resource, const std::string& ns, const std::string& name, client::PatchKind kind, std::string_view patch,
                                 const client::PatchOptions& options, const std::string& subresource) override;
    Result<void> remove(const client::ResourceName& resource, const std::string& ns, const std::string& name, const client::DeleteOptions& options) override;
    Result<void> removeCollection(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& which, const client::DeleteOptions& options) override;
    Result<std::unique_ptr<client::Watch>> watch(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options, base::Executor& executor,
                                                 client::WatchHandler handler) override;
    Result<std::string> raw(const std::string& pathAndQuery) override;

private:
    apiserver::Caller caller(const std::string& fieldManager) const;
    Result<api::ObjectPtr> viaRequest(const std::string& method, const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource,
                                      const std::string& body, const std::string& contentType);

    apiserver::ApiServer& m_server;
    apiserver::User m_user;
    std::string m_manager;
};

}  // namespace qd::control_plane
