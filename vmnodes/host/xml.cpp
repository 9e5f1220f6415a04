#include "vmnodes/host/xml.h"

#include <fmt/format.h>
#include <libxml/chvalid.h>
#include <libxml/parser.h>
#include <libxml/xmlwriter.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

namespace qd::host {
namespace {

const xmlChar* chars(std::string_view text) {
    return reinterpret_cast<const xmlChar*>(text.data());
}

// Whether every character of the text may stand in an XML 1.0 document (https://www.w3.org/TR/xml/#charsets).
bool isWritable(const std::string& text) {
    if (text.find('\0') != text.npos || xmlCheckUTF8(chars(text)) == 0) return false;
    for (int at = 0; at < static_cast<int>(text.size());) {
        int length = static_cast<int>(text.size()) - at;
        const int character = xmlGetUTF8Char(chars(text) + at, &length);
        if (character < 0 || !xmlIsCharQ(character)) return false;
        at += length;
    }
    return true;
}

}  // namespace

struct XmlSerializer {
    xmlTextWriterPtr writer;
    std::string unwritable;  // where a value stood that cannot be written

    void check(const std::string& value, const std::string& where) {
        if (unwritable.empty() && !isWritable(value)) unwritable = where;
    }
    void write(const Xml& element) {
        xmlTextWriterStartElement(writer, chars(element.m_name));
        for (const auto& [name, value] : element.m_attributes) {
            check(value, fmt::format("attribute {} of <{}>", name, element.m_name));
            if (!unwritable.empty()) return;
            xmlTextWriterWriteAttribute(writer, chars(name), chars(value));
        }
        if (!element.m_text.empty()) {
            check(element.m_text, fmt::format("text of <{}>", element.m_name));
            if (!unwritable.empty()) return;
            xmlTextWriterWriteString(writer, chars(element.m_text));
        }
        for (const Xml& inner : element.m_children) {
            write(inner);
            if (!unwritable.empty()) return;
        }
        xmlTextWriterEndElement(writer);
    }
};

Result<std::string> Xml::toString() const {
    const std::unique_ptr<xmlBuffer, decltype(&xmlBufferFree)> buffer(xmlBufferCreate(), xmlBufferFree);
    std::unique_ptr<xmlTextWriter, decltype(&xmlFreeTextWriter)> writer(xmlNewTextWriterMemory(buffer.get(), 0),
                                                                        xmlFreeTextWriter);
    if (!writer) return fail(Reason::InternalError, "libxml2 could not make a writer");
    xmlTextWriterSetIndent(writer.get(), 1);
    XmlSerializer serializer{writer.get(), {}};
    serializer.write(*this);
    if (!serializer.unwritable.empty()) {
        return fail(Reason::Invalid,
                    fmt::format("the {} holds a character that XML cannot hold", serializer.unwritable));
    }
    writer.reset();  // flushes
    return std::string(reinterpret_cast<const char*>(xmlBufferContent(buffer.get())),
                       static_cast<std::size_t>(xmlBufferLength(buffer.get())));
}

struct XmlDocument::Tree {
    std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document{nullptr, xmlFreeDoc};
    std::unique_ptr<xmlXPathContext, decltype(&xmlXPathFreeContext)> context{nullptr, xmlXPathFreeContext};
};

XmlDocument::XmlDocument(std::unique_ptr<Tree> tree) : m_tree(std::move(tree)) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

Result<XmlDocument> XmlDocument::parse(std::string_view text) {
    auto tree = std::make_unique<Tree>();
    constexpr int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    tree->document.reset(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr, options));
    if (!tree->document) return fail(Reason::Invalid, "libvirt returned XML that does not parse");
    tree->context.reset(xmlXPathNewContext(tree->document.get()));
    if (!tree->context) return fail(Reason::InternalError, "libxml2 could not make an XPath context");
    xmlXPathRegisterNs(tree->context.get(), chars("quarterdeck"), chars(kMetadataNamespace));
    return XmlDocument(std::move(tree));
}

std::vector<std::string> XmlDocument::all(const char* xpath) const {
    std::vector<std::string> found;
    const std::unique_ptr<xmlXPathObject, decltype(&xmlXPathFreeObject)> result(
        xmlXPathEvalExpression(chars(xpath), m_tree->context.get()), xmlXPathFreeObject);
    if (!result || result->nodesetval == nullptr) return found;
    for (int i = 0; i < result->nodesetval->nodeNr; ++i) {
        const std::unique_ptr<xmlChar, void (*)(void*)> content(xmlNodeGetContent(result->nodesetval->nodeTab[i]),
                                                                xmlFree);
        found.emplace_back(content ? reinterpret_cast<const char*>(content.get()) : "");
    }
    return found;
}

std::optional<std::string> XmlDocument::first(const char* xpath) const {
    auto found = all(xpath);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

}  // namespace qd::host
