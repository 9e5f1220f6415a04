#include "cluster/api/merge/field_set.h"

#include <algorithm>
#include <boost/json/object.hpp>

namespace qd::api::merge {

// Makes sets whose nodes arrive in order.
class FieldSetBuilder {
public:
    void append(FieldSet::Node node) { m_set.m_nodes.push_back(std::move(node)); }
    FieldSet take() { return std::move(m_set); }

private:
    FieldSet m_set;
};

namespace {

using Node = FieldSet::Node;

template <typename OnlyLeft, typename OnlyRight, typename Both>
void zip(std::span<const Node> left, std::span<const Node> right, OnlyLeft onlyLeft, OnlyRight onlyRight, Both both) {
    auto i = left.begin();
    auto j = right.begin();
    while (i != left.end() && j != right.end()) {
        const auto order = i->element <=> j->element;
        if (order < 0) {
            onlyLeft(*i++);
        } else if (order > 0) {
            onlyRight(*j++);
        } else {
            both(*i++, *j++);
        }
    }
    while (i != left.end()) onlyLeft(*i++);
    while (j != right.end()) onlyRight(*j++);
}

constexpr auto kIgnore = [](const Node&) {};

void visitAll(const FieldSet& set, Path& prefix, const std::function<void(const Path&)>& visit) {
    for (const Node& node : set.nodes()) {
        if (!node.member) continue;
        prefix.push_back(node.element);
        visit(prefix);
        prefix.pop_back();
    }
    for (const Node& node : set.nodes()) {
        prefix.push_back(node.element);
        visitAll(node.children, prefix, visit);
        prefix.pop_back();
    }
}

// Reads one level; `isMember` tells whether the place that the level belongs to is itself in the set.
Result<FieldSet> readLevel(const json::value& level, bool& isMember) {
    FieldSet set;
    isMember = false;
    bool hasEntries = false;
    if (const auto* object = level.if_object()) {
        for (const auto& entry : *object) {
            const std::string_view key(entry.key().data(), entry.key().size());
            if (key == ".") {
                isMember = true;
                continue;
            }
            auto element = PathElement::parse(key);
            // Kinds of a later version are skipped, as upstream does.
            if (!element && element.error().reason == Reason::NotFound) continue;
            if (!element) return fail(element.error());
            bool childIsMember = false;
            auto children = readLevel(entry.value(), childIsMember);
            if (!children) return children;
            hasEntries = true;
            if (!children->empty()) set.insertChildren(*element, std::move(*children));
            if (childIsMember) set.insertMember(std::move(*element));
        }
    }
    if (!hasEntries) isMember = true;
    return set;
}

json::object writeLevel(const FieldSet& set) {
    json::object level;
    level.reserve(set.nodes().size());
    for (const Node& node : set.nodes()) {
        const bool parent = !node.children.nodes().empty();
        if (!parent && !node.member) continue;
        json::object below;
        if (parent && node.member) below.emplace(".", json::object());
        if (parent) {
            json::object children = writeLevel(node.children);
            if (below.empty()) {
                below = std::move(children);
            } else {
                for (auto& child : children) below.emplace(child.key(), std::move(child.value()));
            }
        }
        level.emplace(node.element.encoded(), std::move(below));
    }
    return level;
}

}  // namespace

FieldSet::FieldSet() = default;
FieldSet::FieldSet(const FieldSet&) = default;
FieldSet::FieldSet(FieldSet&&) noexcept = default;
FieldSet& FieldSet::operator=(const FieldSet&) = default;
FieldSet& FieldSet::operator=(FieldSet&&) noexcept = default;
FieldSet::~FieldSet() = default;

FieldSet::FieldSet(std::initializer_list<std::initializer_list<std::string_view>> paths) {
    for (const auto& names : paths) {
        Path path;
        for (const auto name : names) path.push_back(PathElement::field(name));
        insert(path);
    }
}

bool FieldSet::empty() const {
    return std::ranges::all_of(m_nodes, [](const Node& node) { return !node.member && node.children.empty(); });
}

std::size_t FieldSet::size() const {
    std::size_t count = 0;
    for (const Node& node : m_nodes) count += (node.member ? 1 : 0) + node.children.size();
    return count;
}

bool FieldSet::operator==(const FieldSet& other) const {
    return std::ranges::equal(m_nodes, other.m_nodes, [](const Node& a, const Node& b) {
        return a.member == b.member && a.element == b.element && a.children == b.children;
    });
}

FieldSet::Node& FieldSet::make(PathElement element) {
    // Sets are mostly read and built in order.
    if (m_nodes.empty() || m_nodes.back().element < element) {
        return m_nodes.emplace_back(Node{std::move(element), false, {}});
    }
    const auto at = std::ranges::lower_bound(m_nodes, element, {}, &Node::element);
    if (at != m_nodes.end() && at->element == element) return *at;
    return *m_nodes.insert(at, Node{std::move(element), false, {}});
}

void FieldSet::insert(std::span<const PathElement> path) {
    if (path.empty()) return;
    Node& node = make(path.front());
    if (path.size() == 1) {
        node.member = true;
    } else {
        node.children.insert(path.subspan(1));
    }
}

void FieldSet::insertMember(PathElement element) {
    make(std::move(element)).member = true;
}

void FieldSet::insertChildren(PathElement element, FieldSet children) {
    Node& node = make(std::move(element));
    node.children = node.children.nodes().empty() ? std::move(children) : node.children.unionWith(children);
}

bool FieldSet::contains(std::span<const PathElement> path) const {
    if (path.empty()) return false;
    const Node* node = find(path.front());
    if (node == nullptr) return false;
    return path.size() == 1 ? node->member : node->children.contains(path.subspan(1));
}

const FieldSet::Node* FieldSet::find(const PathElement& element) const {
    const auto at = std::ranges::lower_bound(m_nodes, element, {}, &Node::element);
    return at != m_nodes.end() && at->element == element ? &*at : nullptr;
}

std::span<const FieldSet::Node> FieldSet::nodes() const {
    return m_nodes;
}

FieldSet FieldSet::unionWith(const FieldSet& other) const {
    FieldSetBuilder out;
    const auto keep = [&out](const Node& node) { out.append(node); };
    zip(m_nodes, other.m_nodes, keep, keep, [&out](const Node& a, const Node& b) {
        out.append(Node{a.element, a.member || b.member, a.children.unionWith(b.children)});
    });
    return out.take();
}

FieldSet FieldSet::intersection(const FieldSet& other) const {
    FieldSetBuilder out;
    zip(m_nodes, other.m_nodes, kIgnore, kIgnore, [&out](const Node& a, const Node& b) {
        Node both{a.element, a.member && b.member, a.children.intersection(b.children)};
        if (both.member || !both.children.empty()) out.append(std::move(both));
    });
    return out.take();
}

FieldSet FieldSet::difference(const FieldSet& other) const {
    FieldSetBuilder out;
    zip(
        m_nodes, other.m_nodes, [&out](const Node& node) { out.append(node); }, kIgnore,
        [&out](const Node& a, const Node& b) {
            Node rest{a.element, a.member && !b.member, a.children.difference(b.children)};
            if (rest.member || !rest.children.empty()) out.append(std::move(rest));
        });
    return out.take();
}

FieldSet FieldSet::recursiveDifference(const FieldSet& other) const {
    FieldSetBuilder out;
    zip(
        m_nodes, other.m_nodes, [&out](const Node& node) { out.append(node); }, kIgnore,
        [&out](const Node& a, const Node& b) {
            if (b.member) return;
            Node rest{a.element, a.member, a.children.recursiveDifference(b.children)};
            if (rest.member || !rest.children.empty()) out.append(std::move(rest));
        });
    return out.take();
}

void FieldSet::forEach(const std::function<void(const Path&)>& visit) const {
    Path prefix;
    visitAll(*this, prefix, visit);
}

Result<FieldSet> FieldSet::fromFieldsV1(const json::value& fields) {
    bool ignored = false;
    return readLevel(fields, ignored);
}

json::value FieldSet::toFieldsV1() const {
    return writeLevel(*this);
}

}  // namespace qd::api::merge
