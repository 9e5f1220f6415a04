// Label and field selectors: parsing, matching, and the words of upstream's parser when it fails.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors and .../field-selectors/.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/values.h"
#include "cluster/base/result.h"

namespace qd::api {

namespace meta::v1 {
struct LabelSelector;
}

using Labels = Map<std::string>;

class LabelSelector {
public:
    enum class Operator : std::uint8_t { In, NotIn, Exists, DoesNotExist, Equals, NotEquals, GreaterThan, LessThan };
    struct Requirement {
        std::string key;
        Operator op = Operator::Exists;
        std::vector<std::string> values;  // sorted

        bool matches(const Labels& labels) const;
        bool operator==(const Requirement&) const = default;
    };

    // Matches everything.
    LabelSelector() = default;
    // Matches nothing: what an absent selector of a Deployment, a Service and the like means.
    static LabelSelector nothing();
    // "a=b,c!=d,e in (f,g),!h".
    static Result<LabelSelector> parse(std::string_view text);
    // From the struct with matchLabels and matchExpressions. An unknown operator is an error.
    static Result<LabelSelector> from(const meta::v1::LabelSelector& selector);
    // All of these labels with these values (Service.spec.selector); an empty map matches everything.
    static LabelSelector fromMap(const Labels& labels);

    bool matches(const Labels& labels) const;
    bool empty() const { return m_requirements.empty() && !m_nothing; }
    const std::vector<Requirement>& requirements() const { return m_requirements; }
    // The text form, requirements sorted by key.
    std::string toString() const;

private:
    std::vector<Requirement> m_requirements;
    bool m_nothing = false;
};

// "metadata.name=a,status.phase!=Running".
class FieldSelector {
public:
    struct Term {
        std::string field;
        std::string value;
        bool equal = true;
    };
    static Result<FieldSelector> parse(std::string_view text);

    bool empty() const { return m_terms.empty(); }
    const std::vector<Term>& terms() const { return m_terms; }
    // A field that is not in the map counts as "".
    bool matches(const std::map<std::string, std::string>& fields) const;
    // The value that a term demands of this field, or null.
    const std::string* required(std::string_view field) const;

private:
    std::vector<Term> m_terms;
};

}  // namespace qd::api
