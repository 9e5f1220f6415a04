#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

class ConfigurationTest : public QObject {
    Q_OBJECT
private slots:
    void aNameMustBeASubdomain() {
        const auto tried = create(*builtinKind("", "v1", "ConfigMap"), R"({"metadata":{"name":"Big"}})");
        QVERIFY(tried.faults.starts_with("metadata.name: Invalid value: \"Big\": a lowercase RFC 1123 subdomain must consist of"));
    }

    void aMissingNameIsToldOnce() {
        QCOMPARE(create(*builtinKind("", "v1", "Secret"), "{}").faults, std::string("metadata.name: Required value: name or generateName is required"));
    }

    void aFinalizerNeedsAGroup() {
        QCOMPARE(create(*builtinKind("", "v1", "ConfigMap"), R"({"metadata":{"name":"a","finalizers":["mine"]}})").faults,
                 std::string("metadata.finalizers[0]: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully qualified"));
    }

    void aKeyMayStandInOneOfBothBagsOnly() {
        QCOMPARE(create(*builtinKind("", "v1", "ConfigMap"), R"({"metadata":{"name":"a"},"data":{"k":"v"},"binaryData":{"k":"AA=="}})").faults,
                 std::string("data[k]: Invalid value: \"k\": duplicate of key present in binaryData"));
    }

    void anImmutableConfigMapStaysAsItIs() {
        const auto tried = update(*builtinKind("", "v1", "ConfigMap"), R"({"metadata":{"name":"a"},"immutable":true,"data":{"k":"v"}})",
                                  R"({"metadata":{"name":"a"},"data":{"k":"w"}})");
        QCOMPARE(tried.faults, std::string("immutable: Forbidden: field is immutable when `immutable` is set\n"
                                           "data: Forbidden: field is immutable when `immutable` is set"));
    }

    void textOfASecretIsKeptAsData() {
        const auto tried = create(*builtinKind("", "v1", "Secret"), R"({"metadata":{"name":"a"},"stringData":{"k":"v"}})");
        QCOMPARE(tried.json(), std::string(R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"a","namespace":"default"},"data":{"k":"dg=="},"type":"Opaque"})"));
    }

    void aSecretOfATypeNeedsItsKeys() {
        QCOMPARE(create(*builtinKind("", "v1", "Secret"), R"({"metadata":{"name":"a"},"type":"kubernetes.io/tls"})").faults,
                 std::string("data[tls.crt]: Required value\ndata[tls.key]: Required value"));
    }

    void aNamespaceStartsActiveWithItsFinalizerAndLabel() {
        const auto tried = create(*builtinKind("", "v1", "Namespace"), R"({"metadata":{"name":"a"},"status":{"phase":"Terminating"}})");
        QCOMPARE(tried.json(), std::string(R"({"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a","labels":{"kubernetes.io/metadata.name":"a"}},)"
                                           R"("spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}})"));
    }

    void aNamespaceThatIsFinalizedMayGo() {
        const Kind& kind = *builtinKind("", "v1", "Namespace");
        QVERIFY(!kind.mayBeRemoved(*create(kind, R"({"metadata":{"name":"a"}})").object));
        const auto emptied = update(kind, R"({"metadata":{"name":"a"}})", R"({"metadata":{"name":"a"}})", "finalize");
        QCOMPARE(emptied.faults, std::string());
        QVERIFY(kind.mayBeRemoved(*emptied.object));
    }

    void anOrdinaryUpdateKeepsTheFinalizersOfANamespace() {
        const auto tried = update(*builtinKind("", "v1", "Namespace"), R"({"metadata":{"name":"a"}})", R"({"metadata":{"name":"a"},"spec":{"finalizers":[]}})");
        QVERIFY(tried.json().find(R"("finalizers":["kubernetes"])") != std::string::npos);
    }

    void everyKindHasOneEntry() {
        std::set<std::string> seen;
        for (const Kind* kind : builtinKinds()) QVERIFY2(seen.insert(kind->groupVersion() + "/" + kind->kind).second, kind->kind.c_str());
    }
};

QTEST_APPLESS_MAIN(ConfigurationTest)
#include "configuration_test.moc"
