#include "tests/support/private_libvirt.h"

#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <filesystem>

#include "vmnodes/host/connection.h"

using namespace qd;

namespace {

int scratchFolders() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
        count += entry.path().filename().string().starts_with("qd-libvirt-") ? 1 : 0;
    }
    return count;
}

}  // namespace

class PrivateLibvirtTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

private slots:
    // Others may run beside this test: what is counted is counted in a folder of its own.
    void initTestCase() { qputenv("TMPDIR", m_folder.path().toUtf8()); }

    void twoStandSideBySideAndDoNotSeeEachOther() {
        const auto one = test::PrivateLibvirt::start(QD_LAUNCHER);
        QVERIFY2(one, one ? "" : one.error().message.c_str());
        const auto two = test::PrivateLibvirt::start(QD_LAUNCHER);
        QVERIFY2(two, two ? "" : two.error().message.c_str());
        QVERIFY((*one)->uri() != (*two)->uri());
        const auto first = host::Connection::open((*one)->uri());
        QVERIFY2(first, first ? "" : first.error().message.c_str());
        const auto second = host::Connection::open((*two)->uri());
        QVERIFY2(second, second ? "" : second.error().message.c_str());
        const host::NetworkHandle network(virNetworkDefineXML((*first)->get(), "<network><name>mine</name></network>"));
        QVERIFY(network);
        QCOMPARE(virConnectNumOfDefinedNetworks((*first)->get()), 1);
        QCOMPARE(virConnectNumOfDefinedNetworks((*second)->get()), 0);
        QVERIFY(!std::filesystem::exists("/sys/class/net/virbr0"));
    }

    void nothingIsLeftWhenItEnds() {
        const int before = scratchFolders();
        std::string uri;
        {
            const auto libvirt = test::PrivateLibvirt::start(QD_LAUNCHER);
            QVERIFY(libvirt);
            uri = (*libvirt)->uri();
            QVERIFY(host::Connection::open(uri));
            QCOMPARE(scratchFolders(), before + 1);
        }
        QVERIFY(!host::Connection::open(uri));
        QCOMPARE(scratchFolders(), before);
    }
};

QTEST_APPLESS_MAIN(PrivateLibvirtTest)
#include "private_libvirt_test.moc"
