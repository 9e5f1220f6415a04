#include "vmnodes/hollow/shell/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "vmnodes/hollow/shell/arithmetic.h"

namespace qd::hollow::shell {
namespace {

using Arguments = std::vector<std::string>;

constexpr int kMostSteps = 2'000;  // whoever takes more goes on for ever
constexpr base::Duration kForEver = std::chrono::hours(24 * 365);  // whoever sleeps longer is not waited for
constexpr int kMisused = 2;                                        // exit code of a builtin that was called wrongly

// Why the script does not simply go on with the next command.
enum class Turn { None, Break, Continue, Exit, GoesOn, NotKnown };

std::optional<std::int64_t> numberIn(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "5", "0.5", "5m", "infinity", as GNU sleep has it.
std::optional<base::Duration> lengthIn(std::string_view text) {
    if (text == "infinity" || text == "inf") return kForEver;
    double unit = 1;
    if (!text.empty()) {
        constexpr std::pair<char, double> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
        const auto found = std::ranges::find(kUnits, text.back(), &std::pair<char, double>::first);
        if (found != std::end(kUnits)) {
            unit = found->second;
            text.remove_suffix(1);
        }
    }
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size() || !(value >= 0)) return std::nullopt;
    const std::chrono::duration<double> length(value * unit);
    return length >= kForEver ? kForEver : std::chrono::duration_cast<base::Duration>(length);
}

std::string baseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool isFlag(const std::string& argument) { return argument.size() > 1 && argument.front() == '-'; }

class Interpreter {
public:
    explicit Interpreter(World& world) : m_world(world) {}

    std::optional<Ending> run(const List& script) {
        list(script);
        return ending();
    }

    std::optional<Ending> run(const Arguments& arguments) {
        call(arguments);
        return ending();
    }

private:
    std::optional<Ending> ending() const {
        if (m_turn == Turn::NotKnown) return std::nullopt;
        if (m_turn == Turn::GoesOn) return Ending{};
        return Ending{m_elapsed, m_code};
    }

    void list(const List& commands) {
        for (std::size_t i = 0; i < commands.size() && m_turn == Turn::None; ++i) {
            const Command& command = commands[i];
            if ((command.joint == Joint::And && m_code != 0) || (command.joint == Joint::Or && m_code == 0)) continue;
            const bool tested = i + 1 < commands.size() && commands[i + 1].joint != Joint::Always;
            m_tested += tested || command.negated ? 1 : 0;
            one(command);
            if (m_turn == Turn::None && command.negated) m_code = m_code == 0 ? 1 : 0;
            m_tested -= tested || command.negated ? 1 : 0;
            // `set -e`: a failure that nobody asks about ends the script.
            if (m_turn == Turn::None && m_code != 0 && m_endsOnFailure && m_tested == 0 && !command.negated && !tested) m_turn = Turn::Exit;
        }
    }

    void one(const Command& command) {
        if (++m_steps > kMostSteps) {
            m_turn = Turn::GoesOn;
            return;
        }
        switch (command.kind) {
            case Command::Kind::Simple:
                return simple(command);
            case Command::Kind::If:
                return conditional(command);
            case Command::Kind::While:
            case Command::Kind::Until:
                return loop(command);
            case Command::Kind::For:
                return forEach(command);
            case Command::Kind::Group:
                list(command.lists[0]);
                return write(command);
        }
    }

    bool holds(const List& condition) {
        ++m_tested;
        list(condition);
        --m_tested;
        return m_turn == Turn::None && m_code == 0;
    }

    void conditional(const Command& command) {
        std::size_t i = 0;
        for (; i + 1 < command.lists.size(); i += 2) {
            if (holds(command.lists[i])) return list(command.lists[i + 1]);
            if (m_turn != Turn::None) return;
        }
        m_code = 0;
        if (i < command.lists.size()) list(command.lists[i]);
    }

    // Whether the loop is to be left.
    bool leaves() {
        if (m_turn == Turn::Break || m_turn == Turn::Continue) {
            const bool left = m_turn == Turn::Break;
            m_turn = Turn::None;
            return left;
        }
        return m_turn != Turn::None;
    }

    void loop(const Command& command) {
        int code = 0;
        while (true) {
            const bool held = holds(command.lists[0]);
            if (m_turn != Turn::None) return;
            if (held == (command.kind == Command::Kind::Until)) break;
            list(command.lists[1]);
            code = m_code;
            if (leaves()) break;
        }
        if (m_turn == Turn::None) m_code = code;
    }

    void forEach(const Command& command) {
        const Arguments values = expanded(command.words);
        m_code = 0;
        for (const std::string& value : values) {
            if (m_turn != Turn::None) return;
            m_world.environment[command.name] = value;
            list(command.lists[0]);
            if (leaves()) return;
        }
    }

    void simple(const Command& command) {
        const Arguments arguments = expanded(command.words);
        for (const auto& [name, value] : command.assignments) {
            std::string text = joined(value);
            if (m_turn != Turn::None) return;
            m_world.environment[name] = std::move(text);
        }
        if (m_turn != Turn::None) return;
        if (arguments.empty()) {
            if (command.words.empty()) m_code = 0;
        } else {
            const bool captures = std::exchange(m_captures, m_captures && command.written.empty());
            call(arguments);
            m_captures = captures;
        }
        write(command);
    }

    void write(const Command& command) {
        for (const Word& word : command.written) {
            const std::string path = joined(word);
            if (!path.starts_with("/dev/")) m_world.files.insert(path);
        }
    }

    // Words.

    Arguments expanded(const std::vector<Word>& words) {
        Arguments arguments;
        for (const Word& word : words) expand(word, arguments);
        return arguments;
    }

    // What is not quoted falls apart at blanks.
    void expand(const Word& word, Arguments& arguments) {
        std::optional<std::string> current;
        for (const WordPart& part : word) {
            const std::string text = this->text(part);
            if (part.quoted || part.kind == WordPart::Kind::Text) {
                current = current.value_or("") + text;
                continue;
            }
            for (const char c : text) {
                if (c != ' ' && c != '\t' && c != '\n') {
                    current = current.value_or("") + c;
                } else if (current) {
                    arguments.push_back(*std::exchange(current, std::nullopt));
                }
            }
        }
        if (current) arguments.push_back(*current);
    }

    std::string joined(const Word& word) {
        std::string all;
        for (const WordPart& part : word) all += text(part);
        return all;
    }

    std::string text(const WordPart& part) {
        switch (part.kind) {
            case WordPart::Kind::Text:
                return part.text;
            case WordPart::Kind::Parameter: {
                std::string value = parameter(part.text);
                return value.empty() ? part.otherwise : value;
            }
            case WordPart::Kind::Arithmetic: {
                const auto value = evaluate(part.text, numbers());
                if (!value) m_turn = Turn::NotKnown;
                return std::to_string(value.value_or(0));
            }
            case WordPart::Kind::Substitution:
                return substitution(*part.commands);
        }
        return {};
    }

    std::string parameter(const std::string& name) {
        if (name == "?") return std::to_string(m_code);
        if (name == "RANDOM") return std::to_string(random());
        if (const auto found = m_world.environment.find(name); found != m_world.environment.end()) return found->second;
        if (m_world.moreVariables) m_turn = Turn::NotKnown;
        return "";
    }

    NumberOf numbers() {
        return [this](const std::string& name) -> std::optional<std::int64_t> {
            const std::string text = parameter(name);
            return text.empty() ? 0 : numberIn(text);
        };
    }

    // 0 to 32767, as bash has it; the same for the same seed.
    std::uint64_t random() {
        m_world.seed = m_world.seed * 6364136223846793005U + 1442695040888963407U;
        return (m_world.seed >> 40U) % 32768;
    }

    std::string substitution(const List& commands) {
        const auto environment = m_world.environment;
        const std::string outer = std::exchange(m_captured, "");
        const bool captures = std::exchange(m_captures, true);
        list(commands);
        if (m_turn == Turn::Exit || m_turn == Turn::Break || m_turn == Turn::Continue) m_turn = Turn::None;
        m_captures = captures;
        std::string output = std::exchange(m_captured, outer);
        m_world.environment = environment;
        while (output.ends_with('\n')) output.pop_back();
        return output;
    }

    // Commands.

    void call(const Arguments& arguments) {
        struct Known {
            std::string_view name;
            void (Interpreter::*run)(const Arguments&);
        };
        static constexpr Known kKnown[] = {
            {":", &Interpreter::succeed},    {"true", &Interpreter::succeed},   {"wait", &Interpreter::succeed},    {"sync", &Interpreter::succeed},
            {"date", &Interpreter::succeed}, {"chmod", &Interpreter::succeed},  {"chown", &Interpreter::succeed},   {"false", &Interpreter::fails},
            {"exit", &Interpreter::exit},    {"sleep", &Interpreter::sleep},    {"echo", &Interpreter::echo},       {"printf", &Interpreter::print},
            {"touch", &Interpreter::touch},  {"mkdir", &Interpreter::touch},    {"rm", &Interpreter::remove},       {"cat", &Interpreter::cat},
            {"tail", &Interpreter::tail},    {"test", &Interpreter::test},      {"[", &Interpreter::test},          {"[[", &Interpreter::test},
            {"expr", &Interpreter::expr},    {"set", &Interpreter::set},        {"export", &Interpreter::exportIt}, {"exec", &Interpreter::exec},
            {"break", &Interpreter::leave},  {"continue", &Interpreter::leave}, {"sh", &Interpreter::shell},        {"bash", &Interpreter::shell},
            {"ash", &Interpreter::shell},    {"dash", &Interpreter::shell},     {"pause", &Interpreter::goOn},      {"hostname", &Interpreter::hostname},
        };
        const auto known = std::ranges::find(kKnown, baseName(arguments[0]), &Known::name);
        if (known == std::end(kKnown)) {
            m_turn = Turn::NotKnown;
            return;
        }
        m_codeBefore = std::exchange(m_code, 0);
        (this->*known->run)(arguments);
    }

    void say(const std::string& text) {
        if (m_captures) m_captured += text;
    }

    void succeed(const Arguments& /*arguments*/) {}
    void fails(const Arguments& /*arguments*/) { m_code = 1; }
    void goOn(const Arguments& /*arguments*/) { m_turn = Turn::GoesOn; }

    void exit(const Arguments& arguments) {
        if (arguments.size() > 1) {
            const auto code = numberIn(arguments[1]);
            m_code = code ? static_cast<int>(*code & 0xff) : kMisused;
        } else {
            m_code = m_codeBefore;
        }
        m_turn = Turn::Exit;
    }

    void sleep(const Arguments& arguments) {
        base::Duration length{};
        if (arguments.size() < 2) m_code = 1;
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            const auto each = lengthIn(arguments[i]);
            if (!each) {
                m_code = 1;
                return;
            }
            length = std::min(kForEver, length + *each);
        }
        m_elapsed += length;
        if (m_elapsed >= kForEver) m_turn = Turn::GoesOn;
    }

    void echo(const Arguments& arguments) {
        std::size_t i = 1;
        const bool line = !(arguments.size() > 1 && arguments[1] == "-n");
        if (!line) ++i;
        for (std::size_t first = i; i < arguments.size(); ++i) say((i > first ? " " : "") + arguments[i]);
        if (line) say("\n");
    }

    void print(const Arguments& arguments) {
        if (m_captures) m_turn = Turn::NotKnown;  // formats are not followed
        if (arguments.size() < 2) m_code = kMisused;
    }

    void hostname(const Arguments& /*arguments*/) { say(parameter("HOSTNAME") + "\n"); }

    void touch(const Arguments& arguments) {
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            if (!isFlag(arguments[i])) m_world.files.insert(arguments[i]);
        }
    }

    void remove(const Arguments& arguments) {
        bool forced = false;
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            if (isFlag(arguments[i])) {
                forced = forced || arguments[i].contains('f');
            } else if (m_world.files.erase(arguments[i]) == 0 && !forced) {
                m_code = 1;
            }
        }
    }

    // What files hold is not known, only that they are there.
    void cat(const Arguments& arguments) {
        if (m_captures || arguments.size() < 2) m_turn = Turn::NotKnown;
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            if (!isFile(arguments[i])) m_code = 1;
        }
    }

    void tail(const Arguments& arguments) {
        const bool follows = std::ranges::any_of(arguments, [](const auto& each) { return each == "-f" || each == "-F"; });
        m_turn = follows ? Turn::GoesOn : Turn::NotKnown;
    }

    bool isFile(const std::string& path) const { return path == "/dev/null" || m_world.files.contains(path); }

    void test(const Arguments& arguments) {
        Arguments rest(arguments.begin() + 1, arguments.end());
        const std::string closing = arguments[0] == "[" ? "]" : arguments[0] == "[[" ? "]]" : "";
        if (!closing.empty()) {
            if (rest.empty() || rest.back() != closing) {
                m_code = kMisused;
                return;
            }
            rest.pop_back();
        }
        bool negated = false;
        while (rest.size() > 1 && rest.front() == "!") {
            negated = !negated;
            rest.erase(rest.begin());
        }
        const auto holds = this->holds(rest);
        m_code = holds ? (*holds != negated ? 0 : 1) : kMisused;
    }

    // Nothing when it is misused.
    std::optional<bool> holds(const Arguments& test) {
        if (test.empty()) return false;
        if (test.size() == 1) return !test[0].empty();
        if (test.size() == 2) {
            if (test[0] == "-z") return test[1].empty();
            if (test[0] == "-n") return !test[1].empty();
            if (test[0].size() == 2 && test[0][0] == '-' && std::string_view("defrswx").contains(test[0][1])) return isFile(test[1]);
        }
        if (test.size() != 3) {
            m_turn = Turn::NotKnown;
            return std::nullopt;
        }
        if (test[1] == "=" || test[1] == "==") return test[0] == test[2];
        if (test[1] == "!=") return test[0] != test[2];
        const auto a = numberIn(test[0]);
        const auto b = numberIn(test[2]);
        if (!a || !b) return std::nullopt;
        if (test[1] == "-eq") return *a == *b;
        if (test[1] == "-ne") return *a != *b;
        if (test[1] == "-lt") return *a < *b;
        if (test[1] == "-le") return *a <= *b;
        if (test[1] == "-gt") return *a > *b;
        if (test[1] == "-ge") return *a >= *b;
        return std::nullopt;
    }

    void expr(const Arguments& arguments) {
        std::string expression;
        for (std::size_t i = 1; i < arguments.size(); ++i) expression += arguments[i] + " ";
        const auto value = evaluate(expression, [](const std::string&) { return std::optional<std::int64_t>(); });
        if (!value) {
            m_turn = Turn::NotKnown;
            return;
        }
        say(std::to_string(*value) + "\n");
        m_code = *value == 0 ? 1 : 0;
    }

    void set(const Arguments& arguments) {
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            if (isFlag(arguments[i]) && arguments[i].contains('e')) m_endsOnFailure = true;
            if (arguments[i].starts_with("+") && arguments[i].contains('e')) m_endsOnFailure = false;
        }
    }

    void exportIt(const Arguments& arguments) {
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            const auto equals = arguments[i].find('=');
            if (equals != std::string::npos) m_world.environment[arguments[i].substr(0, equals)] = arguments[i].substr(equals + 1);
        }
    }

    void exec(const Arguments& arguments) {
        if (arguments.size() < 2) return;
        call({arguments.begin() + 1, arguments.end()});
        if (m_turn == Turn::None) m_turn = Turn::Exit;
    }

    void leave(const Arguments& arguments) {
        if (arguments.size() > 1) {
            m_turn = Turn::NotKnown;  // of several loops at once
        } else {
            m_turn = arguments[0] == "break" ? Turn::Break : Turn::Continue;
        }
    }

    // `sh -c script`, with flags before it.
    void shell(const Arguments& arguments) {
        bool endsOnFailure = false;
        for (std::size_t i = 1; i + 1 < arguments.size() && isFlag(arguments[i]); ++i) {
            endsOnFailure = endsOnFailure || (arguments[i].contains('e') && !arguments[i].starts_with("--"));
            if (arguments[i].starts_with("--") || !arguments[i].ends_with('c')) continue;
            const auto script = parse(arguments[i + 1]);
            if (!script || ++m_shells > 10) break;
            const bool outer = std::exchange(m_endsOnFailure, endsOnFailure);
            list(*script);
            m_endsOnFailure = outer;
            --m_shells;
            if (m_turn == Turn::Exit || m_turn == Turn::Break || m_turn == Turn::Continue) m_turn = Turn::None;
            return;
        }
        m_turn = Turn::NotKnown;
    }

    World& m_world;
    base::Duration m_elapsed{};
    Turn m_turn = Turn::None;
    int m_code = 0;
    int m_codeBefore = 0;
    int m_steps = 0;
    int m_shells = 0;
    int m_tested = 0;  // how many conditions the present command stands in
    bool m_endsOnFailure = false;
    bool m_captures = false;
    std::string m_captured;  // what a substitution's commands have said
};

}  // namespace

std::optional<Ending> follow(const List& script, World& world) { return Interpreter(world).run(script); }

std::optional<Ending> follow(const std::vector<std::string>& arguments, World& world) {
    if (arguments.empty()) return std::nullopt;
    return Interpreter(world).run(arguments);
}

}  // namespace qd::hollow::shell
