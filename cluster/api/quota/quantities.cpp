#include "cluster/api/quota/quantities.h"

#include <fmt/format.h>

namespace qd::api {

ResourceNameSet namesOf(const Quantities& amounts) {
    ResourceNameSet names;
    for (const auto& [name, amount] : amounts) names.insert(name);
    return names;
}

Quantities sum(const Quantities& a, const Quantities& b) {
    Quantities result = a;
    for (const auto& [name, amount] : b) {
        const auto [at, added] = result.try_emplace(name, amount);
        if (!added) at->second += amount;
    }
    return result;
}

Quantities increase(const Quantities& a, const Quantities& b) {
    Quantities result;
    for (const auto& [name, amount] : a) {
        const auto other = b.find(name);
        const Quantity more = other == b.end() ? amount : amount - other->second;
        result.insert_or_assign(name, more.sign() > 0 ? more : Quantity(0));
    }
    return result;
}

Quantities withoutZeros(const Quantities& amounts) {
    Quantities result;
    for (const auto& [name, amount] : amounts) {
        if (!amount.isZero()) result.emplace(name, amount);
    }
    return result;
}

Quantities masked(const Quantities& amounts, const ResourceNameSet& names) {
    Quantities result;
    for (const auto& [name, amount] : amounts) {
        if (names.contains(name)) result.emplace(name, amount);
    }
    return result;
}

std::string inWords(const Quantities& amounts) {
    std::string words;
    for (const auto& [name, amount] : amounts) words += fmt::format("{}{}={}", words.empty() ? "" : ",", name, amount.toString());
    return words;
}

}  // namespace qd::api
