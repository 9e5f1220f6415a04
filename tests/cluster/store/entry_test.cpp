#include "cluster/store/entry.h"

#include <QtTest>
#include <latch>

#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

class EntryTest : public QObject {
    Q_OBJECT
    NoteCodec m_codec;

    static EntryPtr stored(const std::shared_ptr<EntryContext>& context, std::string bytes, Revision revision = 5) {
        return std::make_shared<const Entry>(context, Entry::Origin{key("a"), revision, 3}, std::move(bytes));
    }
    static std::string spell(const qd::api::Object& object) { return static_cast<const Note&>(object).text; }

private slots:
    void anObjectIsDecodedOnFirstUseAndOnce() {
        const auto context = std::make_shared<EntryContext>(m_codec, 1000);
        m_codec.decoded = 0;
        const EntryPtr entry = stored(context, "u|hello");
        QCOMPARE(m_codec.decoded.load(), 0);
        std::latch together(8);
        {
            std::vector<qd::base::Thread> threads(8);
            for (auto& thread : threads) {
                thread = qd::base::Thread("decode", [&](const std::stop_token&) {
                    together.arrive_and_wait();
                    if (textOf(entry) != "hello") qFatal("wrong object");
                });
            }
        }
        QCOMPARE(m_codec.decoded.load(), 1);
        QCOMPARE(versionOf(entry), "5");
    }

    void theObjectOfADeletionIsTheLastStateAtTheDeletionsRevision() {
        const auto context = std::make_shared<EntryContext>(m_codec, 1000);
        const EntryPtr last = stored(context, "u|hello");
        const Entry deletion(context, Entry::Origin{key("a"), 9, 3, true}, last);
        QCOMPARE(static_cast<const Note&>(*deletion.object()).text, "hello");
        QCOMPARE(deletion.object()->metadata.resourceVersion, "9");
        QCOMPARE(versionOf(last), "5");
    }

    void unreadableBytesAreAnErrorThatNamesTheObject() {
        const auto context = std::make_shared<EntryContext>(m_codec, 1000);
        const EntryPtr entry = stored(context, "u|unreadable");
        const auto readable = entry->decode();
        QVERIFY(!readable);
        QCOMPARE(readable.error().reason, qd::Reason::StoreReadError);
        QVERIFY(QString::fromStdString(readable.error().message).contains("notes default/a"));
    }

    void anObjectIsEncodedOnceAFormatAndTheBytesAreShared() {
        const auto context = std::make_shared<EntryContext>(m_codec, 1000);
        const EntryPtr entry = stored(context, "u|hello");
        std::atomic<int> encoded = 0;
        std::vector<Bytes> got(8);
        {
            std::vector<qd::base::Thread> threads(8);
            for (std::size_t i = 0; i < threads.size(); ++i) {
                threads[i] = qd::base::Thread("encode", [&, i](const std::stop_token&) {
                    got[i] = entry->encoded(1, [&](const qd::api::Object& object) {
                        ++encoded;
                        return spell(object);
                    });
                });
            }
        }
        QCOMPARE(encoded.load(), 1);
        for (const Bytes& bytes : got) QCOMPARE(bytes, got[0]);
        QCOMPARE(*entry->encoded(2, [](const auto&) { return std::string("other"); }), "other");
        QCOMPARE(context->encodings.bytes(), 10U);
    }

    void encodingsThatNobodyAsksForAreDroppedAboveTheBudget() {
        const auto context = std::make_shared<EntryContext>(m_codec, 100);
        std::vector<EntryPtr> entries;
        const auto ask = [&](const EntryPtr& entry) {
            return entry->encoded(1, [](const auto&) { return std::string(10, 'x'); });
        };
        for (int i = 0; i < 50; ++i) {
            entries.push_back(stored(context, "u|t", i + 1));
            (void)ask(entries.back());
            QVERIFY(context->encodings.bytes() <= 100);
        }
        // The newest is kept.
        const Bytes kept = entries.back()->encoded(1, [](const auto&) { return std::string("again"); });
        QCOMPARE(kept->size(), 10U);
        entries.clear();
        QCOMPARE(context->encodings.bytes(), 0U);
    }

    void bytesInUseOutliveTheirEviction() {
        const auto context = std::make_shared<EntryContext>(m_codec, 10);
        const EntryPtr a = stored(context, "u|a", 1);
        const EntryPtr b = stored(context, "u|b", 2);
        const Bytes bytes = a->encoded(1, [](const auto&) { return std::string(10, 'a'); });
        for (int i = 0; i < 3; ++i)
            (void)b->encoded(static_cast<std::uint32_t>(i), [](const auto&) { return std::string(10, 'b'); });
        QCOMPARE(*bytes, std::string(10, 'a'));
    }
};

}  // namespace

QTEST_APPLESS_MAIN(EntryTest)
#include "entry_test.moc"
