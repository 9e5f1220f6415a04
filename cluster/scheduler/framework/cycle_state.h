// What plugins remember between the steps of scheduling one Pod.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace qd::scheduler {

class PluginState {
public:
    virtual ~PluginState() = default;
    // Preemption tries things out on a copy.
    virtual std::unique_ptr<PluginState> clone() const = 0;
};

// A plugin's state, copied by its copy constructor.
template <typename T>
struct StateOf : PluginState {
    std::unique_ptr<PluginState> clone() const override { return std::make_unique<T>(static_cast<const T&>(*this)); }
};

class CycleState {
public:
    explicit CycleState(std::size_t plugins)
        : m_states(plugins * kSteps), m_skipFilter(plugins), m_skipScore(plugins) {}
    CycleState(CycleState&&) noexcept = default;
    CycleState& operator=(CycleState&&) noexcept = default;

    CycleState clone() const {
        CycleState copy(m_skipFilter.size());
        copy.m_skipFilter = m_skipFilter;
        copy.m_skipScore = m_skipScore;
        for (std::size_t i = 0; i < m_states.size(); ++i) {
            if (m_states[i]) copy.m_states[i] = m_states[i]->clone();
        }
        return copy;
    }

    enum class Step : std::size_t { Filter, Score, Reserve };  // each plugin has a place for each
    void put(std::size_t plugin, Step step, std::unique_ptr<PluginState> state) {
        m_states[index(plugin, step)] = std::move(state);
    }
    template <typename T>
    T* get(std::size_t plugin, Step step) const {
        return static_cast<T*>(m_states[index(plugin, step)].get());
    }

    void skipFilter(std::size_t plugin) { m_skipFilter[plugin] = true; }
    void skipScore(std::size_t plugin) { m_skipScore[plugin] = true; }
    bool skipsFilter(std::size_t plugin) const { return m_skipFilter[plugin]; }
    bool skipsScore(std::size_t plugin) const { return m_skipScore[plugin]; }

private:
    static constexpr std::size_t kSteps = 3;
    static std::size_t index(std::size_t plugin, Step step) { return plugin * kSteps + static_cast<std::size_t>(step); }

    std::vector<std::unique_ptr<PluginState>> m_states;
    std::vector<bool> m_skipFilter;
    std::vector<bool> m_skipScore;
};

}  // namespace qd::scheduler
