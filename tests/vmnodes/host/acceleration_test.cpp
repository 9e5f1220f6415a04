#include "vmnodes/host/acceleration.h"

#include <QtTest>

using namespace qd;
using namespace qd::host;
using namespace std::chrono_literals;

// Runs QEMU directly, without libvirt and without a network.
class AccelerationTest : public QObject {
    Q_OBJECT

    base::SystemClock m_clock;
    NodeImage m_image;

    static ProbeOptions emulated() {
        ProbeOptions options;
        options.accelerator = "tcg";  // stands in for a KVM that works
        return options;
    }

private slots:
    void initTestCase() { m_image.kernel = QD_TINY_GUEST; }

    void aKernelThatBootsProvesIt() { QVERIFY(bootsUnder(emulated(), m_image, m_clock, {}).value()); }

    void aKernelThatHangsDisprovesItWithinTheDeadline() {
        ProbeOptions options = emulated();
        options.marker = "never written";
        options.deadline = 1s;
        const auto begin = m_clock.steady();
        QVERIFY(!bootsUnder(options, m_image, m_clock, {}).value());
        QVERIFY(m_clock.steady() - begin >= 1s);
    }

    void anAcceleratorThatDoesNotStartDisprovesIt() {
        ProbeOptions options = emulated();
        options.accelerator = "no-such-accelerator";
        QVERIFY(!bootsUnder(options, m_image, m_clock, {}).value());
    }

    void aMissingQemuIsAnErrorThatNamesIt() {
        ProbeOptions options = emulated();
        options.qemu = "qemu-system-none";
        const auto booted = bootsUnder(options, m_image, m_clock, {});
        QVERIFY(!booted);
        QVERIFY(booted.error().message.find("qemu-system-none is not installed") != std::string::npos);
    }

    void itCanBeCancelled() {
        std::stop_source stop;
        stop.request_stop();
        ProbeOptions options = emulated();
        options.deadline = 60s;
        options.marker = "never written";
        QVERIFY(!bootsUnder(options, m_image, m_clock, stop.get_token()).value());
    }
};

QTEST_APPLESS_MAIN(AccelerationTest)
#include "acceleration_test.moc"
