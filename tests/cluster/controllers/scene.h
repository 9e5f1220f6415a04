// A controller at work on a fake server, in simulated time.
//
//     Scene scene(replicaSetDescriptor);
//     scene.client.put(replicaSet("web", 3));
//     scene.settle();
//     QCOMPARE(scene.client.takeWrites(), ...);
#pragma once

#include <memory>
#include <string>

#include "cluster/controllers/runtime/controller.h"
#include "tests/support/fake_client.h"

namespace qd::tests {

// Passes every request on to another client, as each controller owns one of its own.
class ForwardingClient final : public client::Client {
public:
    explicit ForwardingClient(client::Client& to) : m_to(to) {}

    Result<api::ObjectPtr> get(const client::ResourceName& resource, const std::string& ns, const std::string& name, const std::string& subresource) override {
        return m_to.get(resource, ns, name, subresource);
    }
    Result<client::ObjectList> list(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options) override {
        return m_to.list(resource, ns, options);
    }
    Result<api::ObjectPtr> create(const client::ResourceName& resource, const std::string& ns, const api::Object& object, const client::WriteOptions& options,
                                  const std::string& name, const std::string& subresource) override {
        return m_to.create(resource, ns, object, options, name, subresource);
    }
    Result<api::ObjectPtr> update(const client::ResourceName& resource, const api::Object& object, const client::WriteOptions& options,
                                  const std::string& subresource) override {
        return m_to.update(resource, object, options, subresource);
    }
    Result<api::ObjectPtr> patch(const client::ResourceName& resource, const std::string& ns, const std::string& name, client::PatchKind kind,
                                 std::string_view patch, const client::PatchOptions& options, const std::string& subresource) override {
        return m_to.patch(resource, ns, name, kind, patch, options, subresource);
    }
    Result<void> remove(const client::ResourceName& resource, const std::string& ns, const std::string& name, const client::DeleteOptions& options) override {
        return m_to.remove(resource, ns, name, options);
    }
    Result<void> removeCollection(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& which,
                                  const client::DeleteOptions& options) override {
        return m_to.removeCollection(resource, ns, which, options);
    }
    Result<std::unique_ptr<client::Watch>> watch(const client::ResourceName& resource, const std::string& ns, const client::ListOptions& options,
                                                 base::Executor& executor, client::WatchHandler handler) override {
        return m_to.watch(resource, ns, options, executor, std::move(handler));
    }
    Result<std::string> raw(const std::string& pathAndQuery) override { return m_to.raw(pathAndQuery); }

private:
    client::Client& m_to;
};

class Scene {
public:
    // Runs these controllers from the start; objects put before the first settle() are found as already there.
    explicit Scene(const std::vector<controllers::Descriptor>& descriptors, std::uint64_t seed = 1) : executor(seed), client(executor), informers(client, executor), random(seed) {
        for (const auto& descriptor : descriptors) {
            runners.push_back(std::make_unique<controllers::Runner>(descriptor, std::make_unique<ForwardingClient>(client), informers, executor, random));
        }
    }
    ~Scene() {
        for (auto& runner : runners) runner->stop();
        informers.stop();
        executor.runReady();
    }

    // Lets everything happen that happens within a second.
    void settle() { runFor(std::chrono::seconds(1)); }
    void runFor(base::Duration length) {
        if (!std::exchange(m_started, true)) {
            informers.start();
            for (auto& runner : runners) runner->start();
        }
        executor.runFor(length);
    }

    base::SimulatedExecutor executor;
    FakeClient client;
    client::InformerFactory informers;
    base::Random random;
    std::vector<std::unique_ptr<controllers::Runner>> runners;

private:
    bool m_started = false;
};

// Lines joined for a comparison that prints well.
inline QString joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return QString::fromStdString(text);
}

}  // namespace qd::tests
