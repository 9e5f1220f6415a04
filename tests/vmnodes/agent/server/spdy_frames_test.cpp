// The framing of SPDY/3.1: what is written is read again, and what another implementation wrote is understood.
#include "vmnodes/agent/server/spdy_frames.h"

#include <zlib.h>
#include <QtTest>

#include "vmnodes/agent/server/spdy_dictionary.h"

using namespace qd;
using namespace qd::agent::server::spdy;

namespace {

std::string fromHex(const char* text) {
    return QByteArray::fromHex(text).toStdString();
}

// Written by moby/spdystream 0.5.1: a client that opens four streams, and a server that accepts them, writes to two,
// resets all and goes away.
const char* const kForeignClient =
    "80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff"
    "800300010000001700000003000000000000c22e555c92929907000000ffff"
    "800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff"
    "800300010000001500000007000000000000c229975a5404000000ffff";
const char* const kForeignServer =
    "80030002000000140000000178f9e3c6a7c26260606000000000ffff800300020000000c00000003026100000000ffff"
    "800300020000000c00000005026100000000ffff800300020000000c00000007026100000000ffff"
    "000000050000000668656c6c6f0a00000001000000227b226d65746164617461223a7b7d2c22737461747573223a224661696c757265227d"
    "800300030000000800000005000000058003000300000008000000070000000580030003000000080000000100000005800300030000000800"
    "00"
    "00030000000580030007000000080000000700000000";

const std::vector<Frame>& frames() {
    static const std::vector<Frame> all = {
        SynStream{1,
                  0,
                  3,
                  true,
                  false,
                  {{"streamtype", "stdin"},
                   {"port", std::string("80\0"
                                        "81",
                                        5)}}},
        SynStream{3, 1, 0, false, true, {}},
        SynReply{1, false, {{":status", "200"}}},
        HeadersFrame{3, true, {{"streamtype", "error"}}},
        Data{5, false, "some bytes"},
        Data{5, true, {}},
        RstStream{7, 5},
        Settings{true, {{7, 1, 65536}, {4, 0, 100}}},
        Ping{0x01020304},
        GoAway{9, 2},
        WindowUpdate{1, 4096},
    };
    return all;
}

}  // namespace

class SpdyFramesTest : public QObject {
    Q_OBJECT
private slots:
    void theDictionaryIsTheSpecifications() {
        const std::string& dictionary = headerDictionary();
        QCOMPARE(dictionary.size(), std::size_t{1423});
        QCOMPARE(adler32(adler32(0, nullptr, 0), reinterpret_cast<const Bytef*>(dictionary.data()), 1423),
                 0xe3c6a7c2UL);
    }

    void whatIsWrittenIsReadAgain() {
        FrameWriter writer;
        std::string bytes;
        for (const Frame& frame : frames()) bytes += writer.write(frame);
        FrameReader reader;
        const auto read = reader.feed(bytes);
        QVERIFY(read.has_value());
        QVERIFY(*read == frames());
    }

    void framesMayComeByteByByte() {
        FrameWriter writer;
        FrameReader reader;
        std::vector<Frame> read;
        std::string data;
        for (const Frame& frame : frames())
            for (const char byte : writer.write(frame)) {
                const auto some = reader.feed({&byte, 1});
                QVERIFY(some.has_value());
                for (const Frame& one : *some) {
                    const auto* part = std::get_if<Data>(&one);
                    if (part != nullptr) data += part->bytes;
                    if (part == nullptr || part->fin) read.push_back(one);
                }
            }
        QCOMPARE(data, std::string("some bytes"));
        std::vector<Frame> expected = frames();
        std::erase_if(expected, [](const Frame& one) {
            const auto* part = std::get_if<Data>(&one);
            return part != nullptr && !part->fin;
        });
        QVERIFY(read == expected);
    }

    void theEndOfALongFrameIsToldWithItsLastPart() {
        FrameWriter writer;
        FrameReader reader;
        const std::string bytes = writer.write(Data{1, true, "0123456789"});
        const auto first = reader.feed(std::string_view(bytes).substr(0, 12));
        QVERIFY(first && first->size() == 1);
        QVERIFY(first->front() == Frame(Data{1, false, "0123"}));
        const auto second = reader.feed(std::string_view(bytes).substr(12));
        QVERIFY(second && second->size() == 1);
        QVERIFY(second->front() == Frame(Data{1, true, "456789"}));
    }

    void moreThanAFrameHoldsBecomesSeveral() {
        FrameWriter writer;
        FrameReader reader;
        const std::string much((std::size_t{1} << 24) + 5, 'x');
        const auto read = reader.feed(writer.write(Data{1, true, much}));
        QVERIFY(read && read->size() == 2);
        const auto& first = std::get<Data>((*read)[0]);
        const auto& second = std::get<Data>((*read)[1]);
        QCOMPARE(first.bytes.size() + second.bytes.size(), much.size());
        QVERIFY(!first.fin && second.fin);
    }

    void anotherImplementationsClientIsUnderstood() {
        FrameReader reader;
        const auto read = reader.feed(fromHex(kForeignClient));
        QVERIFY(read.has_value());
        const std::vector<Frame> expected = {SynStream{1, 0, 0, false, false, {{"streamtype", "error"}}},
                                             SynStream{3, 0, 0, false, false, {{"streamtype", "stdin"}}},
                                             SynStream{5, 0, 0, false, false, {{"streamtype", "stdout"}}},
                                             SynStream{7, 0, 0, false, false, {{"streamtype", "stderr"}}}};
        QVERIFY(*read == expected);
    }

    void anotherImplementationsServerIsUnderstood() {
        FrameReader reader;
        const auto read = reader.feed(fromHex(kForeignServer));
        QVERIFY(read.has_value());
        const std::vector<Frame> expected = {SynReply{1, false, {}},
                                             SynReply{3, false, {}},
                                             SynReply{5, false, {}},
                                             SynReply{7, false, {}},
                                             Data{5, false, "hello\n"},
                                             Data{1, false, R"({"metadata":{},"status":"Failure"})"},
                                             RstStream{5, 5},
                                             RstStream{7, 5},
                                             RstStream{1, 5},
                                             RstStream{3, 5},
                                             GoAway{7, 0}};
        QVERIFY(*read == expected);
    }

    void unknownControlFramesAreLeftOut() {
        FrameReader reader;
        const auto read =
            reader.feed(fromHex("8003000b00000002abcd"
                                "800300060000000400000002"));
        QVERIFY(read.has_value());
        QVERIFY(*read == std::vector<Frame>{Ping{2}});
    }

    void brokenFramesAreErrors_data() {
        QTest::addColumn<QByteArray>("hex");
        QTest::newRow("another version") << QByteArray("800200060000000400000002");
        QTest::newRow("data of no stream") << QByteArray("0000000000000001ff");
        QTest::newRow("a reset without a status") << QByteArray("800300030000000400000001");
        QTest::newRow("settings that are not there") << QByteArray("8003000400000004000000ff");
        QTest::newRow("a control frame without end") << QByteArray("8003000200ffffff");
        QTest::newRow("headers that are not packed") << QByteArray("80030002000000080000000100000000");
        // The server's first reply without the end of its block of headers.
        QTest::newRow("headers cut off") << QByteArray("800300020000000a0000000178f9e3c6a7c2");
    }
    void brokenFramesAreErrors() {
        QFETCH(QByteArray, hex);
        FrameReader reader;
        const auto read = reader.feed(fromHex(hex));
        QVERIFY(!read);
        QVERIFY(read.error().message.starts_with("the peer's SPDY is broken"));
    }

    void headersThatUnpackWithoutEndAreAnError() {
        FrameWriter writer;
        FrameReader reader;
        const auto read = reader.feed(writer.write(SynReply{1, false, {{"a", std::string(1024 * 1024, 'a')}}}));
        QVERIFY(!read);
        QVERIFY(read.error().message.ends_with("headers are too long"));
    }
};

QTEST_GUILESS_MAIN(SpdyFramesTest)
#include "spdy_frames_test.moc"
