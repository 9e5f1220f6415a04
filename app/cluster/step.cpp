#include "app/cluster/step.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace qd::cluster {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kStates = {"waiting", "working", "done", "failed"};

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

double number(const json::object& object, std::string_view key, double absent) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<double>() : absent;
}

}  // namespace

std::string_view stepStateName(StepState state) { return kStates[static_cast<std::size_t>(state)]; }

json::object toJson(const StepReport& report) {
    json::object object{{"id", report.id},
                        {"title", report.title},
                        {"state", stepStateName(report.state)},
                        {"elapsedSeconds", std::chrono::duration<double>(report.elapsed).count()}};
    if (!report.detail.empty()) object["detail"] = report.detail;
    if (report.fraction >= 0) object["fraction"] = report.fraction;
    if (!report.remedy.empty()) object["remedy"] = report.remedy;
    if (!report.log.empty()) object["log"] = report.log;
    return object;
}

Result<StepReport> stepFromJson(const json::object& object) {
    const auto state = std::ranges::find(kStates, text(object, "state"));
    if (state == kStates.end()) return fail(Reason::BadRequest, "a step without a state that is known");
    StepReport report{.id = text(object, "id"),
                      .title = text(object, "title"),
                      .state = static_cast<StepState>(state - kStates.begin()),
                      .detail = text(object, "detail"),
                      .fraction = number(object, "fraction", -1),
                      .elapsed = {},
                      .remedy = text(object, "remedy"),
                      .log = text(object, "log")};
    report.elapsed = std::chrono::duration_cast<base::Duration>(
        std::chrono::duration<double>(number(object, "elapsedSeconds", 0)));
    return report;
}

json::object toJson(const Error& error) {
    json::object object{
        {"reason", base::reasonName(error.reason)}, {"message", error.message}, {"code", error.httpStatus()}};
    if (!error.causes.empty()) {
        json::array causes;
        for (const auto& cause : error.causes)
            causes.push_back(
                json::object{{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
        object["causes"] = std::move(causes);
    }
    return object;
}

Error errorFromJson(const json::object& object) {
    Error error{base::reasonFromName(text(object, "reason")), text(object, "message")};
    const int code = static_cast<int>(number(object, "code", 0));
    if (code != base::httpCode(error.reason)) error.code = code;
    if (const json::value* causes = object.if_contains("causes"); causes != nullptr && causes->is_array()) {
        for (const json::value& cause : causes->get_array())
            if (cause.is_object())
                error.causes.push_back({text(cause.get_object(), "reason"), text(cause.get_object(), "message"),
                                        text(cause.get_object(), "field")});
    }
    return error;
}

void Steps::tell(const std::string& id, StepState state, const std::string& detail, double fraction) {
    if (!m_handler) return;
    const Known& known = m_known[id];
    StepReport report{.id = id, .title = known.title, .state = state, .detail = detail, .fraction = fraction};
    if (state != StepState::Waiting) report.elapsed = m_clock.steady() - known.begun;
    m_handler(report);
}

void Steps::announce(const std::string& id, const std::string& title) {
    m_known[id].title = title;
    tell(id, StepState::Waiting, {});
}

void Steps::begin(const std::string& id, const std::string& title) {
    m_known[id] = {title, m_clock.steady()};
    m_open.push_back(id);
    tell(id, StepState::Working, {});
}

void Steps::progress(const std::string& id, const std::string& detail, double fraction) {
    tell(id, StepState::Working, detail, fraction);
}

void Steps::done(const std::string& id, const std::string& detail) {
    std::erase(m_open, id);
    tell(id, StepState::Done, detail);
}

void Steps::failed(const std::string& id, const Error& error, const std::string& remedy, const std::string& log) {
    std::erase(m_open, id);
    m_hasFailed = true;
    if (!m_handler) return;
    const Known& known = m_known[id];
    m_handler({.id = id,
               .title = known.title,
               .state = StepState::Failed,
               .detail = error.message,
               .fraction = -1,
               .elapsed = m_clock.steady() - known.begun,
               .remedy = remedy,
               .log = log});
}

bool Steps::isUnderWay(const std::string& id) const { return std::ranges::find(m_open, id) != m_open.end(); }

}  // namespace qd::cluster
