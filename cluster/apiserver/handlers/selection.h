// Which objects a list, a watch or a deletion of many is about.
#pragma once

#include <string>

#include "cluster/api/kinds/kind.h"
#include "cluster/api/meta/selectors.h"

namespace qd::apiserver {

class Selection {
public:
    // BadRequest for selectors that cannot be parsed or name fields that the kind cannot select by.
    static Result<Selection> parse(const api::Kind& kind, const std::string& labelSelector, const std::string& fieldSelector);

    bool all() const { return m_labels.empty() && m_fields.empty(); }
    bool matches(const api::Object& object) const;
    // The one name that the field selector asks for, or null.
    const std::string* name() const { return m_fields.required("metadata.name"); }

private:
    const api::Kind* m_kind = nullptr;
    api::LabelSelector m_labels;
    api::FieldSelector m_fields;
};

}  // namespace qd::apiserver
