// The part of the POSIX shell's language that hollow nodes read: simple commands with assignments and redirections,
// lists (`;`, `&&`, `||`, `!`), if, while, until, for, braces, and in words quotes, parameters, $(…) and $((…)).
// Pipes, background jobs, functions, case and here documents are not read.
//
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"

namespace qd::hollow::shell {

struct Command;
using List = std::vector<Command>;  // one after another

struct WordPart {
    enum class Kind { Text, Parameter, Substitution, Arithmetic };
    Kind kind = Kind::Text;
    std::string text;       // the text, the parameter's name, or the expression
    std::string otherwise;  // ${name:-otherwise}
    bool quoted = false;
    std::shared_ptr<const List> commands = {};  // of a substitution
};
using Word = std::vector<WordPart>;

struct Assignment {
    std::string name;
    Word value;
};

// How a command depends on the one before it in its list.
enum class Joint { Always, And, Or };

struct Command {
    enum class Kind { Simple, If, While, Until, For, Group };
    Kind kind = Kind::Simple;
    Joint joint = Joint::Always;
    bool negated = false;
    std::vector<Assignment> assignments = {};
    std::vector<Word> words = {};   // of a simple command; of a for, what it goes over
    std::vector<Word> written = {};  // files that its output goes to
    std::string name = {};          // of a for's parameter
    // If: condition, body, condition, body, … and the else's body; loops: condition and body; for and group: body.
    std::vector<List> lists = {};
};

// An error says what is not read.
Result<List> parse(std::string_view script);

}  // namespace qd::hollow::shell
