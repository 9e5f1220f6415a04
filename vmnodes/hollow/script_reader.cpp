#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <functional>

#include "cluster/api/codec/yaml.h"
#include "cluster/api/field/path.h"
#include "cluster/api/meta/time.h"
#include "vmnodes/hollow/script.h"

namespace qd::hollow {
namespace {

namespace field = api::field;
namespace json = boost::json;

constexpr int kHighestExitCode = 255;

// Reads values and collects what is wrong with them, so that a person hears of everything at once.
class Reader {
public:
    explicit Reader(const api::YamlDocument& document) : m_document(document) {}

    std::vector<Script::NodeEntry> nodes(const json::value& list);
    std::vector<Script::PodEntry> pods(const json::value& list);
    // Calls the function of each member; there must be no others.
    using Members = std::map<std::string, std::function<void(const json::value&, const field::Path&)>, std::less<>>;
    void object(const json::value& value, const field::Path& path, const Members& members);
    Result<void> result() const;

private:
    void list(const json::value& value, const field::Path& path,
              const std::function<void(const json::value&, const field::Path&)>& each);
    void span(Members& members, Script::Span& into);
    void checkSpan(const Script::Span& span, const field::Path& path);
    std::optional<std::string> text(const json::value& value, const field::Path& path);
    std::optional<base::Duration> duration(const json::value& value, const field::Path& path);
    void run(const json::value& value, const field::Path& path, ContainerPlan::Run& run);
    void exitCode(const json::value& value, const field::Path& path, int& code);
    void selector(const json::value& value, const field::Path& path, api::LabelSelector& into);
    void quantity(const json::value& value, const field::Path& path, api::Quantity& into);

    // Ways to fill a member.
    auto into(std::string& target) {
        return [this, &target](const json::value& value, const field::Path& path) {
            target = text(value, path).value_or(target);
        };
    }
    auto into(std::optional<bool>& target) {
        return [this, &target](const json::value& value, const field::Path& path) {
            if (value.is_bool()) {
                target = value.as_bool();
            } else {
                wrong(path, value, "must be true or false");
            }
        };
    }
    auto into(std::optional<base::Duration>& target) {
        return [this, &target](const json::value& value, const field::Path& path) { target = duration(value, path); };
    }
    void wrong(const field::Path& path, const json::value& value, std::string_view rule) {
        m_errors.push_back(field::invalid(path, field::Shown::raw(json::serialize(value)), std::string(rule)));
    }

    const api::YamlDocument& m_document;
    field::Errors m_errors;
};

void Reader::object(const json::value& value, const field::Path& path, const Members& members) {
    if (!value.is_object()) return wrong(path, value, "must be an object");
    for (const auto& [key, member] : value.as_object()) {
        const auto known = members.find(std::string_view(key));
        const field::Path at = path.child(std::string_view(key));
        if (known == members.end()) {
            m_errors.push_back({field::ErrorType::Forbidden, at.text(), "Forbidden: there is no such field"});
        } else {
            known->second(member, at);
        }
    }
}

void Reader::list(const json::value& value, const field::Path& path,
                  const std::function<void(const json::value&, const field::Path&)>& each) {
    if (!value.is_array()) return wrong(path, value, "must be a list");
    for (std::size_t i = 0; i < value.as_array().size(); ++i) each(value.as_array()[i], path.index(i));
}

std::optional<std::string> Reader::text(const json::value& value, const field::Path& path) {
    if (value.is_string() && !value.as_string().empty()) return std::string(value.as_string());
    wrong(path, value, "must be a text");
    return std::nullopt;
}

std::optional<base::Duration> Reader::duration(const json::value& value, const field::Path& path) {
    if (value.is_int64() && value.as_int64() == 0) return base::Duration(0);
    const auto parsed = value.is_string() ? api::Duration::parse(std::string_view(value.as_string()))
                                          : Result<api::Duration>(fail(Reason::BadRequest, ""));
    if (parsed && parsed->nanoseconds >= 0)
        return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(parsed->nanoseconds));
    wrong(path, value, "must be a length of time that is not negative, e.g. 90s or 1m30s");
    return std::nullopt;
}

void Reader::span(Members& members, Script::Span& into) {
    members["from"] = [this, &into](const json::value& value, const field::Path& path) {
        into.from = duration(value, path).value_or(into.from);
    };
    members["until"] = [this, &into](const json::value& value, const field::Path& path) {
        into.until = duration(value, path).value_or(into.until);
    };
}

void Reader::checkSpan(const Script::Span& span, const field::Path& path) {
    if (span.until > span.from) return;
    m_errors.push_back(
        {field::ErrorType::Invalid, path.child("until").text(), "Invalid value: must be later than `from`"});
}

void Reader::exitCode(const json::value& value, const field::Path& path, int& code) {
    if (value.is_int64() && value.as_int64() >= 0 && value.as_int64() <= kHighestExitCode) {
        code = static_cast<int>(value.as_int64());
    } else {
        wrong(path, value, fmt::format("must be between 0 and {}, inclusive", kHighestExitCode));
    }
}

void Reader::run(const json::value& value, const field::Path& path, ContainerPlan::Run& run) {
    object(value, path, {{"for", into(run.length)}, {"exitCode", [&](const json::value& code, const field::Path& at) {
                                                         exitCode(code, at, run.exitCode);
                                                     }}});
    if (value.is_object() && run.exitCode != 0 && !run.length)
        m_errors.push_back(field::required(path.child("for"), "an exit code belongs to a run that ends"));
}

void Reader::selector(const json::value& value, const field::Path& path, api::LabelSelector& into) {
    const auto written = text(value, path);
    if (!written) return;
    if (auto parsed = api::LabelSelector::parse(*written)) {
        into = std::move(*parsed);
    } else {
        wrong(path, value, parsed.error().message);
    }
}

void Reader::quantity(const json::value& value, const field::Path& path, api::Quantity& into) {
    const std::string written = value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    if (auto parsed = api::Quantity::parse(written)) {
        into = *parsed;
    } else {
        wrong(path, value, parsed.error().message);
    }
}

std::vector<Script::NodeEntry> Reader::nodes(const json::value& value) {
    std::vector<Script::NodeEntry> entries;
    list(value, field::Path("nodes"), [&](const json::value& element, const field::Path& path) {
        auto& entry = entries.emplace_back();
        Members members = {{"name", into(entry.name)}, {"contact", into(entry.contact)}, {"ready", into(entry.ready)}};
        span(members, entry.span);
        object(element, path, members);
        checkSpan(entry.span, path);
    });
    return entries;
}

std::vector<Script::PodEntry> Reader::pods(const json::value& value) {
    std::vector<Script::PodEntry> entries;
    list(value, field::Path("pods"), [&](const json::value& element, const field::Path& path) {
        auto& entry = entries.emplace_back();
        Members members = {
            {"namespace", into(entry.namespace_)},
            {"name", into(entry.name)},
            {"node", into(entry.node)},
            {"container", into(entry.container)},
            {"selector", [&](const json::value& given, const field::Path& at) { selector(given, at, entry.selector); }},
            {"startsAfter", into(entry.startsAfter)},
            {"stopsAfter", into(entry.stopsAfter)},
            {"startup", into(entry.startup)},
            {"readiness", into(entry.readiness)},
            {"liveness", into(entry.liveness)},
            {"runs",
             [&](const json::value& runs, const field::Path& at) {
                 list(runs, at, [&](const json::value& each, const field::Path& where) {
                     run(each, where, entry.runs.emplace_back());
                 });
             }},
            {"usage",
             [&](const json::value& usage, const field::Path& at) {
                 object(usage, at,
                        {{"cpu", [&](const json::value& amount,
                                     const field::Path& where) { quantity(amount, where, entry.usage["cpu"]); }},
                         {"memory", [&](const json::value& amount, const field::Path& where) {
                              quantity(amount, where, entry.usage["memory"]);
                          }}});
             }},
        };
        span(members, entry.span);
        object(element, path, members);
        checkSpan(entry.span, path);
    });
    return entries;
}

Result<void> Reader::result() const {
    if (m_errors.empty()) return {};
    Error error{Reason::Invalid, ""};
    for (const auto& each : m_errors) {
        error.message += fmt::format("{}line {}: {}", error.message.empty() ? "" : "\n", m_document.lineOf(each.field),
                                     each.message());
        error.causes.push_back({std::string(field::errorTypeName(each.type)), each.body, each.field});
    }
    return fail(std::move(error));
}

}  // namespace

Result<Script> Script::read(std::string_view yaml) {
    std::vector<std::string> duplicates;
    auto documents = api::parseYaml(yaml, &duplicates);
    if (!documents) return fail(std::move(documents.error()));
    if (!duplicates.empty()) return fail(Reason::Invalid, duplicates.front());
    if (documents->empty()) return Script({}, {});
    if (documents->size() > 1)
        return fail(Reason::Invalid,
                    fmt::format("line {}: there is a second document; a script is one", (*documents)[1].line));
    Reader reader(documents->front());
    std::vector<NodeEntry> nodes;
    std::vector<PodEntry> pods;
    reader.object(documents->front().tree, field::Path(),
                  {{"nodes", [&](const json::value& value, const field::Path&) { nodes = reader.nodes(value); }},
                   {"pods", [&](const json::value& value, const field::Path&) { pods = reader.pods(value); }}});
    if (auto read = reader.result(); !read) return fail(std::move(read.error()));
    return Script(std::move(nodes), std::move(pods));
}

}  // namespace qd::hollow
