#include "cluster/apiserver/handlers/selection.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::apiserver {
namespace {

// Kinds that have fields of their own to select by are told of in words of their own.
std::string unknownField(const api::Kind& kind, const std::string& name) {
    if (kind.selectableFieldNames.empty()) {
        return fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", name);
    }
    if (kind.groupResource() == "jobs.batch") return fmt::format("field label \"{}\" not supported for Job", name);
    return fmt::format("field label not supported: {}", name);
}

}  // namespace

Result<Selection> Selection::parse(const api::Kind& kind, const std::string& labelSelector, const std::string& fieldSelector) {
    Selection selection;
    selection.m_kind = &kind;
    auto labels = api::LabelSelector::parse(labelSelector);
    if (!labels) return fail(std::move(labels.error()));
    selection.m_labels = std::move(*labels);
    auto fields = api::FieldSelector::parse(fieldSelector);
    if (!fields) return fail(std::move(fields.error()));
    selection.m_fields = std::move(*fields);
    for (const auto& term : selection.m_fields.terms()) {
        const auto& known = kind.selectableFieldNames;
        // Kinds without a namespace are asked for it too, unless they have fields of their own.
        const bool common = term.field == "metadata.name" || (term.field == "metadata.namespace" && (kind.namespaced || known.empty()));
        if (common || std::find(known.begin(), known.end(), term.field) != known.end()) continue;
        return fail(Reason::BadRequest, unknownField(kind, term.field));
    }
    return selection;
}

bool Selection::matches(const api::Object& object) const {
    if (!m_labels.empty() && !m_labels.matches(object.metadata.labels)) return false;
    if (m_fields.empty()) return true;
    std::map<std::string, std::string> fields;
    if (m_kind->selectableFields && m_kind->fromStored) {
        fields = m_kind->selectableFields(*m_kind->fromStored(object));
    } else if (m_kind->selectableFields) {
        fields = m_kind->selectableFields(object);
    }
    fields["metadata.name"] = object.metadata.name;
    fields["metadata.namespace"] = object.metadata.namespace_;
    return m_fields.matches(fields);
}

}  // namespace qd::apiserver
