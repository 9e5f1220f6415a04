#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <set>

#include "cluster/api/merge/typed_value.h"

namespace qd::api::merge {
namespace {

struct Items {
    std::vector<PathElement> elements;         // in the list's order, duplicates too
    std::map<PathElement, std::size_t> first;  // where each stands first
    std::set<PathElement> duplicated;
};

Items indexItems(const Schema& schema, const json::array& list) {
    Items items;
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto element = itemElement(schema, list[i]);
        // Only what is there can lack a key; it stands for itself.
        if (!element) element = PathElement::index(i);
        if (!items.first.emplace(*element, i).second) items.duplicated.insert(*element);
        items.elements.push_back(std::move(*element));
    }
    return items;
}

// Puts the applied list's items in their order between the live list's: an item that only the live list has keeps its
// place among those that both have.
class ListMerge {
public:
    ListMerge(const Schema& schema, json::array& live, const json::array& applied)
        : m_item(schema.item()),
          m_live(live),
          m_applied(applied),
          m_left(indexItems(schema, live)),
          m_right(indexItems(schema, applied)) {
        for (std::size_t i = 0; i < m_right.elements.size(); ++i) {
            if (m_left.first.contains(m_right.elements[i])) m_shared.push_back(i);
        }
    }

    json::array run() {
        m_out.reserve(std::max(m_live.size(), m_applied.size()));
        std::size_t l = 0;
        std::size_t r = 0;
        while (l < m_left.elements.size() || r < m_right.elements.size()) step(l, r);
        return std::move(m_out);
    }

private:
    void step(std::size_t& l, std::size_t& r) {
        const bool haveLeft = l < m_left.elements.size();
        const bool haveRight = r < m_right.elements.size();
        if (haveLeft && haveRight) {
            const PathElement& element = m_left.elements[l];
            if (element == m_right.elements[r]) {
                emitApplied(r++);
                ++l;
                ++m_nextShared;
                return;
            }
            if (m_right.first.contains(element) && m_nextShared < m_shared.size() &&
                m_right.elements[m_shared[m_nextShared]] != element) {
                ++l;
                return;
            }
        }
        if (haveLeft) {
            const PathElement& element = m_left.elements[l];
            if (!m_right.first.contains(element)) {
                m_out.push_back(std::move(m_live[l++]));
                return;
            }
            if (m_merged.contains(element)) ++l;
        }
        if (haveRight) {
            const std::size_t at = r++;
            emitApplied(at);
            if (m_nextShared < m_shared.size() && m_shared[m_nextShared] == at) ++m_nextShared;
        }
    }

    void emitApplied(std::size_t at) {
        const PathElement& element = m_right.elements[at];
        m_merged.insert(element);
        const auto live = m_left.first.find(element);
        if (live == m_left.first.end() || m_left.duplicated.contains(element)) {
            m_out.push_back(m_applied[at]);
            return;
        }
        json::value merged = std::move(m_live[live->second]);
        mergeInto(m_item, merged, m_applied[at]);
        m_out.push_back(std::move(merged));
    }

    Schema m_item;
    json::array& m_live;
    const json::array& m_applied;
    Items m_left;
    Items m_right;
    std::vector<std::size_t> m_shared;  // places in the applied list of items that both have
    std::size_t m_nextShared = 0;
    std::set<PathElement> m_merged;
    json::array m_out;
};

void mergeMembers(const Schema& schema, json::object& live, const json::object& applied) {
    FieldFinder finder(schema.structure);
    const Schema item = schema.others().value_or(Schema{});
    for (const auto& member : applied) {
        json::value* current = live.if_contains(member.key());
        if (current == nullptr) {
            live.emplace(member.key(), member.value());
            continue;
        }
        const Field* field = finder.find({member.key().data(), member.key().size()});
        mergeInto(field != nullptr ? schemaOf(*field) : item, *current, member.value());
    }
}

}  // namespace

void mergeInto(const Schema& schema, json::value& live, const json::value& applied) {
    const Schema left = settle(schema, &live);
    const Schema right = settle(schema, &applied);
    const bool container = right.nature == Nature::List || right.nature == Nature::Map;
    if (left.nature != right.nature || !container || right.atomic) {
        live = applied;
        return;
    }
    if (right.nature == Nature::List) {
        if (live.is_array() && !live.get_array().empty()) {
            if (applied.is_array()) live = ListMerge(right, live.get_array(), applied.get_array()).run();
        } else {
            live = applied;
        }
    } else if (live.is_object() && !live.get_object().empty()) {
        if (applied.is_object()) mergeMembers(right, live.get_object(), applied.get_object());
    } else {
        live = applied;
    }
}

}  // namespace qd::api::merge
