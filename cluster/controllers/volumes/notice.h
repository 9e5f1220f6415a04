// Something that a plan wants told in an Event.
#pragma once

#include <string>

#include "cluster/client/event_recorder.h"

namespace qd::controllers {

struct Notice {
    std::string type;
    std::string reason;
    std::string message;

    bool operator==(const Notice&) const = default;
};

inline void tell(client::EventRecorder& events, const api::Object& about, const Notice& notice) {
    events.event(about, notice.type, notice.reason, notice.message);
}

}  // namespace qd::controllers
