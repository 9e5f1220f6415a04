// Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#prioritylevelconfiguration.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/flowcontrol/kinds.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/flowcontrol_v1.h"

namespace qd::api {
namespace {

using flowcontrolv1::PriorityLevelConfiguration;
using flowcontrolv1::PriorityLevelConfigurationSpec;

const field::Path kMetadata("metadata");
const field::Path kSpec("spec");
constexpr std::int32_t kMostQueues = 10'000'000;
constexpr int kHashBits = 60;  // a flow's hash, from which its hand of queues is dealt

void setDefaults(Object& object) {
    auto& spec = as<PriorityLevelConfiguration>(object).spec;
    if (spec.limited) {
        if (!spec.limited->nominalConcurrencyShares) spec.limited->nominalConcurrencyShares = 30;
        if (!spec.limited->lendablePercent) spec.limited->lendablePercent = 0;
        if (auto& queuing = spec.limited->limitResponse.queuing) {
            if (queuing->handSize == 0) queuing->handSize = 8;
            if (queuing->queues == 0) queuing->queues = 64;
            if (queuing->queueLengthLimit == 0) queuing->queueLengthLimit = 50;
        }
    }
    if (object.metadata.name == flowcontrolv1::PriorityLevelConfigurationNameExempt) spec.exempt.ensure();
    if (!spec.exempt) return;
    if (!spec.exempt->nominalConcurrencyShares) spec.exempt->nominalConcurrencyShares = 0;
    if (!spec.exempt->lendablePercent) spec.exempt->lendablePercent = 0;
}

field::Errors queuingErrors(const flowcontrolv1::QueuingConfiguration& queuing, const field::Path& path) {
    field::Errors errors;
    const auto positive = [&](std::int32_t value, const char* name) {
        if (value <= 0) errors.push_back(field::invalid(path.child(name), value, "must be positive"));
        return value > 0;
    };
    positive(queuing.queueLengthLimit, "queueLengthLimit");
    if (positive(queuing.queues, "queues") && queuing.queues > kMostQueues) {
        errors.push_back(field::invalid(path.child("queues"), queuing.queues,
                                        fmt::format("must not be greater than {}", kMostQueues)));
    }
    if (!positive(queuing.handSize, "handSize")) return errors;
    const field::Path hand = path.child("handSize");
    if (queuing.handSize > queuing.queues) {
        errors.push_back(field::invalid(hand, queuing.handSize,
                                        fmt::format("should not be greater than queues ({})", queuing.queues)));
    } else if (std::ceil(std::log2(static_cast<double>(queuing.queues)) * queuing.handSize) > kHashBits) {
        errors.push_back(field::invalid(
            hand, queuing.handSize,
            fmt::format("required entropy bits of deckSize {} and handSize {} should not be greater than {}",
                        queuing.queues, queuing.handSize, kHashBits)));
    }
    return errors;
}

field::Errors responseErrors(const flowcontrolv1::LimitResponse& response, const field::Path& path) {
    const field::Path queuing = path.child("queuing");
    if (response.type == flowcontrolv1::LimitResponseTypeReject) {
        if (response.queuing)
            return {field::forbidden(queuing, "must be nil if limited.limitResponse.type is not Limited")};
        return {};
    }
    if (response.type != flowcontrolv1::LimitResponseTypeQueue)
        return {field::notSupported(path.child("type"), response.type, {"Queue", "Reject"})};
    if (!response.queuing)
        return {field::required(queuing, "must not be empty if limited.limitResponse.type is Limited")};
    return queuingErrors(*response.queuing, queuing);
}

field::Errors sharesErrors(const std::optional<std::int32_t>& shares, const field::Path& path) {
    if (shares.value_or(0) >= 0) return {};
    return {field::invalid(path.child("nominalConcurrencyShares"), *shares, "must be a non-negative integer")};
}

field::Errors lendableErrors(const std::optional<std::int32_t>& percent, const field::Path& path) {
    if (!percent || (*percent >= 0 && *percent <= 100)) return {};
    return {field::invalid(path.child("lendablePercent"), *percent, "must be between 0 and 100, inclusive")};
}

field::Errors limitedErrors(const flowcontrolv1::LimitedPriorityLevelConfiguration& limited, const field::Path& path) {
    field::Errors errors = sharesErrors(limited.nominalConcurrencyShares, path);
    field::append(errors, responseErrors(limited.limitResponse, path.child("limitResponse")));
    field::append(errors, lendableErrors(limited.lendablePercent, path));
    if (limited.borrowingLimitPercent.value_or(0) < 0) {
        errors.push_back(field::invalid(path.child("borrowingLimitPercent"), *limited.borrowingLimitPercent,
                                        "if specified, must be a non-negative integer"));
    }
    return errors;
}

field::Errors specErrors(const PriorityLevelConfiguration& level) {
    const auto& spec = level.spec;
    const field::Path limited = kSpec.child("limited");
    const field::Path exempt = kSpec.child("exempt");
    const bool isExempt = spec.type == flowcontrolv1::PriorityLevelEnablementExempt;
    field::Errors errors;
    if (isExempt != (level.metadata.name == flowcontrolv1::PriorityLevelConfigurationNameExempt)) {
        errors.push_back(
            field::invalid(kSpec.child("type"), spec.type, "type must be 'Exempt' if and only if name is 'exempt'"));
    }
    if (isExempt) {
        if (spec.limited) errors.push_back(field::forbidden(limited, "must be nil if the type is not Limited"));
        if (!spec.exempt) {
            errors.push_back(field::required(exempt, "must not be empty when type is Exempt"));
        } else {
            field::append(errors, sharesErrors(spec.exempt->nominalConcurrencyShares, exempt));
            field::append(errors, lendableErrors(spec.exempt->lendablePercent, exempt));
        }
    } else if (spec.type == flowcontrolv1::PriorityLevelEnablementLimited) {
        if (spec.exempt) errors.push_back(field::forbidden(exempt, "must be nil if the type is Limited"));
        field::append(errors, spec.limited
                                  ? limitedErrors(*spec.limited, limited)
                                  : field::Errors{field::required(limited, "must not be empty when type is Limited")});
    } else {
        errors.push_back(field::notSupported(kSpec.child("type"), spec.type, {"Exempt", "Limited"}));
    }
    return errors;
}

// The two levels that every API server has. What an exempt level lends may be changed.
field::Errors fixedErrors(const PriorityLevelConfiguration& level) {
    const std::string& name = level.metadata.name;
    PriorityLevelConfigurationSpec spec = level.spec;
    PriorityLevelConfigurationSpec fixed;
    if (name == flowcontrolv1::PriorityLevelConfigurationNameExempt) {
        fixed.type = flowcontrolv1::PriorityLevelEnablementExempt;
        spec.exempt.reset();
        if (spec == fixed) return {};
        return {field::invalid(kSpec, shown(level.spec),
                               "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value")};
    }
    if (name != flowcontrolv1::PriorityLevelConfigurationNameCatchAll) return {};
    fixed.type = flowcontrolv1::PriorityLevelEnablementLimited;
    auto& limited = fixed.limited.emplace();
    limited.nominalConcurrencyShares = 5;
    limited.lendablePercent = 0;
    limited.limitResponse.type = flowcontrolv1::LimitResponseTypeReject;
    if (spec == fixed) return {};
    return {field::invalid(kSpec, shown(level.spec), "spec of 'catch-all' must equal the fixed value")};
}

field::Errors conditionsErrors(const PriorityLevelConfiguration& level) {
    field::Errors errors;
    std::set<std::string> types;
    for (std::size_t i = 0; i < level.status.conditions.size(); ++i) {
        const field::Path at = field::Path("status.conditions").index(i).child("type");
        const std::string& type = level.status.conditions[i].type;
        if (!types.insert(type).second) errors.push_back(field::duplicate(at, type));
        if (type.empty()) errors.push_back(field::required(at, "must not be empty"));
    }
    return errors;
}

field::Errors levelErrors(const Object& object) {
    const auto& level = as<PriorityLevelConfiguration>(object);
    field::Errors errors = validateObjectMeta(object.metadata, false, nullptr, kMetadata);
    field::append(errors, specErrors(level));
    field::append(errors, fixedErrors(level));
    field::append(errors, conditionsErrors(level));
    return errors;
}

std::vector<Cell> cellsOf(const Object& object, base::WallTime now) {
    const auto& level = as<PriorityLevelConfiguration>(object);
    const auto& limited = level.spec.limited;
    const Cell none = std::string("<none>");
    Cell shares = none;
    Cell queues = none;
    Cell hand = none;
    Cell length = none;
    const auto number = [](std::int32_t value) { return Cell(static_cast<std::int64_t>(value)); };
    if (limited && limited->nominalConcurrencyShares) shares = number(*limited->nominalConcurrencyShares);
    if (!limited && level.spec.exempt && level.spec.exempt->nominalConcurrencyShares)
        shares = number(*level.spec.exempt->nominalConcurrencyShares);
    if (limited && limited->limitResponse.queuing) {
        queues = number(limited->limitResponse.queuing->queues);
        hand = number(limited->limitResponse.queuing->handSize);
        length = number(limited->limitResponse.queuing->queueLengthLimit);
    }
    return {object.metadata.name,
            level.spec.type,
            shares,
            queues,
            hand,
            length,
            ageText(object.metadata.creationTimestamp, now)};
}

}  // namespace

Kind priorityLevelConfigurationKind() {
    Kind kind = plainKind("flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration");
    addStatus(kind);
    countGenerations(kind);
    kind.defaults = setDefaults;
    validateCreate(kind, levelErrors);
    validateUpdate(kind, [](const Object& now, const Object&) { return levelErrors(now); });
    auto& status = kind.subresourceUpdates["status"];
    status.prepare = [keepSpec = status.prepare](Object& now, const Object& old) {
        keepSpec(now, old);
        keepForStatusUpdate(now.metadata, old.metadata);
    };
    status.resetFields = {"metadata", "spec"};
    validateSubresource(kind, "status", [](const Object& now, const Object&) {
        return conditionsErrors(as<PriorityLevelConfiguration>(now));
    });
    using Limited = flowcontrolv1::LimitedPriorityLevelConfiguration;
    using Queuing = flowcontrolv1::QueuingConfiguration;
    kind.columns = {nameColumn(),
                    fieldColumn<PriorityLevelConfigurationSpec>("Type", "string", "type"),
                    fieldColumn<Limited>("NominalConcurrencyShares", "string", "nominalConcurrencyShares"),
                    fieldColumn<Queuing>("Queues", "string", "queues"),
                    fieldColumn<Queuing>("HandSize", "string", "handSize"),
                    fieldColumn<Queuing>("QueueLengthLimit", "string", "queueLengthLimit"),
                    ageColumn()};
    kind.cells = cellsOf;
    return kind;
}

}  // namespace qd::api
