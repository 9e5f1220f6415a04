// The newest known state of objects that a controller writes: its own last write of one until the informer's copy has
// caught up with that. So a sync that follows another closely does not work from what it has changed itself.
// Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cluster/client/typed.h"

namespace qd::controllers {

class OwnWrites {
public:
    explicit OwnWrites(client::Informer& informer) : m_informer(informer) {}

    void wrote(const api::ObjectPtr& written);
    // Null when there is none.
    api::ObjectPtr newest(const std::string& ns, const std::string& name);
    // The newest state of an object whose copy was found by an index.
    api::ObjectPtr newest(const api::ObjectPtr& copy) { return newest(copy->metadata.namespace_, copy->metadata.name); }

private:
    client::Informer& m_informer;
    std::mutex m_mutex;
    std::map<std::pair<std::string, std::string>, api::ObjectPtr> m_written;
};

}  // namespace qd::controllers
