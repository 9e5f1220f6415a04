// A session as the client and the runtime see it, with the runtime played by SPDY frames.
#include "vmnodes/agent/server/remote_command.h"

#include <QtTest>

using namespace qd;
using namespace qd::agent::server;
using Step = RemoteCommand::Step;

namespace {

const char* const kExitedWith7 =
    R"({"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}})";

// The runtime's end.
class Runtime {
public:
    // The frames that a step sends here.
    std::vector<spdy::Frame> read(const Step& step) { return m_reader.feed(step.toRuntime).value(); }
    template <typename... Frames>
    std::string write(const Frames&... frames) {
        return (m_writer.write(frames) + ...);
    }
    // Opens the session and accepts its streams, in the order error, stdin, stdout, stderr (or resize).
    void accept(RemoteCommand& command) {
        for (const spdy::Frame& frame : read(command.begin()))
            command.fromRuntime(m_writer.write(spdy::SynReply{std::get<spdy::SynStream>(frame).stream, false, {}}));
    }

private:
    spdy::FrameReader m_reader;
    spdy::FrameWriter m_writer;
};

constexpr std::uint32_t kStatus = 1, kInput = 3, kOutput = 5, kError = 7, kResize = 7;
constexpr SessionStreams kAll{true, true, true, false};
constexpr SessionStreams kTerminal{true, true, false, true};

std::string message(int channel, const std::string& text) {
    return static_cast<char>(channel) + text;
}

}  // namespace

class RemoteCommandTest : public QObject {
    Q_OBJECT
private slots:
    void theStreamsThatAreWantedAreOpened_data() {
        QTest::addColumn<QString>("query");
        QTest::addColumn<QStringList>("types");
        QTest::newRow("kubelet's names") << "input=1&output=1&error=1"
                                         << QStringList{"error", "stdin", "stdout", "stderr"};
        QTest::newRow("the API's names") << "stdin=true&stdout=true" << QStringList{"error", "stdin", "stdout"};
        QTest::newRow("a terminal has one output")
            << "input=1&output=1&error=1&tty=1" << QStringList{"error", "stdin", "stdout", "resize"};
        QTest::newRow("nothing but the outcome") << "command=x" << QStringList{"error"};
    }
    void theStreamsThatAreWantedAreOpened() {
        QFETCH(QString, query);
        QFETCH(QStringList, types);
        RemoteCommand command(SessionStreams::of(http::Query::parse(query.toStdString())), true);
        QStringList opened;
        std::uint32_t id = 1;
        for (const spdy::Frame& frame : Runtime().read(command.begin())) {
            const auto& stream = std::get<spdy::SynStream>(frame);
            QCOMPARE(stream.stream, id);
            id += 2;
            QCOMPARE(stream.headers.size(), std::size_t{1});
            QCOMPARE(stream.headers.front().first, std::string("streamtype"));
            opened << QString::fromStdString(stream.headers.front().second);
        }
        QCOMPARE(opened, types);
    }

    void theClientHearsFirstThatTheSessionStands() {
        RemoteCommand command(kAll, true);
        QCOMPARE(command.begin().toClient, std::vector<std::string>{message(1, "")});
    }

    void inputReachesTheCommandAndEnds() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        QVERIFY(runtime.read(command.fromClient(message(0, "line\n"))) ==
                std::vector<spdy::Frame>(1, spdy::Data{kInput, false, "line\n"}));
        QVERIFY(runtime.read(command.fromClient(message(255, std::string(1, '\0')))) ==
                std::vector<spdy::Frame>(1, spdy::Data{kInput, true, ""}));
        QVERIFY(command.fromClient(message(0, "too late")).toRuntime.empty());
    }

    void inputWaitsUntilTheRuntimeHasAcceptedItsStream() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.read(command.begin());
        QVERIFY(command.fromClient(message(0, "early ")).toRuntime.empty());
        QVERIFY(command.fromClient(message(0, "input")).toRuntime.empty());
        QVERIFY(command.fromClient(message(255, std::string(1, '\0'))).toRuntime.empty());
        QCOMPARE(command.waiting(), std::size_t{11});
        const Step step = command.fromRuntime(runtime.write(spdy::SynReply{kInput, false, {}}));
        QVERIFY(runtime.read(step) == std::vector<spdy::Frame>(1, spdy::Data{kInput, true, "early input"}));
        QCOMPARE(command.waiting(), std::size_t{0});
    }

    void version4HasNoCloseSignal() {
        RemoteCommand command(kAll, false);
        Runtime runtime;
        runtime.accept(command);
        QVERIFY(command.fromClient(message(255, std::string(1, '\0'))).toRuntime.empty());
    }

    void outputComesOnItsChannels() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        const Step step =
            command.fromRuntime(runtime.write(spdy::Data{kOutput, false, "out"}, spdy::Data{kError, false, "err"}));
        QCOMPARE(step.toClient, (std::vector<std::string>{message(1, "out"), message(2, "err")}));
        QVERIFY(!step.over);
    }

    // The order in which containerd ends a session: the status, resets in any order, GOAWAY.
    void theExitCodeComesLastAndOnce() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        Step step = command.fromRuntime(runtime.write(spdy::Data{kStatus, false, kExitedWith7},
                                                      spdy::RstStream{kStatus, 5}, spdy::Data{kOutput, false, "rest"}));
        QCOMPARE(step.toClient, std::vector<std::string>{message(1, "rest")});
        QVERIFY(!step.over);
        step = command.fromRuntime(
            runtime.write(spdy::RstStream{kError, 5}, spdy::RstStream{kOutput, 5}, spdy::GoAway{7, 0}));
        QCOMPARE(step.toClient, std::vector<std::string>{message(3, kExitedWith7)});
        QVERIFY(step.over);
        QVERIFY(command.runtimeGone().toClient.empty());
    }

    void anEndWithoutAStatusIsSuccess() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        const Step step = command.fromRuntime(runtime.write(spdy::GoAway{7, 0}));
        QCOMPARE(step.toClient, std::vector<std::string>{message(3, R"({"metadata":{},"status":"Success"})")});
        QVERIFY(step.over);
    }

    void aLostConnectionIsAnInternalError() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        const Step step = command.runtimeGone();
        QVERIFY(step.over);
        QCOMPARE(step.toClient.size(), std::size_t{1});
        QVERIFY(QString::fromStdString(step.toClient.front()).contains(R"("reason":"InternalError")"));
        QVERIFY(
            QString::fromStdString(step.toClient.front()).contains("the connection to the container runtime was lost"));
    }

    void aRefusedStreamEndsTheSession() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.read(command.begin());
        const Step step = command.fromRuntime(runtime.write(spdy::RstStream{kInput, 3}));
        QVERIFY(step.over);
        QVERIFY(QString::fromStdString(step.toClient.front()).contains("refused a stream"));
    }

    void brokenBytesEndTheSession() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        QVERIFY(command.fromRuntime(std::string(16, '\0')).over);
    }

    void theTerminalsSizeIsPassedOn() {
        RemoteCommand command(kTerminal, true);
        Runtime runtime;
        runtime.accept(command);
        const std::string size = R"({"Width":120,"Height":40})";
        QVERIFY(runtime.read(command.fromClient(message(4, size))) ==
                std::vector<spdy::Frame>(1, spdy::Data{kResize, false, size}));
    }

    void whatNoChannelIsForIsDropped() {
        RemoteCommand command({false, true, true, false}, true);
        Runtime runtime;
        runtime.accept(command);
        for (const std::string& one : {message(0, "no input here"), message(4, "{}"), message(1, "x"), message(9, "x"),
                                       message(255, ""), message(255, std::string(1, '\0')), std::string()})
            QVERIFY(command.fromClient(one).toRuntime.empty());
    }

    void theRuntimeIsAskedForSignsOfLifeWithOddNumbers() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        QVERIFY(runtime.read(command.ping()) == std::vector<spdy::Frame>(1, spdy::Ping{1}));
        QVERIFY(runtime.read(command.ping()) == std::vector<spdy::Frame>(1, spdy::Ping{3}));
        command.runtimeGone();
        QVERIFY(command.ping().toRuntime.empty());
    }

    void thePeersPingsAreAnsweredAndOurOwnAreNot() {
        RemoteCommand command(kAll, true);
        Runtime runtime;
        runtime.accept(command);
        const Step step = command.fromRuntime(runtime.write(spdy::Ping{2}, spdy::Ping{3}));
        QVERIFY(runtime.read(step) == std::vector<spdy::Frame>(1, spdy::Ping{2}));
    }
};

QTEST_GUILESS_MAIN(RemoteCommandTest)
#include "remote_command_test.moc"
