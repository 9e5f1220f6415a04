#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "cluster/api/codec/json_text.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/api/codec/yaml_scalars.h"

namespace qd::api {

namespace {

namespace json = boost::json;

// What aliases may blow a document up to.
constexpr std::size_t kMaxAliasedBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxDepth = 1000;

std::string keyText(const json::value& key) {
    if (key.is_null()) return "null";
    if (const auto* text = key.if_string()) return {text->data(), text->size()};
    std::string out;
    if (key.is_bool()) {
        out = key.get_bool() ? "true" : "false";
    } else if (key.is_int64()) {
        appendJsonInteger(out, key.get_int64());
    } else if (key.is_double()) {
        appendJsonDouble(out, key.get_double());
    }
    return out;
}

std::size_t sizeOf(const json::value& tree) {
    std::size_t size = 16;
    if (const auto* text = tree.if_string()) size += text->size();
    if (const auto* object = tree.if_object()) {
        for (const auto& member : *object) size += member.key().size() + sizeOf(member.value());
    }
    if (const auto* array = tree.if_array()) {
        for (const auto& element : *array) size += sizeOf(element);
    }
    return size;
}

struct TooMuch {
    int line;
    std::string why;
};

// Builds the tree of a document out of the parser's events.
class TreeHandler final : public YAML::EventHandler {
public:
    explicit TreeHandler(std::vector<std::string>* duplicates) : m_duplicates(duplicates) {}

    YamlDocument take() {
        m_document.tree = std::move(m_root);
        return std::move(m_document);
    }

    void OnDocumentStart(const YAML::Mark& mark) override { m_document.line = mark.line + 1; }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, anchor, nullptr); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        const bool plain = tag == "?";
        if (plain && text == "<<" && expectsKey()) {
            top().merging = true;
            top().hasKey = true;
            return;
        }
        const bool isText = !plain && (tag == "!" || tag.empty() || tag == "tag:yaml.org,2002:str" ||
                                       tag == "tag:yaml.org,2002:binary");
        scalar(mark, anchor, isText ? json::value(json::string(text)) : resolveScalar(text));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = m_anchors.find(anchor);
        if (found == m_anchors.end()) throw TooMuch{mark.line + 1, "an alias contains itself"};
        m_aliased += sizeOf(found->second);
        if (m_aliased > kMaxAliasedBytes) throw TooMuch{mark.line + 1, "document contains excessive aliasing"};
        scalar(mark, YAML::NullAnchor, found->second);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(mark, anchor, json::array());
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(mark, anchor, json::object());
    }
    void OnMapEnd() override {
        applyMerges();
        end();
    }

private:
    struct Open {
        json::value value;
        YAML::anchor_t anchor = YAML::NullAnchor;
        std::size_t pathLength = 0;
        std::string key = {};  // of a map, once hasKey
        bool hasKey = false;
        bool merging = false;  // the key was <<
        std::vector<json::object> merges = {};
    };

    Open& top() { return m_open.back(); }
    bool expectsKey() const { return !m_open.empty() && m_open.back().value.is_object() && !m_open.back().hasKey; }

    void begin(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value) {
        if (m_open.size() >= kMaxDepth) throw TooMuch{mark.line + 1, "exceeded max depth"};
        if (expectsKey()) throw TooMuch{mark.line + 1, "a key must be a scalar"};
        const std::size_t length = m_path.size();
        enterPath(mark);
        m_open.push_back({.value = std::move(value), .anchor = anchor, .pathLength = length});
    }

    void end() {
        Open done = std::move(top());
        m_open.pop_back();
        m_path.resize(done.pathLength);
        if (done.anchor != YAML::NullAnchor) m_anchors[done.anchor] = done.value;
        place(std::move(done.value));
    }

    void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value) {
        if (anchor != YAML::NullAnchor) m_anchors[anchor] = value;
        if (expectsKey()) return key(mark, value);
        const std::size_t length = m_path.size();
        enterPath(mark);
        m_path.resize(length);
        place(std::move(value));
    }

    void key(const YAML::Mark& mark, const json::value& value) {
        top().key = keyText(value);
        top().hasKey = true;
        if (m_duplicates && top().value.get_object().contains(top().key)) {
            m_duplicates->push_back(
                fmt::format("line {}: key {} already set in map", mark.line + 1, goQuoted(top().key)));
        }
        const std::size_t length = m_path.size();
        enterPath(mark);
        m_path.resize(length);
    }

    // Goes to the member or element that comes next and notes its line; a member's is that of its key.
    void enterPath(const YAML::Mark& mark) {
        if (m_open.empty()) return;
        if (const auto* elements = top().value.if_array()) {
            m_path += fmt::format("[{}]", elements->size());
        } else if (!top().merging) {
            if (!m_path.empty()) m_path += '.';
            m_path += top().key;
        }
        m_document.lines.try_emplace(m_path, mark.line + 1);
    }

    void place(json::value value) {
        if (m_open.empty()) {
            m_root = std::move(value);
            return;
        }
        Open& parent = top();
        if (auto* elements = parent.value.if_array()) {
            elements->push_back(std::move(value));
            return;
        }
        parent.hasKey = false;
        if (!std::exchange(parent.merging, false)) {
            parent.value.get_object().insert_or_assign(parent.key, std::move(value));
        } else if (auto* object = value.if_object()) {
            parent.merges.push_back(std::move(*object));
        } else if (auto* list = value.if_array()) {
            for (auto& element : *list) {
                if (auto* one = element.if_object()) parent.merges.push_back(std::move(*one));
            }
        }
    }

    // Members of merged maps count where the map itself has none; the first of several wins.
    void applyMerges() {
        for (const json::object& merged : top().merges) {
            for (const auto& member : merged) top().value.get_object().insert(member);
        }
    }

    std::vector<std::string>* m_duplicates;
    YamlDocument m_document;
    json::value m_root;
    std::vector<Open> m_open;
    std::string m_path;
    std::map<YAML::anchor_t, json::value> m_anchors;
    std::size_t m_aliased = 0;
};

}  // namespace

int YamlDocument::lineOf(std::string_view path) const {
    while (true) {
        if (const auto found = lines.find(path); found != lines.end()) return found->second;
        const std::size_t end = path.find_last_of(".[");
        if (end == std::string_view::npos) return line;
        path = path.substr(0, end);
    }
}

Result<std::vector<YamlDocument>> parseYaml(std::string_view text, std::vector<std::string>* duplicates) {
    const auto failed = [](int line, std::string_view why) {
        return fail(Reason::BadRequest, fmt::format("error converting YAML to JSON: yaml: line {}: {}", line, why));
    };
    std::istringstream stream{std::string(text)};
    std::vector<YamlDocument> documents;
    try {
        YAML::Parser parser(stream);
        while (true) {
            TreeHandler handler(duplicates);
            if (!parser.HandleNextDocument(handler)) break;
            YamlDocument document = handler.take();
            if (!document.tree.is_null()) documents.push_back(std::move(document));
        }
    } catch (const YAML::Exception& exception) {
        return failed(exception.mark.line + 1, exception.msg);
    } catch (const TooMuch& tooMuch) {
        return failed(tooMuch.line, tooMuch.why);
    }
    return documents;
}

}  // namespace qd::api
