#include "app/actions/yaml_documents.h"

#include <boost/json/object.hpp>
#include <charconv>

#include "cluster/api/codec/yaml.h"

namespace qd::actions {

namespace json = boost::json;

namespace {

void addItems(std::vector<YamlDocument>& documents, YamlDocument document) {
    const json::object* object = document.value.if_object();
    const json::value* kind = object ? object->if_contains("kind") : nullptr;
    const json::value* items = object ? object->if_contains("items") : nullptr;
    const bool isList = kind && kind->is_string() && kind->get_string() == "List" && items && items->is_array();
    if (!isList) {
        documents.push_back(std::move(document));
        return;
    }
    for (const json::value& item : items->get_array()) documents.push_back({document.line, item});
}

}  // namespace

Result<std::vector<YamlDocument>> parseYaml(std::string_view text) {
    auto parsed = api::parseYaml(text);
    if (!parsed) return fail(parsed.error());
    std::vector<YamlDocument> documents;
    for (api::YamlDocument& document : *parsed)
        if (!document.tree.is_null()) addItems(documents, {document.line, std::move(document.tree)});
    return documents;
}

int lineOf(const Error& error) {
    static constexpr std::string_view word = "line ";
    const std::size_t at = error.message.find(word);
    if (at == std::string::npos) return 0;
    int line = 0;
    const char* begin = error.message.data() + at + word.size();
    std::from_chars(begin, error.message.data() + error.message.size(), line);
    return line;
}

std::string writeYaml(const json::value& value) {
    return api::toYaml(value);
}

}  // namespace qd::actions
