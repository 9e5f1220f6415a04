// Binds by creating a Binding of the Pod.
#pragma once

#include "cluster/client/client.h"
#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class DefaultBinder final : public Plugin, public BindPlugin {
public:
    explicit DefaultBinder(client::Client& client) : m_client(client) {}
    std::string_view name() const override { return "DefaultBinder"; }
    std::optional<Result<void>> bind(const corev1::Pod& pod, const std::string& node) override;

private:
    client::Client& m_client;
};

}  // namespace qd::scheduler
