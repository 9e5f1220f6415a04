// What every kind of object obeys, asked as a client asks: by HTTP requests, of a server over a store in memory.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and the API conventions of sig-architecture.
#include <QtTest>

#include "cluster/api/codec/protobuf.h"
#include "cluster/api/types/meta_v1_objects.h"
#include "tests/cluster/apiserver/auth/auth_scene.h"

using namespace qd;
using qd::tests::Answer;
using qd::tests::AuthScene;

#define COMPARE_TEXT(actual, expected) QCOMPARE(QString::fromStdString(actual), QString(expected))

namespace {

constexpr const char* kMaps = "/api/v1/namespaces/shop/configmaps";
constexpr const char* kDeployments = "/apis/apps/v1/namespaces/shop/deployments";

std::string settings(const std::string& name, const std::string& more = "") {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + "\"" + more + R"(},"data":{"colour":"blue"}})";
}

std::string onlyIf(const std::string& uid) {
    return R"({"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":")" + uid + R"("}})";
}

std::string web(const std::string& more = "") {
    return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},)"
           R"("template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"a","image":"one"},{"name":"b","image":"two"}]}})" +
           more + "}}";
}

}  // namespace

class RulesTest : public QObject {
    Q_OBJECT

    std::unique_ptr<AuthScene> m_scene;

    Answer ask(const std::string& method, const std::string& path, const std::string& body = "",
               const std::vector<std::pair<std::string, std::string>>& headers = {}) {
        return m_scene->call(method, path, "admin-token", body, headers);
    }
    Answer patch(const std::string& path, const char* type, const std::string& body) {
        apiserver::Request request;
        request.method = "PATCH";
        const auto question = path.find('?');
        request.path = path.substr(0, question);
        if (question != std::string::npos) request.query = http::Query::parse(path.substr(question + 1));
        request.headers.set("Content-Type", type);
        request.headers.set("Authorization", "Bearer admin-token");
        request.body = body;
        const auto response = m_scene->server->handle(request);
        Answer answer{.code = response.code, .body = {}};
        for (const auto& piece : response.body) answer.body += *piece;
        return answer;
    }
    Answer made(const std::string& name, const std::string& more = "") {
        Answer answer = ask("POST", kMaps, settings(name, more));
        if (answer.code != 201) qWarning() << answer.body.c_str();
        return answer;
    }
    std::string map(const std::string& name) const { return std::string(kMaps) + "/" + name; }

private slots:
    void init() {
        m_scene = std::make_unique<AuthScene>();
        m_scene->put(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})");
    }

    // --- create
    void aNewObjectGetsItsIdentity() {
        const Answer answer = made("a");
        QCOMPARE(answer.code, 201);
        QVERIFY(!answer.text("/metadata/uid").empty());
        QVERIFY(!answer.text("/metadata/creationTimestamp").empty());
        QVERIFY(std::stoll(answer.text("/metadata/resourceVersion")) > 0);
        COMPARE_TEXT(answer.text("/metadata/namespace"), "shop");
    }

    void aNameCanBeLeftToTheServer() {
        const Answer answer = ask("POST", kMaps, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"part-"}})");
        QCOMPARE(answer.code, 201);
        const std::string name = answer.text("/metadata/name");
        QVERIFY2(name.starts_with("part-") && name.size() == 10, name.c_str());
        QCOMPARE(ask("GET", map(name)).code, 200);
    }

    void aNameIsTakenOnce() {
        made("a");
        const Answer again = ask("POST", kMaps, settings("a"));
        QCOMPARE(again.code, 409);
        COMPARE_TEXT(again.text("/reason"), "AlreadyExists");
        COMPARE_TEXT(again.message(), "configmaps \"a\" already exists");
    }

    void aNamelessObjectAndAWrongNamespaceAreRefused() {
        const Answer nameless = ask("POST", kMaps, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{}})");
        QCOMPARE(nameless.code, 422);
        QVERIFY2(nameless.message().find("name or generateName is required") != std::string::npos, nameless.body.c_str());
        const Answer elsewhere = ask("POST", kMaps, settings("a", R"(,"namespace":"other")"));
        QCOMPARE(elsewhere.code, 400);
        COMPARE_TEXT(elsewhere.message(), "the namespace of the provided object does not match the namespace sent on the request");
    }

    void unknownFieldsAreRefusedWarnedOfOrIgnoredAsAsked() {
        const std::string body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"dota":{}})";
        const Answer strict = ask("POST", std::string(kMaps) + "?fieldValidation=Strict", body);
        QCOMPARE(strict.code, 400);
        QVERIFY2(strict.message().find("unknown field \"dota\"") != std::string::npos, strict.body.c_str());
        QCOMPARE(ask("POST", std::string(kMaps) + "?fieldValidation=Ignore", body).code, 201);
        QCOMPARE(ask("POST", std::string(kMaps) + "?fieldValidation=Sometimes", body).code, 422);
    }

    void aDryRunAnswersAsIfAndLeavesNothing() {
        const Answer answer = ask("POST", std::string(kMaps) + "?dryRun=All", settings("a"));
        QCOMPARE(answer.code, 201);
        QVERIFY(!answer.text("/metadata/uid").empty());
        QCOMPARE(ask("GET", map("a")).code, 404);
    }

    // --- read
    void whatIsMissingIsNamed() {
        const Answer answer = ask("GET", map("nobody"));
        QCOMPARE(answer.code, 404);
        COMPARE_TEXT(answer.message(), "configmaps \"nobody\" not found");
        COMPARE_TEXT(answer.text("/details/kind"), "configmaps");
        COMPARE_TEXT(answer.text("/details/name"), "nobody");
        QCOMPARE(ask("GET", "/api/v1/namespaces/shop/spaceships").code, 404);
        QCOMPARE(ask("PUT", kMaps, settings("a")).code, 405);
    }

    void listsAreFilteredBySelectors() {
        made("a", R"(,"labels":{"tier":"front"})");
        made("b", R"(,"labels":{"tier":"back"})");
        const auto names = [&](const std::string& query) {
            std::string all;
            const auto tree = ask("GET", std::string(kMaps) + query).tree();
            for (const auto& item : tree.at("items").as_array()) all += std::string(item.at("metadata").at("name").as_string()) + " ";
            return all;
        };
        COMPARE_TEXT(names(""), "a b ");
        COMPARE_TEXT(names("?labelSelector=tier%3Dfront"), "a ");
        COMPARE_TEXT(names("?labelSelector=tier%20notin%20(front)"), "b ");
        COMPARE_TEXT(names("?fieldSelector=metadata.name%3Db"), "b ");
        const Answer unsupported = ask("GET", std::string(kMaps) + "?fieldSelector=data.colour%3Dblue");
        QCOMPARE(unsupported.code, 400);
        QVERIFY2(unsupported.message().find("is not a known field selector") != std::string::npos, unsupported.body.c_str());
        QCOMPARE(ask("GET", std::string(kMaps) + "?labelSelector=%3D%3D").code, 400);
    }

    void pagesShowTheListAsItWasAtTheFirst() {
        for (const char* name : {"a", "b", "c"}) made(name);
        const Answer first = ask("GET", std::string(kMaps) + "?limit=2");
        QCOMPARE(first.tree().at("items").as_array().size(), 2U);
        COMPARE_TEXT(first.text("/metadata/remainingItemCount"), "1");
        const std::string token = first.text("/metadata/continue");
        QVERIFY(!token.empty());
        made("d");
        ask("DELETE", map("c"));
        const Answer second = ask("GET", std::string(kMaps) + "?limit=2&continue=" + token);
        QCOMPARE(second.tree().at("items").as_array().size(), 1U);
        COMPARE_TEXT(second.text("/items/0/metadata/name"), "c");
        COMPARE_TEXT(second.text("/metadata/resourceVersion"), QString::fromStdString(first.text("/metadata/resourceVersion")));
        COMPARE_TEXT(second.text("/metadata/continue"), "");
        QCOMPARE(ask("GET", std::string(kMaps) + "?limit=2&continue=nonsense").code, 400);
    }

    void aListThatWasLeftForLongGoesOnFromItsLastKeyWithWhatIsThereNow() {
        for (const char* name : {"a", "b", "c", "e", "f"}) made(name);
        const Answer first = ask("GET", std::string(kMaps) + "?limit=2");
        made("d");
        m_scene->executor.simulatedClock().advance(std::chrono::minutes(6));
        const Answer late = ask("GET", std::string(kMaps) + "?limit=2&continue=" + first.text("/metadata/continue"));
        QCOMPARE(late.code, 410);
        COMPARE_TEXT(late.text("/reason"), "Expired");
        const std::string token = late.text("/metadata/continue");
        QVERIFY(!token.empty());

        m_scene->executor.simulatedClock().advance(std::chrono::minutes(60));  // this one does not age
        const Answer second = ask("GET", std::string(kMaps) + "?limit=2&continue=" + token);
        COMPARE_TEXT(second.text("/items/0/metadata/name"), "c");
        COMPARE_TEXT(second.text("/items/1/metadata/name"), "d");
        COMPARE_TEXT(second.text("/metadata/remainingItemCount"), "2");
        // From there on the pages go together again.
        ask("DELETE", map("f"));
        const Answer third = ask("GET", std::string(kMaps) + "?limit=2&continue=" + second.text("/metadata/continue"));
        COMPARE_TEXT(third.text("/items/1/metadata/name"), "f");
        COMPARE_TEXT(third.text("/metadata/resourceVersion"), QString::fromStdString(second.text("/metadata/resourceVersion")));
    }

    void aRevisionThatIsNotThereYetIsNotWaitedForForever() {
        const Answer answer = ask("GET", std::string(kMaps) + "?resourceVersion=999999&resourceVersionMatch=Exact");
        QCOMPARE(answer.code, 504);
        QVERIFY2(answer.message().starts_with("Timeout: Too large resource version: 999999"), answer.body.c_str());
    }

    void objectsAreShownAsTablesAndAsMetadataAlone() {
        made("a");
        apiserver::Request request;
        request.path = kMaps;
        request.headers.set("Authorization", "Bearer admin-token");
        request.headers.set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        Answer shown;
        const auto response = m_scene->server->handle(request);
        for (const auto& piece : response.body) shown.body += *piece;
        COMPARE_TEXT(shown.text("/kind"), "Table");
        COMPARE_TEXT(shown.text("/columnDefinitions/1/name"), "Data");
        COMPARE_TEXT(shown.text("/rows/0/cells/0"), "a");
        COMPARE_TEXT(shown.text("/rows/0/object/kind"), "PartialObjectMetadata");
        request.headers.set("Accept", "image/png");
        QCOMPARE(m_scene->server->handle(request).code, 406);
    }

    void whatIsStoredUnderAnotherNameIsSelectedByTheFieldsOfTheNameAskedFor() {
        for (const char* by : {"one", "two"}) {
            const std::string event = std::string(R"({"apiVersion":"v1","kind":"Event","metadata":{"name":")") + by +
                                      R"("},"involvedObject":{"kind":"Pod","name":"p","namespace":"shop"},"reason":"R","type":"Normal",)"
                                      R"("action":"A","eventTime":"2026-01-01T00:00:00.000000Z","reportingInstance":"i","reportingComponent":")" + by + "\"}";
            QCOMPARE(ask("POST", "/api/v1/namespaces/shop/events", event).code, 201);
        }
        const auto names = [&](const std::string& path) {
            const auto tree = ask("GET", path).tree();
            std::string all;
            for (const auto& item : tree.at("items").as_array()) all += std::string(item.at("metadata").at("name").as_string()) + " ";
            return all;
        };
        COMPARE_TEXT(names("/apis/events.k8s.io/v1/namespaces/shop/events?fieldSelector=reportingController%3Dtwo"), "two ");
        COMPARE_TEXT(names("/apis/events.k8s.io/v1/namespaces/shop/events?fieldSelector=regarding.name%3Dp"), "one two ");
        COMPARE_TEXT(names("/api/v1/namespaces/shop/events?fieldSelector=reportingComponent%3Done,involvedObject.name%3Dp"), "one ");
        QCOMPARE(ask("DELETE", "/apis/events.k8s.io/v1/namespaces/shop/events?fieldSelector=reportingController%3Dtwo").code, 200);
        COMPARE_TEXT(names("/api/v1/namespaces/shop/events"), "one ");
    }

    void metadataAloneIsShownInProtobufToo() {
        made("a", R"(,"labels":{"x":"1"})");
        apiserver::Request request;
        request.headers.set("Authorization", "Bearer admin-token");
        const auto bodyOf = [&](const std::string& path, const std::string& as) {
            request.path = path;
            request.headers.set("Accept", "application/vnd.kubernetes.protobuf;v=v1;g=meta.k8s.io;as=" + as + ",application/json;v=v1;g=meta.k8s.io;as=" + as);
            std::string body;
            const auto response = m_scene->server->handle(request);
            for (const auto& piece : response.body) body += *piece;
            return body;
        };
        const std::string one = bodyOf(map("a"), "PartialObjectMetadata");
        const auto envelope = api::openProtobuf(one);
        QVERIFY(envelope.has_value());
        COMPARE_TEXT(envelope->typeMeta.apiVersion, "meta.k8s.io/v1");
        COMPARE_TEXT(envelope->typeMeta.kind, "PartialObjectMetadata");
        const auto partial = api::decodeProtobuf<metav1::PartialObjectMetadata>(one);
        QVERIFY(partial.has_value());
        COMPARE_TEXT(partial->metadata.name, "a");
        COMPARE_TEXT(partial->metadata.labels.at("x"), "1");
        const std::string all = bodyOf(kMaps, "PartialObjectMetadataList");
        const auto list = api::openProtobuf(all);
        QVERIFY(list.has_value());
        COMPARE_TEXT(list->typeMeta.kind, "PartialObjectMetadataList");
        // Tables have no such form.
        QVERIFY(bodyOf(kMaps, "Table").starts_with("{\"kind\":\"Table\""));
    }

    void aTimeThatIsAllowedMustBeOne() {
        for (const char* path : {kMaps, "/version", "/healthz"}) {
            const Answer answer = ask("GET", std::string(path) + "?timeout=soon");
            QCOMPARE(answer.code, 400);
            QVERIFY2(answer.message().starts_with("invalid timeout specified in the request URL"), answer.body.c_str());
        }
        for (const char* time : {"0s", "3m", "1h30m", ""}) QCOMPARE(ask("GET", std::string(kMaps) + "?timeout=" + time).code, 200);
    }

    void reviewsAreNotShownAsTables() {
        const char* review = R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}})";
        apiserver::Request request;
        request.method = "POST";
        request.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        request.body = review;
        request.headers.set("Authorization", "Bearer admin-token");
        const auto codeOf = [&](const std::string& accept) {
            request.headers.set("Accept", accept);
            return m_scene->server->handle(request).code;
        };
        QCOMPARE(codeOf("application/json"), 201);
        for (const char* as : {"Table", "PartialObjectMetadata"}) {
            const std::string accept = std::string("application/json;v=v1;g=meta.k8s.io;as=") + as;
            QCOMPARE(codeOf(accept), 406);
            QCOMPARE(codeOf(accept + ",application/json"), 201);
        }
    }

    // --- update
    void anUpdateOfAnOldStateIsAConflict() {
        const std::string old = made("a").body;
        const char* relabelled = R"(,"labels":{"x":"1"})";
        QCOMPARE(ask("PUT", map("a"), settings("a", relabelled)).code, 200);
        const Answer late = ask("PUT", map("a"), old);
        QCOMPARE(late.code, 409);
        COMPARE_TEXT(late.message(), "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again");
    }

    void anUpdateThatChangesNothingWritesNothing() {
        const Answer first = made("a");
        const Answer again = ask("PUT", map("a"), first.body);
        QCOMPARE(again.code, 200);
        COMPARE_TEXT(again.text("/metadata/resourceVersion"), QString::fromStdString(first.text("/metadata/resourceVersion")));
    }

    void identityDoesNotChange() {
        made("a");
        const Answer other = ask("PUT", map("a"), settings("a", R"(,"uid":"another")"));
        QCOMPARE(other.code, 409);
        QVERIFY2(other.message().find("Precondition failed: UID in precondition: another") != std::string::npos, other.body.c_str());
        const Answer renamed = ask("PUT", map("a"), settings("b"));
        QCOMPARE(renamed.code, 400);
        COMPARE_TEXT(renamed.message(), "the name of the object (b) does not match the name on the URL (a)");
    }

    void specAndStatusAreWrittenApartAndOnlyTheSpecCountsGenerations() {
        const char* twoReplicas = R"(,"replicas":2)";
        QCOMPARE(ask("POST", kDeployments, web(twoReplicas)).text("/metadata/generation"), std::string("1"));
        const std::string path = std::string(kDeployments) + "/web";
        const Answer status = patch(path + "/status", "application/merge-patch+json", R"({"spec":{"replicas":9},"status":{"replicas":2}})");
        QCOMPARE(status.code, 200);
        COMPARE_TEXT(status.text("/spec/replicas"), "2");
        COMPARE_TEXT(status.text("/status/replicas"), "2");
        COMPARE_TEXT(status.text("/metadata/generation"), "1");
        const Answer spec = patch(path, "application/merge-patch+json", R"({"spec":{"replicas":3},"status":{"replicas":7}})");
        COMPARE_TEXT(spec.text("/spec/replicas"), "3");
        COMPARE_TEXT(spec.text("/status/replicas"), "2");
        COMPARE_TEXT(spec.text("/metadata/generation"), "2");
    }

    // --- patch
    void aMergePatchTakesAwayWithNull() {
        made("a");
        const Answer answer = patch(map("a"), "application/merge-patch+json", R"({"data":{"colour":null,"size":"big"}})");
        QCOMPARE(answer.code, 200);
        const char* onlySize = R"({"size":"big"})";
        COMPARE_TEXT(answer.text("/data"), onlySize);
    }

    void aJsonPatchIsDoneWholeOrNotAtAll() {
        made("a");
        const Answer failed = patch(map("a"), "application/json-patch+json",
                                    R"([{"op":"replace","path":"/data/colour","value":"red"},{"op":"test","path":"/data/colour","value":"blue"}])");
        QCOMPARE(failed.code, 422);
        COMPARE_TEXT(ask("GET", map("a")).text("/data/colour"), "blue");
        const char* recolour = R"([{"op":"replace","path":"/data/colour","value":"red"}])";
        QCOMPARE(patch(map("a"), "application/json-patch+json", recolour).text("/data/colour"), std::string("red"));
    }

    void aStrategicPatchMergesListsByTheirKeys() {
        ask("POST", kDeployments, web());
        const Answer answer = patch(std::string(kDeployments) + "/web", "application/strategic-merge-patch+json",
                                    R"({"spec":{"template":{"spec":{"containers":[{"name":"b","image":"three"}]}}}})");
        QCOMPARE(answer.code, 200);
        COMPARE_TEXT(answer.text("/spec/template/spec/containers/0/image"), "one");
        COMPARE_TEXT(answer.text("/spec/template/spec/containers/1/image"), "three");
        QCOMPARE(patch(std::string(kDeployments) + "/web", "application/x-patch", "{}").code, 415);
    }

    // --- apply
    void appliersOwnTheirFieldsAndConflictUntilForced() {
        const auto apply = [&](const std::string& manager, const std::string& data, const std::string& more = "") {
            return patch(map("a") + "?fieldManager=" + manager + more, "application/apply-patch+yaml",
                         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: " + data + "\n");
        };
        QCOMPARE(apply("one", "{colour: blue, size: big}").code, 201);
        QCOMPARE(apply("two", "{shape: round}").code, 200);
        const Answer conflict = apply("two", "{shape: round, colour: red}");
        QCOMPARE(conflict.code, 409);
        COMPARE_TEXT(conflict.message(), "Apply failed with 1 conflict: conflict with \"one\": .data.colour");
        COMPARE_TEXT(conflict.text("/details/causes/0/field"), ".data.colour");
        COMPARE_TEXT(apply("two", "{shape: round, colour: red}", "&force=true").text("/data/colour"), "red");
        // What an applier leaves out, and nobody else owns, goes away.
        const char* colourAndShape = R"({"colour":"red","shape":"round"})";
        COMPARE_TEXT(apply("one", "{}").text("/data"), colourAndShape);
        const Answer nobody = patch(map("a"), "application/apply-patch+yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        QCOMPARE(nobody.code, 422);
        QVERIFY2(nobody.message().find("is required for apply patch") != std::string::npos, nobody.body.c_str());
    }

    // --- delete
    void finalizersHoldAnObjectBack() {
        made("a", R"(,"finalizers":["example.com/wait"])");
        const Answer deleted = ask("DELETE", map("a"));
        QCOMPARE(deleted.code, 200);
        QVERIFY(!deleted.text("/metadata/deletionTimestamp").empty());
        QCOMPARE(ask("GET", map("a")).code, 200);
        const Answer more = patch(map("a"), "application/merge-patch+json", R"({"metadata":{"finalizers":["example.com/wait","example.com/more"]}})");
        QCOMPARE(more.code, 422);
        QVERIFY2(more.message().find("no new finalizers can be added if the object is being deleted") != std::string::npos, more.body.c_str());
        const char* noFinalizers = R"({"metadata":{"finalizers":null}})";
        QCOMPARE(patch(map("a"), "application/merge-patch+json", noFinalizers).code, 200);
        QCOMPARE(ask("GET", map("a")).code, 404);
    }

    void aDeletionCanNameTheObjectThatItMeans() {
        const std::string uid = made("a").text("/metadata/uid");
        const Answer other = ask("DELETE", map("a"), onlyIf("another"));
        QCOMPARE(other.code, 409);
        QVERIFY2(other.message().find("the UID in the precondition (another) does not match the UID in record (" + uid + ")") != std::string::npos, other.body.c_str());
        QCOMPARE(ask("DELETE", map("a"), onlyIf(uid)).code, 200);
    }

    void aCollectionIsDeletedBySelector() {
        made("a", R"(,"labels":{"old":"yes"})");
        made("b");
        QCOMPARE(ask("DELETE", std::string(kMaps) + "?labelSelector=old%3Dyes").code, 200);
        QCOMPARE(ask("GET", map("a")).code, 404);
        QCOMPARE(ask("GET", map("b")).code, 200);
    }
};

QTEST_GUILESS_MAIN(RulesTest)
#include "rules_test.moc"
