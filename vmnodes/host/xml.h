// Writing and reading libvirt's XML, over libxml2 (which libvirt itself uses).
//
// Xml is a tree of elements built by value; text and attribute values are escaped when it is written. XmlDocument reads
// what libvirt returns, by XPath. Both are values without threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cluster/base/result.h"

namespace qd::host {

class Xml {
public:
    explicit Xml(std::string name) : m_name(std::move(name)) {}
    // An element with text, e.g. Xml("name", "qd-dev-node-1").
    Xml(std::string name, std::string_view text) : m_name(std::move(name)), m_text(text) {}
    template <typename Number>
    requires std::is_integral_v<Number> Xml(std::string name, Number number)
        : m_name(std::move(name)), m_text(std::to_string(number)) {}

    Xml&& attr(std::string name, std::string_view value) && {
        m_attributes.emplace_back(std::move(name), value);
        return std::move(*this);
    }
    template <typename Number>
    requires std::is_integral_v<Number> Xml && attr(std::string name, Number value) && {
        return std::move(*this).attr(std::move(name), std::to_string(value));
    }
    Xml&& child(Xml element) && {
        m_children.push_back(std::move(element));
        return std::move(*this);
    }
    // The same for an element that has a name already.
    void set(std::string name, std::string_view value) { m_attributes.emplace_back(std::move(name), value); }
    Xml& add(Xml element) {
        m_children.push_back(std::move(element));
        return m_children.back();
    }

    // The element as text. Invalid when a value is not UTF-8 or holds a character that XML 1.0 has no way to write.
    Result<std::string> toString() const;

private:
    friend struct XmlSerializer;
    std::string m_name;
    std::string m_text;
    std::vector<std::pair<std::string, std::string>> m_attributes;
    std::vector<Xml> m_children;
};

// The namespace of Quarterdeck's metadata in domains and networks.
inline constexpr std::string_view kMetadataNamespace = "https://quarterdeck.dev/xmlns/libvirt/1";

class XmlDocument {
public:
    static Result<XmlDocument> parse(std::string_view text);
    XmlDocument(XmlDocument&&) noexcept;
    XmlDocument& operator=(XmlDocument&&) noexcept;
    ~XmlDocument();

    // The text of the first node that the XPath expression finds; the prefix `quarterdeck` is bound. nullopt when there
    // is none.
    std::optional<std::string> first(const char* xpath) const;
    std::vector<std::string> all(const char* xpath) const;

private:
    struct Tree;
    explicit XmlDocument(std::unique_ptr<Tree> tree);
    std::unique_ptr<Tree> m_tree;
};

}  // namespace qd::host
