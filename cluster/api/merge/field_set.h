// Sets of field paths: what a field manager owns. The set is a tree that mirrors FieldsV1, the form in which
// metadata.managedFields carries it (f:<name>, k:<keys>, v:<value>, i:<index>, and "." for the place itself).
//
// An element keeps the canonical text of that form, so that decoding, comparing and encoding a set hardly ever parse
// JSON.
#pragma once

#include <boost/json/value.hpp>
#include <compare>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/base/result.h"

namespace qd::api::merge {

namespace json = boost::json;

class PathElement {
public:
    enum class Kind : std::uint8_t { Field, Key, Value, Index };
    using KeyField = std::pair<std::string_view, const json::value*>;

    static PathElement field(std::string_view name);
    static PathElement key(std::vector<KeyField> fields);  // of an item of a list with keys
    static PathElement value(const json::value& item);     // an item of a set
    static PathElement index(std::size_t index);
    // Reads the form of FieldsV1, e.g. k:{"name":"web"}.
    static Result<PathElement> parse(std::string_view text);

    Kind kind() const { return m_kind; }
    // A field's name, or the canonical JSON of keys and values.
    const std::string& text() const { return m_text; }
    std::string encoded() const;
    // As people read it: .spec, [name="web"], [="x"], [0].
    std::string display() const;
    // The names of a key's fields; empty for other kinds.
    std::vector<std::string> keyNames() const;

    bool operator==(const PathElement&) const = default;
    std::strong_ordering operator<=>(const PathElement& other) const;

private:
    PathElement(Kind kind, std::string text) : m_kind(kind), m_text(std::move(text)) {}

    Kind m_kind;
    std::string m_text;
};

using Path = std::vector<PathElement>;
std::string displayPath(std::span<const PathElement> path);

class FieldSet {
public:
    struct Node;

    FieldSet();
    // A set of paths of plain field names, e.g. {{"metadata", "name"}, {"status"}}.
    FieldSet(std::initializer_list<std::initializer_list<std::string_view>> paths);
    FieldSet(const FieldSet&);
    FieldSet(FieldSet&&) noexcept;
    FieldSet& operator=(const FieldSet&);
    FieldSet& operator=(FieldSet&&) noexcept;
    ~FieldSet();

    bool empty() const;
    std::size_t size() const;
    bool operator==(const FieldSet& other) const;

    void insert(std::span<const PathElement> path);
    bool contains(std::span<const PathElement> path) const;
    // Makes the element a member, or puts `children` below it.
    void insertMember(PathElement element);
    void insertChildren(PathElement element, FieldSet children);

    const Node* find(const PathElement& element) const;
    std::span<const Node> nodes() const;

    FieldSet unionWith(const FieldSet& other) const;
    FieldSet intersection(const FieldSet& other) const;
    FieldSet difference(const FieldSet& other) const;
    // Leaves out what stands below the other's members too.
    FieldSet recursiveDifference(const FieldSet& other) const;

    // Visits every path, members of a level before what stands below them.
    void forEach(const std::function<void(const Path&)>& visit) const;

    static Result<FieldSet> fromFieldsV1(const json::value& fields);
    json::value toFieldsV1() const;

private:
    friend class FieldSetBuilder;
    Node& make(PathElement element);
    std::vector<Node> m_nodes;  // sorted by element
};

struct FieldSet::Node {
    PathElement element;
    bool member = false;
    FieldSet children;
};

}  // namespace qd::api::merge
