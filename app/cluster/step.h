// What a cluster goes through while it is created, started, stopped or deleted, step by step, as people and programs are
// told. A step has an id that stays ("network", "node-1/ready"), so that whoever shows steps can keep a line for each.
#pragma once

#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::cluster {

enum class StepState : std::uint8_t { Waiting, Working, Done, Failed };

struct StepReport {
    std::string id;
    std::string title;  // "Start node-2"
    StepState state = StepState::Waiting;
    std::string detail = {};    // "120 of 215 MiB"; why, when it failed
    double fraction = -1;       // below 0: not known
    base::Duration elapsed{0};  // of this step
    std::string remedy = {};    // Failed: what to do
    std::string log = {};       // Failed: what the part in question wrote last

    bool operator==(const StepReport&) const = default;
};

using StepHandler = std::function<void(const StepReport&)>;

std::string_view stepStateName(StepState state);
boost::json::object toJson(const StepReport& report);
Result<StepReport> stepFromJson(const boost::json::object& json);

// Errors as they cross from one process to another.
boost::json::object toJson(const Error& error);
Error errorFromJson(const boost::json::object& json);

// Tells the handler of steps and how long each has taken. Of one thread.
class Steps {
public:
    // The handler may be empty.
    Steps(const base::Clock& clock, StepHandler handler) : m_clock(clock), m_handler(std::move(handler)) {}

    // Announces a step that will come.
    void announce(const std::string& id, const std::string& title);
    void begin(const std::string& id, const std::string& title);
    void progress(const std::string& id, const std::string& detail, double fraction = -1);
    void done(const std::string& id, const std::string& detail = {});
    void failed(const std::string& id, const Error& error, const std::string& remedy, const std::string& log = {});
    bool isUnderWay(const std::string& id) const;
    bool hasFailed() const { return m_hasFailed; }
    // The step that began last and is under way; "" when none is.
    std::string current() const { return m_open.empty() ? std::string() : m_open.back(); }

private:
    struct Known {
        std::string title;
        base::SteadyTime begun{};
    };
    void tell(const std::string& id, StepState state, const std::string& detail, double fraction = -1);

    const base::Clock& m_clock;
    StepHandler m_handler;
    std::map<std::string, Known> m_known;
    std::vector<std::string> m_open;
    bool m_hasFailed = false;
};

}  // namespace qd::cluster
