#include <QtTest>

#include "cluster/api/codec/json_tree.h"
#include "cluster/api/codec/yaml.h"

using namespace qd;
using namespace qd::api;

class YamlTest : public QObject {
    Q_OBJECT
private slots:
    void scalarsAreRead_data() {
        QTest::addColumn<QString>("yaml");
        QTest::addColumn<QString>("json");
        const auto row = [](const char* yaml, const char* json) { QTest::newRow(yaml) << yaml << json; };
        row("a: yes", R"({"a":true})");
        row("a: \"yes\"", R"({"a":"yes"})");
        row("a: 'on'", R"({"a":"on"})");
        row("a: Off", R"({"a":false})");
        row("a: ~", R"({"a":null})");
        row("a:", R"({"a":null})");
        row("a: 0777", R"({"a":511})");
        row("a: 0o17", R"({"a":15})");
        row("a: 0x1F", R"({"a":31})");
        row("a: 1_000", R"({"a":1000})");
        row("a: 1.5", R"({"a":1.5})");
        row("a: 1e3", R"({"a":1000})");
        row("a: 1.2.3", R"({"a":"1.2.3"})");
        row("a: 2001-01-01", R"({"a":"2001-01-01"})");
        row("a: 08", R"({"a":8})");
        row("a: 10:20", R"({"a":"10:20"})");
        row("a: !!str 5", R"({"a":"5"})");
        row("5: x\ntrue: z", R"({"5":"x","true":"z"})");
        row("a: |\n  one\n  two\n", R"({"a":"one\ntwo\n"})");
        row("a: &x {b: 1}\nc: *x", R"({"a":{"b":1},"c":{"b":1}})");
        row("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3", R"({"a":{"b":1,"c":2},"d":{"c":3,"b":1}})");
        row("{\"a\": [1, \"b\"]}", R"({"a":[1,"b"]})");
        row("a: 9223372036854775808", R"({"a":9223372036854776000})");
    }
    void scalarsAreRead() {
        QFETCH(QString, yaml);
        QFETCH(QString, json);
        const auto documents = parseYaml(yaml.toStdString());
        QVERIFY2(documents.has_value(), documents ? "" : documents.error().message.c_str());
        QCOMPARE(documents->size(), 1U);
        QCOMPARE(QString::fromStdString(serializeJson(documents->front().tree)), json);
    }

    void documentsKnowTheirLines() {
        const auto documents = parseYaml(
            "# nothing yet\n---\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: b\n---\n---\nkind: "
            "Service\n");
        QVERIFY(documents.has_value());
        QCOMPARE(documents->size(), 2U);
        QCOMPARE(documents->at(0).lineOf("spec.containers[0].image"), 7);
        QCOMPARE(documents->at(0).lineOf("spec.containers[0].ports[1].name"), 6);
        QCOMPARE(documents->at(1).lineOf("kind"), 10);
    }

    void errorsNameTheLine() {
        const auto documents = parseYaml("a: 1\nb: [1\nc: 2\n");
        QVERIFY(!documents);
        QVERIFY2(documents.error().message.starts_with("error converting YAML to JSON: yaml: line "),
                 documents.error().message.c_str());
        QVERIFY(!parseYaml("a: *unknown"));
    }

    void duplicatesAreTold() {
        std::vector<std::string> duplicates;
        QVERIFY(parseYaml("a: 1\nb:\n  c: 1\n  c: 2\n", &duplicates).has_value());
        QCOMPARE(duplicates, (std::vector<std::string>{R"(line 4: key "c" already set in map)"}));
    }

    void aliasesCannotBlowUp() {
        std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
        for (int i = 1; i < 12; ++i) {
            const std::string last = "*a" + std::to_string(i - 1);
            bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
            for (int j = 0; j < 9; ++j) bomb += last + ",";
            bomb += last + "]\n";
        }
        const auto documents = parseYaml(bomb);
        QVERIFY(!documents);
        QVERIFY(documents.error().message.find("excessive aliasing") != std::string::npos);
    }

    void yamlIsWrittenAsKubectlWritesIt() {
        const auto tree = parseJson(
            R"({"spec":{"b":[{"name":"a","args":["-c","x: y"],"empty":{}},{"n":[["q"]]}],"a":"true","n":null},"kind":"Pod","text":"one\ntwo\n","tail":"x\ny","q":"it's # fine","e":"","v":"1.5","l":[]})");
        const std::string yaml = toYaml(*tree);
        QCOMPARE(QString::fromStdString(yaml), QString("e: \"\"\n"
                                                       "kind: Pod\n"
                                                       "l: []\n"
                                                       "q: 'it''s # fine'\n"
                                                       "spec:\n"
                                                       "  a: \"true\"\n"
                                                       "  b:\n"
                                                       "  - args:\n"
                                                       "    - -c\n"
                                                       "    - 'x: y'\n"
                                                       "    empty: {}\n"
                                                       "    name: a\n"
                                                       "  - \"n\":\n"
                                                       "    - - q\n"
                                                       "  \"n\": null\n"
                                                       "tail: |-\n"
                                                       "  x\n"
                                                       "  y\n"
                                                       "text: |\n"
                                                       "  one\n"
                                                       "  two\n"
                                                       "v: \"1.5\"\n"));
    }

    void whatIsWrittenReadsBack_data() {
        QTest::addColumn<QString>("text");
        for (const char* text : {"",     " a",  "a ",   "\n",    "a\n\n",        "\na",        "  a\nb", "- a",
                                 "a: b", "a:",  "#a",   "'",     "\"",           "*a",         "&a",     "!a",
                                 "|",    "%",   "@a",   "`a",    "---",          "2001-01-01", "null",   "y",
                                 "0x1",  "\ta", "a\tb", "a\x01", "\xe2\x80\xa8", "\xc3\xa9",   "{a",     "?",
                                 "? a",  "-",   "[",    "a #b",  "a\n b\n",      ".",          "...",    "1e3",
                                 "=",    "<<",  "~"}) {
            QTest::newRow(text) << QString::fromUtf8(text);
        }
    }
    void whatIsWrittenReadsBack() {
        QFETCH(QString, text);
        const boost::json::value tree = {{"k", {{text.toStdString(), {text.toStdString(), 1}}}}};
        const std::string yaml = toYaml(tree);
        const auto documents = parseYaml(yaml);
        QVERIFY2(documents.has_value(), documents ? "" : (documents.error().message + "\n" + yaml).c_str());
        QVERIFY2(documents->front().tree == tree, (yaml + serializeJson(documents->front().tree)).c_str());
    }
};

QTEST_APPLESS_MAIN(YamlTest)
#include "yaml_test.moc"
