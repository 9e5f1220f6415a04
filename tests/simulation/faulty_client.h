// A client between a part of the cluster and its server that makes what networks and races make: writes that lose
// against others, answers that get lost, watches that end or lag.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "cluster/base/random.h"
#include "cluster/client/client.h"

namespace qd::simulation {

// Shares, 0 to 1. Changed while the cluster runs.
struct Faults {
    double conflict = 0;    // an update or patch is refused with Conflict, nothing happens
    double refusal = 0;     // any write is refused with ServiceUnavailable, nothing happens
    double lostAnswer = 0;  // an update, patch or removal happens, but the answer is an error
    double watchEnd = 0;    // a batch of events is lost with its watch: Expired, or a broken connection
    double watchDelay = 0;  // a batch of events is late
    base::Duration longestDelay = std::chrono::seconds(2);
    double crash = 0;  // the process that writes ends right after the write
};

// What several clients run in. Once it is dead nothing that they ask for happens.
struct Process {
    bool dead = false;
    std::function<void()> died = {};  // called once, from within a request
};

class FaultyClient final : public client::Client {
public:
    // Told of a write that happened although its answer said otherwise, if the process lives on.
    using LostAnswer = std::function<void(const client::ResourceName& resource)>;

    FaultyClient(std::unique_ptr<client::Client> real, base::Executor& executor, base::Random& random,
                 const Faults& faults, std::shared_ptr<Process> process, LostAnswer lostAnswer)
        : m_real(std::move(real)),
          m_executor(executor),
          m_random(random),
          m_faults(faults),
          m_process(std::move(process)),
          m_lostAnswer(std::move(lostAnswer)) {}

    Result<api::ObjectPtr> get(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                               const std::string& subresource) override;
    Result<client::ObjectList> list(const client::ResourceName& resource, const std::string& ns,
                                    const client::ListOptions& options) override;
    Result<api::ObjectPtr> create(const client::ResourceName& resource, const std::string& ns,
                                  const api::Object& object, const client::WriteOptions& options,
                                  const std::string& name, const std::string& subresource) override;
    Result<api::ObjectPtr> update(const client::ResourceName& resource, const api::Object& object,
                                  const client::WriteOptions& options, const std::string& subresource) override;
    Result<api::ObjectPtr> patch(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                                 client::PatchKind kind, std::string_view patch, const client::PatchOptions& options,
                                 const std::string& subresource) override;
    Result<void> remove(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                        const client::DeleteOptions& options) override;
    Result<void> removeCollection(const client::ResourceName& resource, const std::string& ns,
                                  const client::ListOptions& which, const client::DeleteOptions& options) override;
    Result<std::unique_ptr<client::Watch>> watch(const client::ResourceName& resource, const std::string& ns,
                                                 const client::ListOptions& options, base::Executor& executor,
                                                 client::WatchHandler handler) override;
    Result<std::string> raw(const std::string& pathAndQuery) override { return m_real->raw(pathAndQuery); }

private:
    bool happens(double share) { return share > 0 && m_random.unit() < share; }
    // Why a request goes no further.
    std::optional<Error> stopped(bool changesAnObject);
    // After a write.
    bool answerIsLost(const client::ResourceName& resource, bool mayBeLost = true);

    std::unique_ptr<client::Client> m_real;
    base::Executor& m_executor;
    base::Random& m_random;
    const Faults& m_faults;
    std::shared_ptr<Process> m_process;
    LostAnswer m_lostAnswer;
};

}  // namespace qd::simulation
