#include <fmt/format.h>

#include <cctype>

#include "vmnodes/hollow/shell/syntax.h"

namespace qd::hollow::shell {
namespace {

// Stops the parsing; leaves this file as an Error.
struct NotRead {
    std::string what;
};

bool isNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool isNamePart(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool endsWord(char c) { return std::string_view(" \t\n;&|<>()").contains(c); }

class Parser {
public:
    explicit Parser(std::string_view text) : m_text(text) {}

    List all() {
        List list = this->list();
        if (!atEnd()) throw NotRead{std::string(1, m_text[m_at])};
        return list;
    }

private:
    // Characters.

    bool atEnd() const { return m_at >= m_text.size(); }
    char peek(std::size_t ahead = 0) const { return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0'; }
    bool startsWith(std::string_view text) const { return m_text.substr(m_at).starts_with(text); }

    void skipBlanks() {
        while (true) {
            if (peek() == ' ' || peek() == '\t' || peek() == '\r') {
                ++m_at;
            } else if (startsWith("\\\n")) {
                m_at += 2;
            } else if (peek() == '#') {
                while (!atEnd() && peek() != '\n') ++m_at;
            } else {
                return;
            }
        }
    }

    void skipLines() {
        for (skipBlanks(); peek() == '\n'; skipBlanks()) ++m_at;
    }

    // The bare word that comes next, not taken: a reserved word, if it is one.
    std::string_view bareWord() const {
        std::size_t end = m_at;
        while (end < m_text.size() && !endsWord(m_text[end])) ++end;
        return m_text.substr(m_at, end - m_at);
    }

    bool takeReserved(std::string_view word) {
        skipLines();
        if (bareWord() != word) return false;
        m_at += word.size();
        return true;
    }

    void expectReserved(std::string_view word) {
        if (!takeReserved(word)) throw NotRead{fmt::format("no \"{}\"", word)};
    }

    // Lists and commands.

    // Up to the end, a closing parenthesis or brace, or a word that ends what is around it.
    List list() {
        List commands;
        Joint joint = Joint::Always;
        while (true) {
            skipLines();
            if (atEnd() || peek() == ')' || endsList(bareWord())) break;
            commands.push_back(command());
            commands.back().joint = joint;
            joint = separator();
        }
        if (joint != Joint::Always) throw NotRead{"a list that ends in an operator"};
        return commands;
    }

    static bool endsList(std::string_view word) {
        for (const std::string_view each : {"then", "elif", "else", "fi", "do", "done", "}"}) {
            if (word == each) return true;
        }
        return false;
    }

    Joint separator() {
        skipBlanks();
        if (startsWith("&&")) return m_at += 2, Joint::And;
        if (startsWith("||")) return m_at += 2, Joint::Or;
        if (startsWith(";;") || peek() == '&' || peek() == '|' || peek() == '(') throw NotRead{std::string(1, peek())};
        if (peek() == ';') ++m_at;
        return Joint::Always;
    }

    Command command() {
        if (++m_depth > kDeepest) throw NotRead{"commands within commands without end"};
        Command made = commandHere();
        --m_depth;
        return made;
    }

    Command commandHere() {
        if (bareWord() == "!") {
            ++m_at;
            skipBlanks();
            Command negated = command();
            negated.negated = !negated.negated;
            return negated;
        }
        Command made = compound();
        if (made.kind != Command::Kind::Simple) redirections(made);
        return made;
    }

    Command compound() {
        if (takeReserved("if")) return conditional();
        if (takeReserved("while")) return loop(Command::Kind::While);
        if (takeReserved("until")) return loop(Command::Kind::Until);
        if (takeReserved("for")) return forEach();
        if (takeReserved("{")) {
            Command group{.kind = Command::Kind::Group};
            group.lists.push_back(list());
            expectReserved("}");
            return group;
        }
        for (const std::string_view each : {"case", "function", "select"}) {
            if (bareWord() == each) throw NotRead{std::string(each)};
        }
        return simple();
    }

    Command conditional() {
        Command made{.kind = Command::Kind::If};
        do {
            made.lists.push_back(list());
            expectReserved("then");
            made.lists.push_back(list());
        } while (takeReserved("elif"));
        if (takeReserved("else")) made.lists.push_back(list());
        expectReserved("fi");
        return made;
    }

    Command loop(Command::Kind kind) {
        Command made{.kind = kind};
        made.lists.push_back(list());
        body(made);
        return made;
    }

    void body(Command& made) {
        expectReserved("do");
        made.lists.push_back(list());
        expectReserved("done");
    }

    Command forEach() {
        Command made{.kind = Command::Kind::For};
        skipBlanks();
        made.name = name();
        if (made.name.empty()) throw NotRead{"for"};
        expectReserved("in");
        for (skipBlanks(); !atEnd() && !endsWord(peek()); skipBlanks()) made.words.push_back(word());
        skipBlanks();
        if (peek() == ';') ++m_at;
        body(made);
        return made;
    }

    Command simple() {
        Command made;
        while (true) {
            skipBlanks();
            if (redirection(made)) continue;
            if (atEnd() || endsWord(peek())) break;
            if (made.words.empty() && assignment(made)) continue;
            made.words.push_back(word());
        }
        if (peek() == '(') throw NotRead{"("};
        if (made.words.empty() && made.assignments.empty() && made.written.empty()) throw NotRead{"an empty command"};
        return made;
    }

    bool assignment(Command& made) {
        std::size_t end = m_at;
        if (!isNameStart(peek())) return false;
        while (end < m_text.size() && isNamePart(m_text[end])) ++end;
        if (end >= m_text.size() || m_text[end] != '=') return false;
        Assignment each{std::string(m_text.substr(m_at, end - m_at)), {}};
        m_at = end + 1;
        if (!atEnd() && !endsWord(peek())) each.value = word();
        made.assignments.push_back(std::move(each));
        return true;
    }

    void redirections(Command& made) {
        do skipBlanks();
        while (redirection(made));
    }

    bool redirection(Command& made) {
        std::size_t digits = 0;
        while (std::isdigit(static_cast<unsigned char>(peek(digits))) != 0) ++digits;
        const bool both = digits == 0 && startsWith("&>");
        const char sign = both ? '>' : peek(digits);
        if (sign != '<' && sign != '>') return false;
        m_at += digits + (both ? 2 : 1);
        if (sign == '<' && (peek() == '<' || peek() == '(')) throw NotRead{"<" + std::string(1, peek())};
        if (peek() == '>' || peek() == '|') ++m_at;
        if (peek() == '&') {  // another descriptor: no file
            ++m_at;
            (void)word();
            return true;
        }
        skipBlanks();
        Word file = word();
        if (sign == '>') made.written.push_back(std::move(file));
        return true;
    }

    // Words.

    std::string name() {
        std::string name;
        if (isNameStart(peek())) {
            while (isNamePart(peek())) name += m_text[m_at++];
        }
        return name;
    }

    Word word() {
        Word word;
        const std::size_t begin = m_at;
        while (!atEnd() && !endsWord(peek())) part(word);
        if (m_at == begin) throw NotRead{"a word that is missing"};
        return word;
    }

    static void addText(Word& word, std::string_view text, bool quoted) {
        if (word.empty() || word.back().kind != WordPart::Kind::Text || word.back().quoted != quoted) {
            word.push_back({.kind = WordPart::Kind::Text, .text = {}, .otherwise = {}, .quoted = quoted});
        }
        word.back().text += text;
    }

    void part(Word& word) {
        switch (peek()) {
            case '\'': {
                const std::size_t end = m_text.find('\'', m_at + 1);
                if (end == std::string_view::npos) throw NotRead{"a quote that is not closed"};
                addText(word, m_text.substr(m_at + 1, end - m_at - 1), true);
                m_at = end + 1;
                return;
            }
            case '"':
                ++m_at;
                addText(word, "", true);  // "" is a word too
                while (peek() != '"') {
                    if (atEnd()) throw NotRead{"a quote that is not closed"};
                    if (peek() == '\\' && std::string_view("$`\"\\\n").contains(peek(1))) {
                        ++m_at;
                        if (peek() != '\n') addText(word, m_text.substr(m_at, 1), true);
                        ++m_at;
                    } else {
                        expansionOrCharacter(word, true);
                    }
                }
                ++m_at;
                return;
            case '\\':
                if (peek(1) != '\n') addText(word, m_text.substr(m_at + 1, 1), true);
                m_at = std::min(m_at + 2, m_text.size());
                return;
            default:
                expansionOrCharacter(word, false);
        }
    }

    void expansionOrCharacter(Word& word, bool quoted) {
        if (peek() == '`') throw NotRead{"`"};
        if (peek() != '$') {
            addText(word, m_text.substr(m_at, 1), quoted);
            ++m_at;
            return;
        }
        if (startsWith("$((")) return arithmetic(word, quoted);
        if (startsWith("$(")) return substitution(word, quoted);
        if (startsWith("${")) return parameter(word, quoted);
        ++m_at;
        if (std::string name = this->name(); !name.empty()) return addParameter(word, std::move(name), quoted);
        if (peek() == '?') return ++m_at, addParameter(word, "?", quoted);
        if (!atEnd() && std::string_view("@*#$!-0123456789").contains(peek())) throw NotRead{"$" + std::string(1, peek())};
        addText(word, "$", quoted);
    }

    static void addParameter(Word& word, std::string name, bool quoted, std::string otherwise = {}) {
        word.push_back({.kind = WordPart::Kind::Parameter, .text = std::move(name), .otherwise = std::move(otherwise), .quoted = quoted});
    }

    void parameter(Word& word, bool quoted) {
        m_at += 2;
        std::string name = this->name();
        std::string otherwise;
        if (startsWith(":-")) {
            m_at += 2;
            while (!atEnd() && (std::isalnum(static_cast<unsigned char>(peek())) != 0 || std::string_view("_./-").contains(peek())))
                otherwise += m_text[m_at++];
        }
        if (name.empty() || peek() != '}') throw NotRead{"${…}"};
        ++m_at;
        addParameter(word, std::move(name), quoted, std::move(otherwise));
    }

    void arithmetic(Word& word, bool quoted) {
        m_at += 3;
        std::string expression;
        for (int depth = 0; depth > 0 || !startsWith("))"); ++m_at) {
            if (atEnd()) throw NotRead{"$(( that is not closed"};
            if (peek() == '(') ++depth;
            if (peek() == ')') --depth;
            // $name, ${name} and name are the same here.
            if (peek() != '$' && peek() != '{' && peek() != '}') expression += peek();
        }
        m_at += 2;
        word.push_back({.kind = WordPart::Kind::Arithmetic, .text = std::move(expression), .otherwise = {}, .quoted = quoted});
    }

    void substitution(Word& word, bool quoted) {
        m_at += 2;
        auto commands = std::make_shared<const List>(list());
        if (peek() != ')') throw NotRead{"$( that is not closed"};
        ++m_at;
        word.push_back({.kind = WordPart::Kind::Substitution, .text = {}, .otherwise = {}, .quoted = quoted, .commands = std::move(commands)});
    }

    static constexpr int kDeepest = 100;

    std::string_view m_text;
    std::size_t m_at = 0;
    int m_depth = 0;
};

}  // namespace

Result<List> parse(std::string_view script) {
    try {
        return Parser(script).all();
    } catch (const NotRead& problem) {
        return fail(Reason::BadRequest, fmt::format("the script holds what is not read: {}", problem.what));
    }
}

}  // namespace qd::hollow::shell
