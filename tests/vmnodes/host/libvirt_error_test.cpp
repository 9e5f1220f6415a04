#include "vmnodes/host/libvirt_error.h"

#include <libvirt/virterror.h>

#include <QtTest>

using namespace qd::host;

class LibvirtErrorTest : public QObject {
    Q_OBJECT
private slots:
    void aFailedConnectionSaysWhatToDo_data() {
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("message");
        QTest::addColumn<QString>("advice");
        QTest::newRow("not in the group")
            << int{VIR_ERR_SYSTEM_ERROR} << "Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied"
            << "usermod -aG libvirt";
        QTest::newRow("polkit") << int{VIR_ERR_AUTH_UNAVAILABLE}
                                << "authentication unavailable: no polkit agent available"
                                << "usermod -aG libvirt";
        QTest::newRow("not installed")
            << int{VIR_ERR_SYSTEM_ERROR}
            << "Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory"
            << "apt install libvirt-daemon-system";
        QTest::newRow("not running") << int{VIR_ERR_SYSTEM_ERROR}
                                     << "Failed to connect socket to '/run/libvirt/libvirt-sock': Connection refused"
                                     << "systemctl enable --now";
        QTest::newRow("no driver") << int{VIR_ERR_NO_CONNECT} << "no connection driver available for qemu:///system"
                                   << "libvirt-daemon-driver-qemu";
    }
    void aFailedConnectionSaysWhatToDo() {
        QFETCH(int, code);
        QFETCH(QString, message);
        QFETCH(QString, advice);
        const auto error = translateConnectError("qemu:///system", code, message.toStdString());
        const auto text = QString::fromStdString(error.message);
        QVERIFY2(text.contains(advice), error.message.c_str());
        QVERIFY2(text.contains("qemu:///system"), error.message.c_str());
        QVERIFY2(text.contains(message), error.message.c_str());
    }

    void reasonsAreKubernetesWords() {
        QVERIFY(translateLibvirtError("looking", VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found").reason ==
                qd::Reason::NotFound);
        QVERIFY(translateLibvirtError("making", VIR_ERR_STORAGE_VOL_EXIST, VIR_FROM_STORAGE, "exists").reason ==
                qd::Reason::AlreadyExists);
        QVERIFY(
            translateLibvirtError("starting", VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is running").reason ==
            qd::Reason::Conflict);
        QVERIFY(translateLibvirtError("x", VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "y").reason ==
                qd::Reason::InternalError);
    }

    void anAddressRangeThatIsTakenIsAConflictWithAdvice() {
        const auto error =
            translateLibvirtError("starting the network qd-dev-net", VIR_ERR_INTERNAL_ERROR, VIR_FROM_NETWORK,
                                  "internal error: Network is already in use by interface eth0");
        QVERIFY(error.reason == qd::Reason::Conflict);
        QVERIFY(error.message.starts_with("starting the network qd-dev-net: "));
        QVERIFY(error.message.find("settings") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(LibvirtErrorTest)
#include "libvirt_error_test.moc"
