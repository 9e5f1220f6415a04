// A set of completion indexes as a Job's status writes it: "1,3-5,7".
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qd::controllers {

class CompletionIndexes {
public:
    // What is no interval, or not below `completions`, is left out.
    static CompletionIndexes parse(std::string_view text, int completions);

    void add(int index) { add(index, index); }
    void add(const CompletionIndexes& others);
    bool contains(int index) const;
    int size() const;
    bool empty() const { return m_intervals.empty(); }
    // How many of these are also in the others.
    int sharedWith(const CompletionIndexes& others) const;
    std::string toString() const;

    bool operator==(const CompletionIndexes&) const = default;

private:
    struct Interval {
        int first, last;
        bool operator==(const Interval&) const = default;
    };
    void add(int first, int last);

    std::vector<Interval> m_intervals;  // in order, none touching the next
};

}  // namespace qd::controllers
