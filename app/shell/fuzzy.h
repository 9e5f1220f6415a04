// Fuzzy matching of what was typed against names, for the command palette. Pure.
#pragma once

#include <QString>
#include <QVector>
#include <optional>

namespace qd::shell {

struct FuzzyMatch {
    int score = 0;                // larger is better
    QVector<int> positions = {};  // of the matched characters in the text
};

// Whether all characters of `typed` occur in `text` in this order, whatever their case, and how well: word starts,
// neighbours and early places count more. Spaces in `typed` separate words that may each begin anew.
//
// "rst dep" matches "Restart Deployment" (r, s, t; D, e, p).
std::optional<FuzzyMatch> fuzzyMatch(const QString& typed, const QString& text);

}  // namespace qd::shell
