// The Events of one hollow node, as of its kubelet. Most nodes never have any, so what records them is made for the first.
// Called on the node's strand.
#pragma once

#include <memory>
#include <string>

#include "cluster/client/event_recorder.h"

namespace qd::hollow {

class NodeEvents {
public:
    NodeEvents(client::Client& client, base::Executor& executor, std::string node)
        : m_client(client), m_executor(executor), m_node(std::move(node)) {}

    // As client::EventRecorder has it.
    void event(const api::Object& about, const std::string& type, const std::string& reason,
               const std::string& message, const std::string& fieldPath = "") {
        if (!m_recorder) m_recorder = std::make_unique<client::EventRecorder>(m_client, m_executor, "kubelet", m_node);
        m_recorder->event(about, type, reason, message, fieldPath);
    }

private:
    client::Client& m_client;
    base::Executor& m_executor;
    const std::string m_node;
    std::unique_ptr<client::EventRecorder> m_recorder;
};

}  // namespace qd::hollow
