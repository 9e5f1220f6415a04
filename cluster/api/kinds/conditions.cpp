#include "cluster/api/kinds/conditions.h"

#include <algorithm>
#include <set>

#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/object_meta.h"

namespace qd::api {
namespace {

constexpr std::size_t kLongestReason = 1024;
constexpr std::size_t kLongestMessage = 32 * 1024;
constexpr std::string_view kReasonRule =
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an "
    "alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or "
    "'ReasonA:ReasonB', regex used for validation is "
    "'[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool isWordPart(char c) {
    return isLetter(c) || (c >= '0' && c <= '9') || c == '_';
}

bool isReason(std::string_view text) {
    if (text.empty() || !isLetter(text.front()) || !isWordPart(text.back())) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return isWordPart(c) || c == ',' || c == ':'; });
}

field::Errors conditionErrors(const metav1::Condition& condition, const field::Path& path) {
    field::Errors errors = validateLabelKey(condition.type, path.child("type"));
    field::append(errors, choiceErrors(path.child("status"), condition.status, {"False", "True", "Unknown"}));
    if (condition.observedGeneration < 0) {
        errors.push_back(field::invalid(path.child("observedGeneration"), condition.observedGeneration,
                                        "must be greater than or equal to zero"));
    }
    if (condition.lastTransitionTime.isZero()) errors.push_back(field::required(path.child("lastTransitionTime")));
    if (condition.reason.empty()) {
        errors.push_back(field::required(path.child("reason")));
    } else {
        if (!isReason(condition.reason))
            errors.push_back(field::invalid(path.child("reason"), condition.reason, kReasonRule));
        if (condition.reason.size() > kLongestReason)
            errors.push_back(field::tooLong(path.child("reason"), kLongestReason));
    }
    if (condition.message.size() > kLongestMessage)
        errors.push_back(field::tooLong(path.child("message"), kLongestMessage));
    return errors;
}

}  // namespace

field::Errors conditionsErrors(const std::vector<metav1::Condition>& conditions, const field::Path& path) {
    field::Errors errors;
    std::set<std::string> types;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const field::Path at = path.index(i);
        if (!types.insert(conditions[i].type).second)
            errors.push_back(field::duplicate(at.child("type"), conditions[i].type));
        field::append(errors, conditionErrors(conditions[i], at));
    }
    return errors;
}

}  // namespace qd::api
