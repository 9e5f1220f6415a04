#include "tests/simulation/faulty_client.h"

#include <deque>

namespace qd::simulation {
namespace {

Error refused() {
    return {Reason::ServiceUnavailable, "simulated: the server is away"};
}
base::Failure lost() {
    return fail(Reason::Timeout, "simulated: the answer got lost");
}
Error beaten() {
    return {Reason::Conflict,
            "simulated: the object has been modified; please apply your changes to the latest version and try again"};
}

// Hands events on in order, some late, until its watch is made to end.
class FaultyWatch final : public client::Watch {
public:
    struct State : std::enable_shared_from_this<State> {
        State(base::Executor& onExecutor, base::Random& source, const Faults& some, std::shared_ptr<Process> in,
              client::WatchHandler call)
            : executor(onExecutor), random(source), faults(some), process(std::move(in)), handler(std::move(call)) {}

        void receive(std::vector<client::WatchEvent> events);
        void deliver();

        base::Executor& executor;
        base::Random& random;
        const Faults& faults;
        std::shared_ptr<Process> process;
        client::WatchHandler handler;
        std::deque<std::vector<client::WatchEvent>> late;
        bool waiting = false;
        bool ended = false;
        base::Timer timer;
    };

    FaultyWatch(std::shared_ptr<State> state) : m_state(std::move(state)) {}
    ~FaultyWatch() override { m_state->ended = true; }
    void holds(std::unique_ptr<client::Watch> real) { m_real = std::move(real); }

private:
    std::shared_ptr<State> m_state;
    std::unique_ptr<client::Watch> m_real;
};

void FaultyWatch::State::receive(std::vector<client::WatchEvent> events) {
    if (ended || process->dead) return;
    late.push_back(std::move(events));
    if (waiting) return;
    waiting = true;
    const bool delayed = faults.watchDelay > 0 && random.unit() < faults.watchDelay;
    const auto longest = static_cast<std::uint64_t>(faults.longestDelay.count());
    if (!delayed) return deliver();
    timer =
        executor.postAfter(base::Duration(static_cast<std::int64_t>(random.below(longest))), [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->deliver();
        });
}

void FaultyWatch::State::deliver() {
    waiting = false;
    while (!late.empty() && !ended && !process->dead) {
        auto events = std::move(late.front());
        late.pop_front();
        if (faults.watchEnd > 0 && random.unit() < faults.watchEnd) {
            ended = true;
            const Reason reason = random.below(2) == 0 ? Reason::Expired : Reason::ServiceUnavailable;
            events = {{client::WatchEvent::Type::Error, nullptr, "", Error{reason, "simulated: the watch has ended"}}};
        }
        handler(std::move(events));
    }
}

}  // namespace

std::optional<Error> FaultyClient::stopped(bool changesAnObject) {
    if (m_process->dead) return Error{Reason::ServiceUnavailable, "simulated: the process has ended"};
    if (happens(m_faults.refusal)) return refused();
    if (changesAnObject && happens(m_faults.conflict)) return beaten();
    return std::nullopt;
}

bool FaultyClient::answerIsLost(const client::ResourceName& resource, bool mayBeLost) {
    if (m_process->died && happens(m_faults.crash)) {
        m_process->dead = true;
        m_process->died();
        return true;
    }
    if (!mayBeLost || !happens(m_faults.lostAnswer)) return false;
    m_lostAnswer(resource);
    return true;
}

Result<api::ObjectPtr> FaultyClient::get(const client::ResourceName& resource, const std::string& ns,
                                         const std::string& name, const std::string& subresource) {
    if (m_process->dead) return fail(refused());
    return m_real->get(resource, ns, name, subresource);
}

Result<client::ObjectList> FaultyClient::list(const client::ResourceName& resource, const std::string& ns,
                                              const client::ListOptions& options) {
    if (auto error = stopped(false)) return fail(std::move(*error));
    return m_real->list(resource, ns, options);
}

Result<api::ObjectPtr> FaultyClient::create(const client::ResourceName& resource, const std::string& ns,
                                            const api::Object& object, const client::WriteOptions& options,
                                            const std::string& name, const std::string& subresource) {
    if (auto error = stopped(false)) return fail(std::move(*error));
    auto created = m_real->create(resource, ns, object, options, name, subresource);
    // A second try with a generated name makes a second object, as it would in any cluster: only named ones lose
    // answers.
    if (answerIsLost(resource, !object.metadata.name.empty() || !subresource.empty())) return lost();
    return created;
}

Result<api::ObjectPtr> FaultyClient::update(const client::ResourceName& resource, const api::Object& object,
                                            const client::WriteOptions& options, const std::string& subresource) {
    if (auto error = stopped(true)) return fail(std::move(*error));
    auto updated = m_real->update(resource, object, options, subresource);
    if (answerIsLost(resource)) return lost();
    return updated;
}

Result<api::ObjectPtr> FaultyClient::patch(const client::ResourceName& resource, const std::string& ns,
                                           const std::string& name, client::PatchKind kind, std::string_view patch,
                                           const client::PatchOptions& options, const std::string& subresource) {
    if (auto error = stopped(true)) return fail(std::move(*error));
    auto patched = m_real->patch(resource, ns, name, kind, patch, options, subresource);
    if (answerIsLost(resource)) return lost();
    return patched;
}

Result<void> FaultyClient::remove(const client::ResourceName& resource, const std::string& ns, const std::string& name,
                                  const client::DeleteOptions& options) {
    if (auto error = stopped(false)) return fail(std::move(*error));
    auto removed = m_real->remove(resource, ns, name, options);
    if (answerIsLost(resource)) return lost();
    return removed;
}

Result<void> FaultyClient::removeCollection(const client::ResourceName& resource, const std::string& ns,
                                            const client::ListOptions& which, const client::DeleteOptions& options) {
    if (auto error = stopped(false)) return fail(std::move(*error));
    auto removed = m_real->removeCollection(resource, ns, which, options);
    if (answerIsLost(resource, false)) return lost();
    return removed;
}

Result<std::unique_ptr<client::Watch>> FaultyClient::watch(const client::ResourceName& resource, const std::string& ns,
                                                           const client::ListOptions& options, base::Executor& executor,
                                                           client::WatchHandler handler) {
    if (auto error = stopped(false)) return fail(std::move(*error));
    auto state = std::make_shared<FaultyWatch::State>(m_executor, m_random, m_faults, m_process, std::move(handler));
    auto faulty = std::make_unique<FaultyWatch>(state);
    auto real = m_real->watch(resource, ns, options, executor,
                              [state](std::vector<client::WatchEvent> events) { state->receive(std::move(events)); });
    if (!real) return fail(std::move(real.error()));
    faulty->holds(std::move(*real));
    return std::unique_ptr<client::Watch>(std::move(faulty));
}

}  // namespace qd::simulation
