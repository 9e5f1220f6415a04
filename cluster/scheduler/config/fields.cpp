#include "cluster/scheduler/config/fields.h"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace qd::scheduler {
namespace {

namespace field = api::field;

}  // namespace

Fields::Fields(const boost::json::value& value, api::field::Path path, Problems& problems)
    : m_object(value.if_object()), m_path(std::move(path)), m_problems(problems) {
    if (!m_object)
        m_problems.errors.push_back(
            field::typeInvalid(m_path, field::Shown::raw(boost::json::serialize(value)), "must be an object"));
}

Fields::~Fields() {
    if (!m_object) return;
    for (const auto& [name, value] : *m_object) {
        if (!m_read.contains(std::string_view(name)))
            m_problems.unknown.push_back(m_path.child(std::string_view(name)).text());
    }
}

const boost::json::value* Fields::member(std::string_view name) {
    m_read.emplace(name);
    const auto* value = m_object ? m_object->if_contains(name) : nullptr;
    return value && !value->is_null() ? value : nullptr;
}

void Fields::wrongType(std::string_view name, const boost::json::value& value, std::string_view wanted) {
    m_problems.errors.push_back(field::typeInvalid(at(name), field::Shown::raw(boost::json::serialize(value)),
                                                   fmt::format("must be {}", wanted)));
}

void Fields::read(std::string_view name, std::string& into) {
    const auto* value = member(name);
    if (!value) return;
    if (const auto* text = value->if_string()) {
        into.assign(text->begin(), text->end());
    } else {
        wrongType(name, *value, "a string");
    }
}

void Fields::read(std::string_view name, bool& into) {
    const auto* value = member(name);
    if (!value) return;
    if (const auto* flag = value->if_bool()) {
        into = *flag;
    } else {
        wrongType(name, *value, "true or false");
    }
}

void Fields::read(std::string_view name, std::int64_t& into) {
    const auto* value = member(name);
    if (!value) return;
    if (const auto* number = value->if_int64()) {
        into = *number;
    } else {
        wrongType(name, *value, "a whole number");
    }
}

void Fields::read(std::string_view name, int& into) {
    std::int64_t wide = into;
    read(name, wide);
    if (wide == static_cast<int>(wide)) {
        into = static_cast<int>(wide);
    } else {
        wrongType(name, *member(name), "a number of 32 bits");
    }
}

void Fields::read(std::string_view name, std::set<std::string>& into) {
    each(name, [&](const boost::json::value& value, const api::field::Path& path) {
        if (const auto* text = value.if_string()) {
            into.emplace(text->begin(), text->end());
        } else {
            m_problems.errors.push_back(
                field::typeInvalid(path, field::Shown::raw(boost::json::serialize(value)), "must be a string"));
        }
    });
}

void Fields::each(std::string_view name,
                  const std::function<void(const boost::json::value&, const api::field::Path&)>& call) {
    const auto* value = member(name);
    if (!value) return;
    const auto* list = value->if_array();
    if (!list) return wrongType(name, *value, "a list");
    for (std::size_t i = 0; i < list->size(); ++i) call((*list)[i], at(name).index(i));
}

}  // namespace qd::scheduler
