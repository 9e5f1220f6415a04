#include "cluster/store/entry_set.h"

#include <QtTest>
#include <map>
#include <random>

#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

class EntrySetTest : public QObject {
    Q_OBJECT
    NoteCodec m_codec;
    std::shared_ptr<EntryContext> m_context = std::make_shared<EntryContext>(m_codec, 1000);
    using Model = std::map<std::string, EntryPtr>;

    EntryPtr entry(std::string namespace_, std::string name, Revision revision) {
        return std::make_shared<const Entry>(
            m_context, Entry::Origin{key(std::move(name), std::move(namespace_)), revision, 1}, std::string("u|t"));
    }
    static std::vector<EntryPtr> all(const EntrySet& set, std::string_view namespace_ = {},
                                     std::string_view start = {}) {
        std::vector<EntryPtr> entries;
        set.visit(namespace_, start, [&](const EntryPtr& each) {
            entries.push_back(each);
            return true;
        });
        return entries;
    }
    static std::vector<EntryPtr> all(const Model& model, const std::string& namespace_ = {},
                                     const std::string& start = {}) {
        std::vector<EntryPtr> entries;
        for (const auto& [path, each] : model) {
            if (path >= start && (namespace_.empty() || path.starts_with(namespace_ + '/'))) entries.push_back(each);
        }
        return entries;
    }

private slots:
    void pathsAreOrderedAsUpstreamsKeysAre() {
        const std::vector<std::pair<std::string, std::string>> places = {{"", "a"},   {"", "a-b"},  {"a", "x"},
                                                                         {"a", "y"},  {"a-b", "x"}, {"a.b", "x"},
                                                                         {"a0", "a"}, {"ab", "a"},  {"b", "a"}};
        for (const auto& [namespaceA, nameA] : places) {
            for (const auto& [namespaceB, nameB] : places) {
                if (namespaceA.empty() != namespaceB.empty()) continue;  // never in one resource
                const Key a{"notes", namespaceA, nameA};
                const Key b{"notes", namespaceB, nameB};
                QVERIFY((comparePaths(namespaceA, nameA, namespaceB, nameB) < 0) == (a.path() < b.path()));
                QVERIFY((comparePaths(namespaceA, nameA, namespaceB, nameB) == 0) == (a == b));
            }
        }
    }

    void itHoldsWhatAMapOfPathsHoldsAfterAnyChanges() {
        std::mt19937 random(7);
        const std::vector<std::string> namespaces = {"a", "a-b", "a.c", "ab", "b"};
        EntrySet set;
        Model model;
        for (Revision revision = 1; revision <= 6000; ++revision) {
            const std::string& namespace_ = namespaces[random() % namespaces.size()];
            const std::string name = "n" + std::to_string(random() % 200);
            // Grows for two thirds of the run, then shrinks.
            if (random() % 3 != 0 ? revision < 4000 : revision >= 4000) {
                const EntryPtr added = entry(namespace_, name, revision);
                set = set.with(added);
                model[namespace_ + '/' + name] = added;
            } else {
                set = set.without(namespace_, name);
                model.erase(namespace_ + '/' + name);
            }
            if (revision % 97 != 0) continue;
            QCOMPARE(set.size(), model.size());
            QVERIFY(all(set) == all(model));
            const std::string start = namespaces[random() % namespaces.size()] + "/n" + std::to_string(random() % 200);
            QVERIFY(all(set, {}, start) == all(model, {}, start));
            for (const std::string& each : namespaces) {
                QVERIFY(all(set, each) == all(model, each));
                QVERIFY(all(set, each, start) == all(model, each, start));
                QCOMPARE(set.count(each), all(model, each).size());
            }
            const auto found = model.find(namespace_ + '/' + name);
            QCOMPARE(set.find(namespace_, name), found == model.end() ? nullptr : found->second);
        }
    }

    void aCopyStaysAsItWas() {
        EntrySet set;
        for (int i = 0; i < 1000; ++i) set = set.with(entry("a", std::to_string(i), i));
        const EntrySet copy = set;
        const std::vector<EntryPtr> before = all(copy);
        for (int i = 0; i < 1000; i += 2) set = set.without("a", std::to_string(i));
        for (int i = 1; i < 1000; i += 2) set = set.with(entry("a", std::to_string(i), 2000 + i));
        QVERIFY(all(copy) == before);
        QCOMPARE(set.size(), 500U);
    }

    void itIsBuiltOfEntriesInAnyOrder() {
        std::vector<EntryPtr> entries;
        for (int i = 0; i < 500; ++i) entries.push_back(entry("a", std::to_string(i * 7919 % 500), i));
        const EntrySet set(entries);
        QCOMPARE(set.size(), 500U);
        EntrySet onebyone;
        for (const EntryPtr& each : entries) onebyone = onebyone.with(each);
        QVERIFY(all(set) == all(onebyone));
        QVERIFY(all(EntrySet(std::vector<EntryPtr>())).empty());
    }
};

}  // namespace

QTEST_APPLESS_MAIN(EntrySetTest)
#include "entry_set_test.moc"
