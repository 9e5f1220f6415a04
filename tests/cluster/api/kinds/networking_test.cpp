// Ingresses, network policies, addresses, networks of Services and runtime classes: defaults, faults, what may change,
// tables.
#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

namespace {

const Kind& networking(const char* kind) {
    return *builtinKind("networking.k8s.io", "v1", kind);
}
const Kind& runtimes() {
    return *builtinKind("node.k8s.io", "v1", "RuntimeClass");
}

std::string named(const std::string& rest, const std::string& name = "x") {
    return R"({"metadata":{"name":")" + name + R"("},)" + rest + "}";
}
std::string spec(const std::string& members) {
    return named(R"("spec":{)" + members + "}");
}
std::string peer(const std::string& members) {
    return spec(R"("podSelector":{},"ingress":[{"from":[{)" + members + "}]}]");
}
std::string port(const std::string& members) {
    return spec(R"("podSelector":{},"ingress":[{"ports":[{)" + members + "}]}]");
}
const std::string kBackend = R"("backend":{"service":{"name":"s","port":{"number":80}}})";
std::string path(const std::string& members) {
    return spec(R"("rules":[{"host":"a.example.com","http":{"paths":[{)" + members + "}]}}]");
}
std::string networks(const std::string& list) {
    return spec(R"("cidrs":[)" + list + "]");
}

bool holds(const std::string& text, const QString& part) {
    return text.find(part.toStdString()) != std::string::npos;
}

std::string cell(const Kind& kind, const std::string& json, std::size_t column) {
    return std::get<std::string>(
        kind.cells(*decoded(kind, json), qd::base::WallTime(std::chrono::seconds(1000)))[column]);
}

}  // namespace

class NetworkingTest : public QObject {
    Q_OBJECT
private slots:
    void faultsNameTheField_data() {
        QTest::addColumn<const Kind*>("kind");
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const Kind& kind, const std::string& json, const char* faults) {
            QTest::newRow(name) << &kind << QString::fromStdString(json) << faults;
        };
        const Kind& policies = networking("NetworkPolicy");
        row("a peer that is nobody", policies, peer(""),
            "spec.ingress[0].from[0]: Required value: must specify a peer");
        row("a peer of both sorts", policies, peer(R"("podSelector":{},"ipBlock":{"cidr":"10.0.0.0/8"})"),
            "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer");
        row("an exception as large as all", policies,
            peer(R"("ipBlock":{"cidr":"10.1.0.0/16","except":["10.1.0.0/16"]})"),
            "spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: \"10.1.0.0/16\": must be a strict subset of "
            "`cidr`");
        row("a range of a named port", policies, port(R"("port":"web","endPort":90)"),
            "spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric");
        row("a range that ends before it begins", policies, port(R"("port":90,"endPort":80)"),
            "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`");
        row("a range of no port", policies, port(R"("endPort":80)"),
            "spec.ingress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is not specified");
        row("an unknown type of policy", policies, spec(R"("podSelector":{},"policyTypes":["Both"])"),
            "spec.policyTypes[0]: Unsupported value: \"Both\": supported values: \"Ingress\", \"Egress\"");

        const Kind& ingresses = networking("Ingress");
        row("nowhere to go", ingresses, spec(""),
            "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified");
        row("a path of no type", ingresses, path(kBackend),
            "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified");
        row("a relative path", ingresses, path(R"("path":"a","pathType":"Prefix",)" + kBackend),
            "spec.rules[0].http.paths[0].path: Invalid value: \"a\": must be an absolute path");
        row("a path that climbs", ingresses, path(R"("path":"/a/../b","pathType":"Exact",)" + kBackend),
            "spec.rules[0].http.paths[0].path: Invalid value: \"/a/../b\": must not contain '/../'");
        row("a backend of no port", ingresses,
            path(R"("path":"/","pathType":"Prefix","backend":{"service":{"name":"s"}})"),
            "spec.rules[0].http.paths[0].backend: Required value: port name or number is required");
        row("an address as a host", ingresses, spec(R"("rules":[{"host":"10.0.0.1"}])"),
            "spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address");
        row("a wildcard that is no label", ingresses, spec(R"("rules":[{"host":"*a.example.com"}])"),
            "spec.rules[0].host: Invalid value: \"*a.example.com\": a wildcard DNS-1123 subdomain "
            "must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric "
            "characters, '-' or '.' and end with an alphanumeric character "
            "(e.g. '*.example.com', regex used for validation is "
            "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");

        const Kind& classes = networking("IngressClass");
        row("a controller of no domain", classes, spec(R"("controller":"c")"),
            "spec.controller: Invalid value: \"c\": must be a domain-prefixed path (such as \"acme.io/foo\")");
        row("a namespace of a cluster's parameters", classes,
            spec(R"("controller":"e.com/c","parameters":{"kind":"K","name":"n","namespace":"ns"})"),
            "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'");
        row("no namespace of a namespace's parameters", classes,
            spec(R"("controller":"e.com/c","parameters":{"kind":"K","name":"n","scope":"Namespace"})"),
            "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'");

        row("an address of nothing", networking("IPAddress"), named(R"("spec":{})", "10.0.0.1"),
            "spec.parentRef: Required value");
        row("no networks", networking("ServiceCIDR"), networks(""),
            "spec.cidrs: Required value: at least one CIDR required");
        row("two networks of a family", networking("ServiceCIDR"), networks(R"("10.0.0.0/24","10.1.0.0/24")"),
            "spec.cidrs: Invalid value: [\"10.0.0.0/24\",\"10.1.0.0/24\"]: may specify no more than one IP for each IP "
            "family, i.e 192.168.0.0/24 and 2001:db8::/64");

        row("no handler", runtimes(), named(R"("overhead":{"podFixed":{"cpu":"1"}})"), "handler: Required value");
        row("an unknown overhead", runtimes(), named(R"("handler":"h","overhead":{"podFixed":{"k":"1"}})"),
            "overhead.limits[k]: Invalid value: \"k\": must be a standard resource type or fully "
            "qualified\noverhead.limits[k]: Invalid value: \"k\": must be a standard resource for "
            "containers");
    }
    void faultsNameTheField() {
        QFETCH(const Kind*, kind);
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(QString::fromStdString(create(*kind, json.toStdString()).faults), faults);
    }

    void aPolicyIsAboutWhatItHasRulesFor() {
        QVERIFY(holds(create(networking("NetworkPolicy"), spec(R"("podSelector":{})")).json(),
                      R"("policyTypes":["Ingress"])"));
        const std::string json =
            create(networking("NetworkPolicy"), spec(R"("podSelector":{},"egress":[{"ports":[{"port":53}]}])")).json();
        QVERIFY(holds(json, R"("policyTypes":["Ingress","Egress"])"));
        QVERIFY(holds(json, R"("protocol":"TCP")"));
    }

    void improperNetworksMayStayWhereTheyAre() {
        const std::string stored = peer(R"("ipBlock":{"cidr":"10.0.0.1/8"})");
        QCOMPARE(update(networking("NetworkPolicy"), stored, stored).faults, std::string());
        QVERIFY(
            !update(networking("NetworkPolicy"), stored, peer(R"("ipBlock":{"cidr":"10.0.0.2/8"})")).faults.empty());
    }

    void aClassKeepsItsController() {
        const auto of = [](const char* name) { return spec(std::string(R"("controller":")") + name + "\""); };
        QCOMPARE(update(networking("IngressClass"), of("e.com/a"), of("e.com/b")).faults,
                 std::string("spec.controller: Invalid value: \"e.com/b\": field is immutable"));
    }

    void networksOfServicesStay_data() {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::addColumn<QString>("faults");
        QTest::newRow("a second family is added") << "\"10.0.0.0/24\"" << "\"10.0.0.0/24\",\"2001:db8::/64\"" << "";
        QTest::newRow("another one") << "\"10.0.0.0/24\"" << "\"10.1.0.0/24\""
                                     << "spec.cidrs[0]: Invalid value: \"10.1.0.0/24\": field is immutable";
        QTest::newRow("one less") << "\"10.0.0.0/24\",\"2001:db8::/64\"" << "\"10.0.0.0/24\""
                                  << "spec.cidrs: Invalid value: [\"10.0.0.0/24\"]: field is immutable";
    }
    void networksOfServicesStay() {
        QFETCH(QString, before);
        QFETCH(QString, after);
        QFETCH(QString, faults);
        const Kind& kind = networking("ServiceCIDR");
        QCOMPARE(
            QString::fromStdString(update(kind, networks(before.toStdString()), networks(after.toStdString())).faults),
            faults);
    }

    void anIngressIsListedWithItsHosts() {
        const std::string json =
            R"({"metadata":{"name":"x"},"spec":{"rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"}],"tls":[{}]},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.1"},{"hostname":"h"}]}}})";
        QCOMPARE(cell(networking("Ingress"), json, 1), std::string("<none>"));
        QCOMPARE(cell(networking("Ingress"), json, 2), std::string("a,b,c + 1 more..."));
        QCOMPARE(cell(networking("Ingress"), json, 3), std::string("10.0.0.1,h"));
        QCOMPARE(cell(networking("Ingress"), json, 4), std::string("80, 443"));
    }

    void anAddressIsListedWithItsParent() {
        const std::string json =
            named(R"("spec":{"parentRef":{"resource":"services","namespace":"n","name":"s"}})", "10.0.0.1");
        QCOMPARE(cell(networking("IPAddress"), json, 1), std::string("services/n/s"));
    }
};

QTEST_APPLESS_MAIN(NetworkingTest)
#include "networking_test.moc"
