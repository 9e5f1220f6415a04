// Records Events about objects, as client-go's recorder does: equal events of one object within ten minutes are counted up
// in one Event object, from the tenth on those that differ in their messages alone are combined in one, and an object that
// floods is cut off (25 events, one more each five minutes).
#pragma once

#include <memory>
#include <string>

#include "cluster/client/client.h"

namespace qd::client {

class EventRecorder {
public:
    // component: e.g. "deployment-controller". host: empty for controllers, the node's name for its agent.
    EventRecorder(Client& client, base::Executor& executor, std::string component, std::string host = "");
    ~EventRecorder();

    // type is "Normal" or "Warning". Never blocks; the write happens on the executor. `fieldPath` narrows the object, e.g.
    // spec.containers{web}. The object's apiVersion and kind come from its descriptor.
    void event(const api::Object& about, const std::string& type, const std::string& reason, const std::string& message,
               const std::string& fieldPath = "");

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::client
