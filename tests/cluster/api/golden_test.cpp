// The golden files of k8s.io/api: every kind with every field set, as upstream's serialisers write it.
#include <QtTest>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/protobuf.h"
#include "cluster/api/codec/yaml.h"
#include "cluster/api/compare.h"
#include "cluster/api/registry.h"
#include "cluster/api/type_of.h"

using namespace qd;
using namespace qd::api;

namespace {

std::string readFile(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The pretty form of the golden files without its white space; appendJson spells numbers and strings as upstream does.
std::string compact(const std::string& pretty) {
    return serializeJson(parseJson(pretty).value());
}

std::string firstDifference(const std::string& a, const std::string& b) {
    std::size_t at = 0;
    while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
    const std::size_t from = at > 60 ? at - 60 : 0;
    return "ours ..." + a.substr(from, 120) + "\nnot  ..." + b.substr(from, 120);
}

// "apps.v1.Deployment", "core.v1.Pod", "networking.k8s.io.v1.Ingress": how the files are named.
const KindName* kindOf(const QString& stem) {
    const std::string kind = stem.section('.', -1).toStdString();
    const std::string version = stem.section('.', -2, -2).toStdString();
    std::string group = stem.section('.', 0, -3).toStdString();
    if (group == "core") group = "";
    if (const KindName* found = findKind(group, version, kind)) return found;
    for (const KindName* unserved : unservedKinds()) {
        if (unserved->group == group && unserved->version == version && unserved->kind == kind) return unserved;
    }
    return nullptr;
}

// A value of any described type, made through its descriptor as an element of a list would be.
class AnyValue {
public:
    explicit AnyValue(const KindName& kind) : m_kind(kind), m_object(kind.make ? kind.make() : nullptr) {
        if (!m_object) m_plain = kind.makePlain();
    }
    void* get() { return m_object ? static_cast<void*>(m_object.get()) : m_plain.get(); }
    const Struct& structure() const { return *m_kind.structure; }

private:
    const KindName& m_kind;
    std::unique_ptr<Object> m_object;
    std::shared_ptr<void> m_plain;
};

}  // namespace

class GoldenTest : public QObject {
    Q_OBJECT
private slots:
    void everyKindRoundTrips_data() {
        QTest::addColumn<QString>("stem");
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(GOLDEN_FILES)) {
            ++files;
            if (entry.path().extension() != ".json") continue;
            const QString stem = QString::fromStdString(entry.path().stem().string());
            QTest::newRow(qPrintable(stem)) << stem;
        }
        QCOMPARE(files, 555);
    }

    void everyKindRoundTrips() {
        QFETCH(QString, stem);
        const std::string base = std::string(GOLDEN_FILES) + '/' + stem.toStdString();
        const std::string expectedJson = compact(readFile(base + ".json"));
        const std::string expectedProtobuf = readFile(base + ".pb");

        const auto typeMeta = typeMetaOfJson(expectedJson);
        QVERIFY(typeMeta.has_value());
        const KindName* kind = kindOf(stem);
        QVERIFY2(kind, "the kind is not generated");

        AnyValue fromJson(*kind);
        std::vector<std::string> strictErrors;
        const auto decoded = decodeJson(expectedJson, fromJson.structure(), fromJson.get(), &strictErrors);
        QVERIFY2(decoded.has_value(), decoded ? "" : decoded.error().message.c_str());
        QVERIFY2(strictErrors.empty(), strictErrors.empty() ? "" : strictErrors[0].c_str());
        const std::string writtenJson = encodeJson(*kind->structure, fromJson.get(), {.nestedTypes = false});
        QVERIFY2(writtenJson == expectedJson, firstDifference(writtenJson, expectedJson).c_str());

        const std::string viaTree = serializeJson(toTree(*kind->structure, fromJson.get()));
        const std::string straight = encodeJson(*kind->structure, fromJson.get());
        QVERIFY2(viaTree == straight, firstDifference(viaTree, straight).c_str());

        const std::string writtenProtobuf =
            wrapProtobuf(typeMeta->apiVersion, typeMeta->kind, encodeProtobufMessage(*kind->structure, fromJson.get()));
        QVERIFY2(writtenProtobuf == expectedProtobuf, firstDifference(writtenProtobuf, expectedProtobuf).c_str());

        AnyValue fromProtobuf(*kind);
        const auto envelope = openProtobuf(expectedProtobuf);
        QVERIFY(envelope.has_value());
        QVERIFY(envelope->typeMeta == *typeMeta);
        // Options carry the group version they were sent under.
        std::size_t offset = 0;
        if (!kind->structure->isObject && kind->structure->find("apiVersion", &offset)) {
            *reinterpret_cast<std::string*>(static_cast<char*>(fromProtobuf.get()) + offset) = typeMeta->apiVersion;
        }
        const auto message = decodeProtobufMessage(envelope->message, fromProtobuf.structure(), fromProtobuf.get());
        QVERIFY2(message.has_value(), message ? "" : message.error().message.c_str());
        const std::string again = encodeJson(*kind->structure, fromProtobuf.get(), {.nestedTypes = false});
        QVERIFY2(again == expectedJson, firstDifference(again, expectedJson).c_str());
        QVERIFY(equal(*kind->structure, fromJson.get(), fromProtobuf.get()));

        const auto yaml = parseYaml(readFile(base + ".yaml"));
        QVERIFY2(yaml.has_value(), yaml ? "" : yaml.error().message.c_str());
        const auto tree = parseJson(expectedJson);
        QVERIFY(yaml->front().tree == *tree);
        QCOMPARE(QString::fromStdString(toYaml(*tree)), QString::fromStdString(readFile(base + ".yaml")));
    }
};

QTEST_APPLESS_MAIN(GoldenTest)
#include "golden_test.moc"
