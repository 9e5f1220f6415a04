#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <string>
#include <vector>

#include "vmnodes/image/init/archive.h"
#include "vmnodes/image/init/clock.h"
#include "vmnodes/image/init/disks.h"
#include "vmnodes/image/init/files.h"
#include "vmnodes/image/init/modules.h"
#include "vmnodes/image/init/network.h"
#include "vmnodes/image/init/services.h"
#include "vmnodes/image/init/settings.h"

using namespace qd::image;
using namespace std::string_literals;

namespace {

// One ustar entry: its header with a right checksum, and the content padded to whole blocks.
std::string entry(const std::string& name, char type, const std::string& content) {
    std::string header(512, '\0');
    const auto put = [&header](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
    char digits[13];
    put(0, name);
    put(100, "0000600");
    std::snprintf(digits, sizeof digits, "%011zo", content.size());
    put(124, digits);
    put(148, "        ");
    header[156] = type;
    put(257, "ustar\0"s + "00");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(digits, sizeof digits, "%06o", sum);
    put(148, digits + "\0 "s);
    std::string padded = content;
    padded.resize((content.size() + 511) / 512 * 512, '\0');
    return header + padded;
}

}  // namespace

class InitTest : public QObject {
    Q_OBJECT
private slots:
    void oemStringsAreReadAndOtherStringsLeftOut() {
        const std::string structure =
            "\x0b\x05\x00\x0b\x03"s + "qd.hostname=n1\0other=1\0qd.server=https://a:6443/?x=y\0\0"s;
        Settings settings;
        for (const auto& text : smbiosStrings(structure)) takeSetting(settings, text);
        QCOMPARE(settings, (Settings{{"hostname", "n1"}, {"server", "https://a:6443/?x=y"}}));
    }

    void aCutOffStructureGivesWhatIsThere() {
        QVERIFY(smbiosStrings("").empty());
        QVERIFY(smbiosStrings("\x0b\x40").empty());
        QCOMPARE(smbiosStrings("\x0b\x05\x00\x0b\x01qd.a=1"s), std::vector<std::string>{"qd.a=1"});
    }

    void settingsWithoutAKeyOrValueSignAreLeftOut() {
        Settings settings;
        for (const auto* text : {"qd.", "qd.=x", "qd.flag", "hostname=n1"}) takeSetting(settings, text);
        QVERIFY(settings.empty());
    }

    void settingsBecomeJson() {
        QCOMPARE(toJson({{"a", "1"}, {"b", "say \"hi\"\\\n"}}),
                 "{\"a\": \"1\", \"b\": \"say \\\"hi\\\"\\\\\\u000a\"}\n"s);
        QCOMPARE(toJson({}), "{}\n"s);
    }

    void theConfigurationIsUnpackedForRootOnly() {
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString() + "/config";
        const std::string archive = entry("./", '5', "") + entry("./kubeconfig", '0', "secret") +
                                    entry("pki/ca.crt", '0', "ca") + std::string(2048, '\0');
        QVERIFY(unpackArchive(archive, root).has_value());
        QCOMPARE(*readFile(root + "/kubeconfig"), "secret"s);
        QCOMPARE(*readFile(root + "/pki/ca.crt"), "ca"s);
        using std::filesystem::perms;
        QVERIFY(std::filesystem::status(root + "/kubeconfig").permissions() ==
                (perms::owner_read | perms::owner_write));
        QVERIFY(std::filesystem::status(root + "/pki").permissions() == perms::owner_all);
    }

    void badArchivesAreRefused_data() {
        QTest::addColumn<QByteArray>("archive");
        QTest::addColumn<QString>("why");
        const auto bytes = [](const std::string& text) {
            return QByteArray(text.data(), static_cast<qsizetype>(text.size()));
        };
        std::string damaged = entry("a", '0', "x");
        damaged[0] = 'b';
        QTest::newRow("out of the folder") << bytes(entry("../etc/passwd", '0', "x")) << "out of the folder";
        QTest::newRow("out of the folder, hidden") << bytes(entry("a/../../b", '0', "x")) << "out of the folder";
        QTest::newRow("absolute") << bytes(entry("/etc/passwd", '0', "x")) << "out of the folder";
        QTest::newRow("symbolic link") << bytes(entry("a", '2', "")) << "neither a file nor a folder";
        QTest::newRow("damaged") << bytes(damaged) << "damaged";
        QTest::newRow("cut off") << bytes(entry("a", '0', "x").substr(0, 512)) << "ends inside";
        QTest::newRow("no archive") << bytes(std::string(512, 'x')) << "damaged";
    }

    void badArchivesAreRefused() {
        QFETCH(QByteArray, archive);
        QFETCH(QString, why);
        QTemporaryDir folder;
        const auto result = unpackArchive({archive.data(), static_cast<std::size_t>(archive.size())},
                                          folder.path().toStdString() + "/c");
        QVERIFY(!result.has_value());
        QVERIFY2(QString::fromStdString(result.error()).contains(why), result.error().c_str());
    }

    void aDisksContentIsRecognised() {
        std::string start(65536, '\0');
        QVERIFY(recogniseContent(start) == DiskContent::Empty);
        start[1024 + 0x38] = '\x53';
        start[1024 + 0x39] = '\xEF';
        start[1024 + 0x3A] = 1;
        QVERIFY(recogniseContent(start) == DiskContent::Ext4);
        start[1024 + 0x3A] = 2;
        QVERIFY(recogniseContent(start) == DiskContent::NeedsCheck);
        QVERIFY(recogniseContent(std::string(65536, 'x')) == DiskContent::Other);
        QVERIFY(recogniseContent("x") == DiskContent::Other);
    }

    void modulesAreLoadedAfterWhatTheyNeed() {
        const ModuleIndex modules(
            "kernel/net/llc/llc.ko:\nkernel/net/802/stp.ko: kernel/net/llc/llc.ko\n"
            "kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko\n"
            "kernel/drivers/char/hw_random/virtio-rng.ko:\n");
        QCOMPARE(modules.loadOrder("bridge"),
                 (std::vector<std::string>{"kernel/net/llc/llc.ko", "kernel/net/802/stp.ko",
                                           "kernel/net/bridge/bridge.ko"}));
        QCOMPARE(modules.loadOrder("virtio_rng"),
                 std::vector<std::string>{"kernel/drivers/char/hw_random/virtio-rng.ko"});
        QVERIFY(modules.loadOrder("ext4").empty());
    }

    void addressesAreParsedStrictly() {
        QVERIFY(parseAddressRange("192.168.77.11/24") == (AddressRange{0xC0A84D0B, 0xFFFFFF00}));
        QVERIFY(parseAddressRange("10.0.0.1/32")->mask == 0xFFFFFFFF);
        QVERIFY(parseAddressRange("10.0.0.1/0")->mask == 0);
        for (const auto* bad : {"", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/2x", "10.0.0/8", "fd00::1/64"}) {
            QVERIFY2(!parseAddressRange(bad), bad);
        }
    }

    void theResolverHasAlwaysAServer() {
        QCOMPARE(resolverConfiguration({{"dns", "10.0.0.1,10.0.0.2"}}), "nameserver 10.0.0.1\nnameserver 10.0.0.2\n"s);
        QCOMPARE(resolverConfiguration({{"gateway", "10.0.0.9"}}), "nameserver 10.0.0.9\n"s);
        QCOMPARE(resolverConfiguration({}), "nameserver 127.0.0.1\n"s);
    }

    void theHostsFileNamesTheNode() {
        QVERIFY(hostsFile({{"hostname", "n1"}, {"address", "10.0.0.5/24"}}).ends_with("\n10.0.0.5 n1\n"));
    }

    void theClockIsSteppedOnlyWhenItIsFarOff() {
        QVERIFY(!correction({100, 0}, 100));
        QVERIFY(!correction({101, 0}, 100));
        QVERIFY(!correction({98, 900'000'000}, 100));
        QVERIFY(correction({90, 0}, 100));
        QCOMPARE(correction({103, 0}, 100)->tv_sec, time_t(100));
    }

    void aServiceThatKeepsEndingIsStartedLessAndLessOften() {
        RestartDelay delay;
        std::vector<double> waits;
        for (int i = 0; i < 8; ++i) waits.push_back(delay.next(1));
        QCOMPARE(waits, (std::vector<double>{0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10}));
        QCOMPARE(delay.next(61), 0.2);
    }
};

QTEST_APPLESS_MAIN(InitTest)
#include "init_test.moc"
