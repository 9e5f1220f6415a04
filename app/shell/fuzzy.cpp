#include "app/shell/fuzzy.h"

namespace qd::shell {

namespace {

bool startsWord(const QString& text, qsizetype at) {
    if (at == 0) return true;
    const QChar before = text[at - 1];
    return !before.isLetterOrNumber() || (before.isLower() && text[at].isUpper());
}

// Greedy, but prefers a word's start over the next occurrence when there is one with the rest still matching.
qsizetype place(const QString& text, QChar wanted, qsizetype from, bool neighbour) {
    const QChar lower = wanted.toLower();
    if (neighbour && from < text.size() && text[from].toLower() == lower) return from;
    qsizetype first = -1;
    for (qsizetype i = from; i < text.size(); ++i) {
        if (text[i].toLower() != lower) continue;
        if (startsWord(text, i)) return i;
        if (first < 0) first = i;
    }
    return first;
}

std::optional<FuzzyMatch> match(const QString& typed, const QString& text, bool eager) {
    FuzzyMatch found;
    qsizetype from = 0;
    bool neighbour = false;
    for (const QChar c : typed) {
        if (c.isSpace()) {
            neighbour = false;
            continue;
        }
        const qsizetype at = eager ? place(text, c, from, neighbour) : text.indexOf(c, from, Qt::CaseInsensitive);
        if (at < 0) return std::nullopt;
        found.score += 10;
        if (startsWord(text, at)) found.score += 12;
        if (neighbour && at == from) found.score += 8;
        found.score -= static_cast<int>(qMin<qsizetype>(at - from, 8));
        found.positions.push_back(static_cast<int>(at));
        from = at + 1;
        neighbour = true;
    }
    found.score -= static_cast<int>(text.size() / 8);
    return found;
}

}  // namespace

std::optional<FuzzyMatch> fuzzyMatch(const QString& typed, const QString& text) {
    std::optional<FuzzyMatch> eager = match(typed, text, true);
    std::optional<FuzzyMatch> plain = match(typed, text, false);
    if (!eager || (plain && plain->score > eager->score)) return plain;
    return eager;
}

}  // namespace qd::shell
