#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>

#include "cluster/api/merge/json_value.h"
#include "cluster/api/merge/typed_value.h"

namespace qd::api::merge {
namespace {

enum class Mark : std::uint8_t { None, Added, Removed, Modified };

const json::array* asList(const json::value* value) {
    return value == nullptr ? nullptr : value->if_array();
}
const json::object* asObject(const json::value* value) {
    return value == nullptr ? nullptr : value->if_object();
}

class Comparer {
public:
    explicit Comparer(const Unseen& unseen) : m_unseen(unseen) {}

    // Compares two values, at least one of them present; differences below go to `below`, the mark is for the place
    // itself.
    Mark compareValues(const Schema& schema, const json::value* before, const json::value* after, Comparison& below) {
        const Schema left = settle(schema, before);
        const Schema right = settle(schema, after);
        bool leaf = false;
        Mark mark = Mark::None;
        if (before != nullptr && after != nullptr && left.nature != right.nature) {
            bool ignored = false;
            mark = visit(left, before, after, below, ignored);
            const Mark second = visit(right, before, after, below, leaf);
            if (second != Mark::None) mark = second;
        } else {
            mark = visit(after != nullptr ? right : left, before, after, below, leaf);
        }
        if (leaf) return mark;
        if (before == nullptr) return Mark::Added;
        return after == nullptr ? Mark::Removed : mark;
    }

private:
    static Mark leafMark(const json::value* before, const json::value* after) {
        if (before == nullptr) return Mark::Added;
        if (after == nullptr) return Mark::Removed;
        return equalValues(*before, *after) ? Mark::None : Mark::Modified;
    }

    Mark visit(const Schema& schema, const json::value* before, const json::value* after, Comparison& below,
               bool& leaf) {
        if (schema.nature == Nature::List) {
            const json::array* left = asList(before);
            const json::array* right = asList(after);
            leaf = schema.atomic || ((left == nullptr || left->empty()) && (right == nullptr || right->empty()));
            if (!leaf && (left == nullptr || right == nullptr || !equalValues(*before, *after))) {
                visitItems(schema, left, right, below);
            }
        } else if (schema.nature == Nature::Map) {
            const json::object* left = asObject(before);
            const json::object* right = asObject(after);
            leaf = schema.atomic || ((left == nullptr || left->empty()) && (right == nullptr || right->empty()));
            if (!leaf) visitMembers(schema, left, right, below);
        } else {
            leaf = true;
        }
        return leaf ? leafMark(before, after) : Mark::None;
    }

    void visitMembers(const Schema& schema, const json::object* left, const json::object* right, Comparison& below) {
        FieldFinder finder(schema.structure);
        const Schema item = schema.others().value_or(Schema{});
        std::size_t shared = 0;
        const auto visitMember = [&](std::string_view name, const json::value* before, const json::value* after) {
            if (before == m_unseen.before) before = nullptr;
            if (after == m_unseen.after) after = nullptr;
            if (before == nullptr && after == nullptr) return;
            const Field* field = finder.find(name);
            compareChild(field != nullptr ? schemaOf(*field) : item, name, before, after, below);
        };
        if (left != nullptr) {
            const json::key_value_pair* hint = right == nullptr ? nullptr : right->begin();
            for (const auto& member : *left) {
                const json::value* other = nullptr;
                if (right != nullptr && hint != right->end() && hint->key() == member.key()) {
                    other = &hint++->value();
                } else if (right != nullptr) {
                    other = right->if_contains(member.key());
                }
                if (other != nullptr) ++shared;
                visitMember({member.key().data(), member.key().size()}, &member.value(), other);
            }
        }
        if (right == nullptr || shared == right->size()) return;
        FieldFinder again(schema.structure);
        finder = again;
        for (const auto& member : *right) {
            if (left != nullptr && left->contains(member.key())) continue;
            visitMember({member.key().data(), member.key().size()}, nullptr, &member.value());
        }
    }

    void compareChild(const Schema& schema, std::string_view name, const json::value* before, const json::value* after,
                      Comparison& parent) {
        Comparison below;
        const Mark mark = compareValues(schema, before, after, below);
        if (mark == Mark::None && below.same()) return;
        attach(PathElement::field(name), mark, std::move(below), parent);
    }

    static void attach(const PathElement& element, Mark mark, Comparison below, Comparison& parent) {
        if (!below.removed.empty()) parent.removed.insertChildren(element, std::move(below.removed));
        if (!below.modified.empty()) parent.modified.insertChildren(element, std::move(below.modified));
        if (!below.added.empty()) parent.added.insertChildren(element, std::move(below.added));
        if (mark == Mark::Added) parent.added.insertMember(element);
        if (mark == Mark::Removed) parent.removed.insertMember(element);
        if (mark == Mark::Modified) parent.modified.insertMember(element);
    }

    struct Twins {
        std::vector<const json::value*> before;
        std::vector<const json::value*> after;
    };

    void visitItems(const Schema& schema, const json::array* left, const json::array* right, Comparison& below) {
        std::map<PathElement, Twins> items;
        for (const json::array* list : {left, right}) {
            if (list == nullptr) continue;
            for (const auto& item : *list) {
                auto element = itemElement(schema, item);
                if (!element) continue;  // nothing that could be told apart: it belongs to nobody
                Twins& twins = items[std::move(*element)];
                (list == left ? twins.before : twins.after).push_back(&item);
            }
        }
        const Schema itemSchema = schema.item();
        for (auto& [element, twins] : items) compareTwins(itemSchema, element, twins, below);
    }

    // Items with the same key count as one leaf for as long as there are several of them.
    void compareTwins(const Schema& schema, const PathElement& element, const Twins& twins, Comparison& parent) {
        const bool manyBefore = twins.before.size() > 1;
        const bool manyAfter = twins.after.size() > 1;
        if (manyBefore && manyAfter) {
            const bool same =
                std::ranges::equal(twins.before, twins.after, [](auto* a, auto* b) { return equalValues(*a, *b); });
            if (!same) parent.modified.insertMember(element);
            return;
        }
        const json::value* before = manyBefore || twins.before.empty() ? nullptr : twins.before.front();
        const json::value* after = manyAfter || twins.after.empty() ? nullptr : twins.after.front();
        if (before != nullptr || after != nullptr) {
            Comparison below;
            const Mark mark = compareValues(schema, before, after, below);
            attach(element, mark, std::move(below), parent);
        }
        if (manyBefore) parent.removed.insertMember(element);
        if (manyAfter) parent.added.insertMember(element);
    }

    Unseen m_unseen;
};

}  // namespace

Comparison compare(const Schema& schema, const json::value& before, const json::value& after, const Unseen& unseen) {
    Comparison comparison;
    Comparer(unseen).compareValues(schema, &before, &after, comparison);
    return comparison;
}

}  // namespace qd::api::merge
