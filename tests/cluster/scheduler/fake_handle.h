// A scheduler that does what its plugins ask in simulated time, over a fake server.
#pragma once

#include <string>
#include <vector>

#include "cluster/scheduler/framework/handle.h"
#include "cluster/scheduler/storage/storage_view.h"
#include "tests/support/fake_client.h"

namespace qd::scheduler::testing {

class FakeHandle final : public Handle {
public:
    FakeHandle() : m_client(executor), m_informers(m_client, executor), m_random(1), m_storage(m_informers) {}
    ~FakeHandle() override { m_informers.stop(); }

    template <typename T>
    void put(const T& object) {
        m_client.put(object);
    }
    // Once the plugins are made.
    void start() { m_informers.start(); }
    // Lets the copies follow, and the writes happen.
    void settle() { executor.runReady(); }

    tests::FakeClient& client() override { return m_client; }
    client::InformerFactory& informers() override { return m_informers; }
    const base::Clock& clock() const override { return executor.clock(); }
    base::Random& random() override { return m_random; }
    void onStrand(base::Task task) override { executor.post(std::move(task)); }
    void write(base::Task task) override { executor.post(std::move(task)); }
    base::Timer later(base::Duration delay, base::Task task) override {
        return executor.postAfter(delay, std::move(task));
    }
    void event(const PodInfo&, const api::Object& about, const std::string& type, const std::string& reason,
               const std::string& message) override {
        events.push_back(type + " " + reason + " " + about.metadata.name + ": " + message);
    }
    StorageView& storage() override { return m_storage; }
    void dropNomination(const std::string& uid) override { dropped.push_back(uid); }
    void reconsider(const std::string& uid, bool now) override { reconsidered.push_back(uid + (now ? " now" : "")); }

    base::SimulatedExecutor executor{1};
    std::vector<std::string> events;
    std::vector<std::string> dropped;
    std::vector<std::string> reconsidered;

private:
    tests::FakeClient m_client;
    client::InformerFactory m_informers;
    base::Random m_random;
    StorageView m_storage;
};

}  // namespace qd::scheduler::testing
