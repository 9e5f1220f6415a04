// Reads JSON text a token at a time, with the errors that Go's encoding/json has.
//
// A syntax error is final: failed() holds from then on and every further call returns something harmless. Only the
// tokens are checked here; what they mean is the caller's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace qd::api {

class JsonReader {
public:
    enum class Kind { Object, Array, String, Number, True, False, Null, Nothing /* after an error */ };

    explicit JsonReader(std::string_view text) : m_text(text) {}

    // Skips white space and tells what comes next; a syntax error when that is no value.
    Kind peek();

    // Objects and arrays: enter, then next*() until it returns false. nextKey leaves the reader before the member's
    // value.
    void enter();
    bool nextKey(std::string& key);
    bool nextElement();

    // The next value, which peek() told to be a string, a number, ... .
    void readString(std::string& into);
    std::string_view readNumber();  // as it is written
    void readLiteral();             // true, false or null
    // Skips the next value whatever it is and returns its text.
    std::string_view skipValue();

    // White space to the end; a syntax error when there is more.
    void finish();

    bool failed() const { return m_failed; }
    const std::string& error() const { return m_error; }
    std::size_t position() const { return m_position; }
    std::string_view textFrom(std::size_t start) const { return m_text.substr(start, m_position - start); }

private:
    void skipSpace();
    void fail(std::string_view where);
    bool readEscape(std::string& into);
    bool readHex4(unsigned& value);
    void expectWord(std::string_view word);
    void skipDigits(std::string_view where);

    std::string_view m_text;
    std::size_t m_position = 0;
    int m_depth = 0;
    bool m_first = false;  // nothing of the innermost object or array has been read
    bool m_failed = false;
    std::string m_error;
    std::string m_scratch;
};

}  // namespace qd::api
