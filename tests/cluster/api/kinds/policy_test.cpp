// Disruption budgets, quotas, limit ranges, priorities and flow control: defaults, what is refused, what may change,
// tables.
#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

namespace {

const Kind& budgets() {
    return *builtinKind("policy", "v1", "PodDisruptionBudget");
}
const Kind& quotas() {
    return *builtinKind("", "v1", "ResourceQuota");
}
const Kind& ranges() {
    return *builtinKind("", "v1", "LimitRange");
}
const Kind& priorities() {
    return *builtinKind("scheduling.k8s.io", "v1", "PriorityClass");
}
const Kind& flows(const char* kind) {
    return *builtinKind("flowcontrol.apiserver.k8s.io", "v1", kind);
}

std::string named(const std::string& rest, const std::string& name = "x") {
    return R"({"metadata":{"name":")" + name + R"("},)" + rest + "}";
}
std::string spec(const std::string& members) {
    return named(R"("spec":{)" + members + "}");
}
std::string limits(const std::string& item) {
    return spec(R"("limits":[{)" + item + "}]");
}

bool holds(const std::string& text, const QString& part) {
    return text.find(part.toStdString()) != std::string::npos;
}

std::string cell(const Kind& kind, const std::string& json, std::size_t column) {
    return std::get<std::string>(
        kind.cells(*decoded(kind, json), qd::base::WallTime(std::chrono::seconds(1000)))[column]);
}

}  // namespace

class PolicyTest : public QObject {
    Q_OBJECT
private slots:
    void faultsNameTheField_data() {
        QTest::addColumn<const Kind*>("kind");
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const Kind& kind, const std::string& json, const char* faults) {
            QTest::newRow(name) << &kind << QString::fromStdString(json) << faults;
        };
        row("a budget says one of two", budgets(), spec(R"("minAvailable":1,"maxUnavailable":"20%")"),
            "spec: Invalid value: "
            "{\"MinAvailable\":1,\"Selector\":null,\"MaxUnavailable\":\"20%\",\"UnhealthyPodEvictionPolicy\":null}: "
            "minAvailable and maxUnavailable cannot be both set");
        row("more than all", budgets(), spec(R"("minAvailable":"150%")"),
            "spec.minAvailable: Invalid value: \"150%\": must not be greater than 100%");
        row("fewer than none", budgets(), spec(R"("maxUnavailable":-1)"),
            "spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0");
        row("an unknown policy of eviction", budgets(), spec(R"("unhealthyPodEvictionPolicy":"Never")"),
            "spec.unhealthyPodEvictionPolicy: Unsupported value: \"Never\": supported values: \"AlwaysAllow\", "
            "\"IfHealthyBudget\"");

        row("a quota on nothing known", quotas(), spec(R"("hard":{"k":"1"})"),
            "spec.hard[k]: Invalid value: \"k\": must be a standard resource type or fully qualified\nspec.hard[k]: "
            "Invalid value: \"k\": must be a standard resource for quota");
        row("half a Pod", quotas(), spec(R"("hard":{"pods":"500m"})"),
            "spec.hard[pods]: Invalid value: \"500m\": must be an integer");
        row("a scope that limits no Secrets", quotas(), spec(R"("hard":{"secrets":"1"},"scopes":["BestEffort"])"),
            "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource");
        row("both ends of a scope", quotas(), spec(R"("hard":{"pods":"1"},"scopes":["BestEffort","NotBestEffort"])"),
            "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes");
        row("a priority of no name", quotas(),
            spec(
                R"("hard":{"pods":"1"},"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In"}]})"),
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is "
            "'In' or 'NotIn' for scope selector");

        row("an unknown type of limits", ranges(), limits(R"("type":"Service")"),
            "spec.limits[0].type: Invalid value: \"Service\": must be a standard limit type or fully qualified");
        row("Pods have no defaults", ranges(), limits(R"("type":"Pod","default":{"cpu":"1"})"),
            "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'");
        row("claims have a size", ranges(), limits(R"("type":"PersistentVolumeClaim")"),
            "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither "
            "was provided");
        row("more at least than at most", ranges(), limits(R"("type":"Pod","min":{"cpu":"2"},"max":{"cpu":"1"})"),
            "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1");
        row("a ratio that cannot be reached", ranges(),
            limits(R"("type":"Pod","min":{"cpu":"500m"},"max":{"cpu":"1"},"maxLimitRequestRatio":{"cpu":"3"})"),
            "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"3\": ratio 3 is greater than max/min = "
            "2.000000");

        row("a priority above the users'", priorities(), named(R"("value":1000000001)"),
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000");
        row("a name of the system's", priorities(), named(R"("value":1)", "system-mine"),
            "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. "
            "error: system-mine is not a known system priority class");
        row("another value for the system's", priorities(), named(R"("value":1)", "system-node-critical"),
            "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. "
            "error: value of system-node-critical PriorityClass must be "
            "2000001000");
        row("an unknown preemption", priorities(), named(R"("value":1,"preemptionPolicy":"Maybe")"),
            "preemptionPolicy: Unsupported value: \"Maybe\": supported values: \"PreemptLowerPriority\", \"Never\"");

        row("a hand larger than the deck", flows("PriorityLevelConfiguration"),
            spec(
                R"("type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{"queues":4,"handSize":8,"queueLengthLimit":1}}})"),
            "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (4)");
        row("more hands than a hash tells apart", flows("PriorityLevelConfiguration"),
            spec(
                R"("type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{"queues":512,"handSize":8,"queueLengthLimit":1}}})"),
            "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and "
            "handSize 8 should not be greater than 60");
        row("a second exempt level", flows("PriorityLevelConfiguration"), spec(R"("type":"Exempt","exempt":{})"),
            "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'");
        row("a flow of nobody", flows("FlowSchema"),
            spec(
                R"("priorityLevelConfiguration":{"name":"p"},"rules":[{"nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["/x"]}]}])"),
            "spec.rules[0].subjects: Required value: subjects must contain at least one value");
        row("a subject of two kinds", flows("FlowSchema"),
            spec(
                R"("priorityLevelConfiguration":{"name":"p"},"rules":[{"subjects":[{"kind":"User","user":{"name":"u"},"group":{"name":"g"}}],"nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["/x"]}]}])"),
            "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'");
        row("a wildcard amid a path", flows("FlowSchema"),
            spec(
                R"("priorityLevelConfiguration":{"name":"p"},"rules":[{"subjects":[{"kind":"User","user":{"name":"u"}}],"nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["/a*b"]}]}])"),
            "spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: \"/a*b\": wildcard can only do "
            "suffix matching");
    }
    void faultsNameTheField() {
        QFETCH(const Kind*, kind);
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(QString::fromStdString(create(*kind, json.toStdString()).faults), faults);
    }

    void aContainersLimitsFillEachOtherUp() {
        const std::string json =
            create(ranges(), limits(R"("type":"Container","max":{"cpu":"2"},"min":{"memory":"1Mi"})")).json();
        QVERIFY(holds(json, R"("default":{"cpu":"2"})"));
        QVERIFY(holds(json, R"("defaultRequest":{"cpu":"2","memory":"1Mi"})"));
        QVERIFY(!holds(create(ranges(), limits(R"("type":"Pod","max":{"cpu":"2"})")).json(), "\"default\":"));
    }

    void theSystemsOwnPrioritiesArePermitted() {
        QCOMPARE(create(priorities(), named(R"("value":2000000000)", "system-cluster-critical")).faults, std::string());
    }

    void aPriorityStays() {
        QCOMPARE(update(priorities(), named(R"("value":1)"), named(R"("value":2)")).faults,
                 std::string("value: Forbidden: may not be changed in an update."));
        QCOMPARE(update(priorities(), named(R"("value":1)"), named(R"("value":1,"preemptionPolicy":"Never")")).faults,
                 std::string("preemptionPolicy: Invalid value: \"Never\": field is immutable"));
        QCOMPARE(
            update(priorities(), named(R"("value":1)"), named(R"("value":1,"description":"d","globalDefault":true)"))
                .faults,
            std::string());
    }

    void aQuotasScopesStay() {
        const std::string before = spec(R"("hard":{"pods":"1"},"scopes":["BestEffort"])");
        QCOMPARE(update(quotas(), before, spec(R"("hard":{"pods":"2"},"scopes":["BestEffort"])")).faults,
                 std::string());
        QCOMPARE(update(quotas(), before, spec(R"("hard":{"pods":"1"})")).faults,
                 std::string("spec.scopes: Invalid value: null: field is immutable"));
    }

    void aQuotaIsListedByRequestsAndLimits() {
        const std::string json =
            R"({"metadata":{"name":"x"},"status":{"hard":{"limits.cpu":"4","pods":"10","requests.cpu":"2"},"used":{"pods":"3","requests.cpu":"500m"}}})";
        QCOMPARE(cell(quotas(), json, 1), std::string("pods: 3/10, requests.cpu: 500m/2"));
        QCOMPARE(cell(quotas(), json, 2), std::string("limits.cpu: 0/4"));
    }

    void aBudgetsStatusIsChecked() {
        const std::string after =
            R"({"metadata":{"name":"x"},"status":{"currentHealthy":-1,"conditions":[{"type":"A","status":"Maybe","reason":"no reason"}]}})";
        const std::string faults = update(budgets(), spec(R"("minAvailable":1)"), after, "status").faults;
        QVERIFY2(holds(faults,
                       "status.conditions[0].status: Unsupported value: \"Maybe\": supported values: \"False\", "
                       "\"True\", \"Unknown\""),
                 faults.c_str());
        QVERIFY2(holds(faults, "status.conditions[0].lastTransitionTime: Required value"), faults.c_str());
        QVERIFY2(holds(faults,
                       "status.conditions[0].reason: Invalid value: \"no reason\": a condition reason must start with"),
                 faults.c_str());
        QVERIFY2(holds(faults, "status.currentHealthy: Invalid value: -1: must be greater than or equal to 0"),
                 faults.c_str());
    }

    void aBudgetIsListedWithWhatItSays() {
        QCOMPARE(cell(budgets(), spec(R"("maxUnavailable":"25%")"), 1), std::string("N/A"));
        QCOMPARE(cell(budgets(), spec(R"("maxUnavailable":"25%")"), 2), std::string("25%"));
    }

    void aLevelIsFilledUp() {
        const std::string json =
            create(flows("PriorityLevelConfiguration"),
                   spec(R"("type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{}}})"))
                .json();
        QVERIFY(holds(json, R"("nominalConcurrencyShares":30)"));
        QVERIFY(holds(json, R"("queues":64,"handSize":8,"queueLengthLimit":50)"));
    }

    void theFlowsOfEveryServerStayAsTheyAre() {
        const std::string rules =
            R"("rules":[{"subjects":[{"kind":"Group","group":{"name":"system:masters"}}],"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"],"clusterScope":true,"namespaces":["*"]}],"nonResourceRules":[{"verbs":["*"],"nonResourceURLs":["*"]}]}])";
        const auto exempt = [&](int precedence) {
            return named(R"("spec":{"priorityLevelConfiguration":{"name":"exempt"},"matchingPrecedence":)" +
                             std::to_string(precedence) + "," + rules + "}",
                         "exempt");
        };
        QCOMPARE(create(flows("FlowSchema"), exempt(1)).faults, std::string());
        QVERIFY(holds(create(flows("FlowSchema"), exempt(2)).faults, "spec of 'exempt' must equal the fixed value"));
    }
};

QTEST_APPLESS_MAIN(PolicyTest)
#include "policy_test.moc"
