// The conditions of an object as details. `good` names the only one that is good when true, and the others then are
// good when false; empty: all are good when true.
#pragma once

#include <QCoreApplication>
#include <string_view>
#include <vector>

#include "app/models/details.h"
#include "app/models/words.h"
#include "cluster/api/types/meta_v1.h"

namespace qd::models {

template <typename Condition>
DetailGroup conditionsOf(const std::vector<Condition>& all, std::string_view good, base::WallTime now) {
    DetailGroup group{QCoreApplication::translate("qd::models::Details", "Conditions"), {}};
    for (const Condition& condition : all) {
        const bool isGood = condition.type == good || good.empty();
        const bool isTrue = condition.status == metav1::ConditionTrue;
        const views::State state = condition.status == metav1::ConditionUnknown ? views::State::Unknown
                                   : (isTrue == isGood)                         ? views::State::Ready
                                                                                : views::State::Starting;
        QString value = toQString(condition.status);
        if (!condition.reason.empty()) value += QStringLiteral(" · ") + toQString(condition.reason);
        value += QStringLiteral(" · ") + ageText(condition.lastTransitionTime, now);
        if (!condition.message.empty()) value += u'\n' + toQString(condition.message);
        group.details.push_back({toQString(condition.type), value, false, state});
    }
    return group;
}

}  // namespace qd::models
