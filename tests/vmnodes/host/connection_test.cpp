#include "vmnodes/host/connection.h"

#include <QtTest>
#include <future>

#include "vmnodes/host/libvirt_error.h"

using namespace qd;
using namespace qd::host;

// Runs inside a private libvirt (tests/support/private_libvirt.h).
class ConnectionTest : public QObject {
    Q_OBJECT
private slots:
    void openingWhereNobodyListensSaysWhatToDo() {
        const auto connection = Connection::open("qemu+unix:///system?socket=/nowhere/libvirt-sock");
        QVERIFY(!connection);
        QVERIFY(connection.error().reason == Reason::ServiceUnavailable);
        QVERIFY2(connection.error().message.find("libvirt-daemon-system") != std::string::npos,
                 connection.error().message.c_str());
    }

    void eventsArriveInOrderOnTheStrand() {
        base::ThreadPool pool("test", 2);
        base::Strand strand(pool);
        const auto connection = Connection::open(qgetenv("QD_LIBVIRT_URI").toStdString());
        QVERIFY2(connection.has_value(), connection ? "" : connection.error().message.c_str());
        QVERIFY((*connection)->isAlive());

        std::vector<LifecycleEvent> events;
        std::promise<void> undefined;
        const auto subscription = (*connection)->subscribe(strand, [&](const LifecycleEvent& event) {
            events.push_back(event);
            if (event.kind == LifecycleEvent::Kind::Undefined) undefined.set_value();
        });
        const NetworkHandle network(virNetworkDefineXML((*connection)->get(), "<network><name>plain</name></network>"));
        QVERIFY(network);
        QCOMPARE(virNetworkCreate(network.get()), 0);
        QCOMPARE(virNetworkDestroy(network.get()), 0);
        QCOMPARE(virNetworkUndefine(network.get()), 0);
        QVERIFY(undefined.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);

        using Kind = LifecycleEvent::Kind;
        QCOMPARE(events.size(), 4U);
        const Kind expected[] = {Kind::Defined, Kind::Started, Kind::Stopped, Kind::Undefined};
        for (std::size_t i = 0; i < 4; ++i) {
            QVERIFY(events[i].source == LifecycleEvent::Source::Network);
            QVERIFY(events[i].kind == expected[i]);
            QCOMPARE(events[i].name, std::string("plain"));
        }
    }

    void theEventLoopCanBeStartedAgain() {
        const std::string uri = qgetenv("QD_LIBVIRT_URI").toStdString();
        for (int i = 0; i < 3; ++i) QVERIFY(Connection::open(uri));
    }
};

QTEST_APPLESS_MAIN(ConnectionTest)
#include "connection_test.moc"
