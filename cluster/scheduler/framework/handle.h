// What plugins may ask of the scheduler that runs them.
#pragma once

#include <string>

#include "cluster/base/executor.h"
#include "cluster/base/random.h"
#include "cluster/client/informer.h"
#include "cluster/scheduler/framework/plugin.h"

namespace qd::scheduler {

class StorageView;

class Handle {
public:
    virtual ~Handle() = default;
    virtual client::Client& client() = 0;  // writes as the scheduler
    virtual client::InformerFactory& informers() = 0;
    virtual const base::Clock& clock() const = 0;
    virtual base::Random& random() = 0;

    // Any thread:
    // Runs a task on the strand, unless the scheduler stops.
    virtual void onStrand(base::Task task) = 0;
    // Runs a task soon where it may block for writes.
    virtual void write(base::Task task) = 0;
    // Calls a task on the strand once the time has passed.
    [[nodiscard]] virtual base::Timer later(base::Duration delay, base::Task task) = 0;
    // An event about an object, on behalf of a Pod's profile.
    virtual void event(const PodInfo& behalf, const api::Object& about, const std::string& type,
                       const std::string& reason, const std::string& message) = 0;

    // On the strand:
    // Claims, volumes and what belongs to them, with what is assumed of them.
    virtual StorageView& storage() = 0;
    // Forgets for which node a Pod was nominated.
    virtual void dropNomination(const std::string& uid) = 0;
    // Asks a waiting Pod's gates anew; `now`: it may be tried in any case.
    virtual void reconsider(const std::string& uid, bool now) = 0;
};

}  // namespace qd::scheduler
