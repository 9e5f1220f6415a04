// Reads the members of a JSON object one by one and remembers what is wrong: members of other types, and those that
// nobody asked for.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/api/field/path.h"

namespace qd::scheduler {

struct Problems {
    std::vector<std::string> unknown;  // paths
    api::field::Errors errors;
};

class Fields {
public:
    // The value is to be an object; anything else is a problem, and reads as one without members.
    Fields(const boost::json::value& value, api::field::Path path, Problems& problems);
    // Reports the members that were not read.
    ~Fields();
    Fields(const Fields&) = delete;
    Fields& operator=(const Fields&) = delete;

    api::field::Path at(std::string_view name) const { return m_path.child(name); }
    // Null when it is absent or null.
    const boost::json::value* member(std::string_view name);
    // Leave `into` as it is when there is none.
    void read(std::string_view name, std::string& into);
    void read(std::string_view name, bool& into);
    void read(std::string_view name, std::int64_t& into);
    void read(std::string_view name, int& into);
    void read(std::string_view name, std::set<std::string>& into);
    // Calls for each element of a list.
    void each(std::string_view name,
              const std::function<void(const boost::json::value&, const api::field::Path&)>& call);
    // Takes a member that has no meaning here.
    void ignore(std::string_view name) { member(name); }

    Problems& problems() { return m_problems; }

private:
    void wrongType(std::string_view name, const boost::json::value& value, std::string_view wanted);

    const boost::json::object* m_object = nullptr;
    const api::field::Path m_path;
    Problems& m_problems;
    std::set<std::string, std::less<>> m_read;
};

}  // namespace qd::scheduler
