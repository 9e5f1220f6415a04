// A client to a cluster that nobody asks anything.
#pragma once

#include "cluster/base/simulation.h"
#include "cluster/client/client.h"

namespace qd::scheduler::testing {

class NoClient final : public client::Client {
public:
    Result<api::ObjectPtr> get(const client::ResourceName&, const std::string&, const std::string&, const std::string&) override { return none(); }
    Result<client::ObjectList> list(const client::ResourceName&, const std::string&, const client::ListOptions&) override { return none(); }
    Result<api::ObjectPtr> create(const client::ResourceName&, const std::string&, const api::Object&, const client::WriteOptions&, const std::string&, const std::string&) override { return none(); }
    Result<api::ObjectPtr> update(const client::ResourceName&, const api::Object&, const client::WriteOptions&, const std::string&) override { return none(); }
    Result<api::ObjectPtr> patch(const client::ResourceName&, const std::string&, const std::string&, client::PatchKind, std::string_view, const client::PatchOptions&, const std::string&) override { return none(); }
    Result<void> remove(const client::ResourceName&, const std::string&, const std::string&, const client::DeleteOptions&) override { return none(); }
    Result<void> removeCollection(const client::ResourceName&, const std::string&, const client::ListOptions&, const client::DeleteOptions&) override { return none(); }
    Result<std::unique_ptr<client::Watch>> watch(const client::ResourceName&, const std::string&, const client::ListOptions&, base::Executor&, client::WatchHandler) override { return none(); }
    Result<std::string> raw(const std::string&) override { return none(); }

private:
    static base::Failure none() { return fail(Reason::ServiceUnavailable, "there is no cluster"); }
};

}  // namespace qd::scheduler::testing
