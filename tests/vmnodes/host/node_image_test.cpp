#include "vmnodes/host/node_image.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace qd::host;

class NodeImageTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::string m_path = m_folder.path().toStdString();

    void write(const char* name, const std::string& content) { std::ofstream(m_path + "/" + name) << content; }
    static std::string manifest(int format) {
        return "{\"format\": " + std::to_string(format) +
               ", \"hash\": \"abc\", \"kernel\": \"vmlinuz\", \"initramfs\": \"initramfs\", \"root\": \"root.erofs\", "
               "\"data\": \"data.qcow2\", "
               "\"dataVirtualSize\": 10737418240, \"commandLine\": \"a\", \"commandLineTcg\": \"b\"}";
    }

private slots:
    void aFolderWithoutAnImageSaysHowToMakeOne() {
        const auto image = loadNodeImage(m_path);
        QVERIFY(!image);
        QVERIFY(image.error().reason == qd::Reason::NotFound);
        QVERIFY(image.error().message.find("vmnodes/image/build") != std::string::npos);
    }

    void aMissingFileIsNamed() {
        write("manifest.json", manifest(1));
        for (const char* name : {"vmlinuz", "root.erofs", "data.qcow2"}) write(name, "x");
        const auto image = loadNodeImage(m_path);
        QVERIFY(!image);
        QVERIFY(image.error().message.find("initramfs") != std::string::npos);
    }

    void aWholeImageIsRead() {
        write("initramfs", "x");
        const auto image = loadNodeImage(m_path);
        QVERIFY(image);
        QCOMPARE(image->hash, std::string("abc"));
        QCOMPARE(image->rootImage, m_path + "/root.erofs");
        QCOMPARE(image->dataVirtualSize, std::uint64_t{10737418240});
    }

    void anotherFormatIsRefused() {
        write("manifest.json", manifest(2));
        QVERIFY(loadNodeImage(m_path).error().reason == qd::Reason::Invalid);
        write("manifest.json", "[]");
        QVERIFY(loadNodeImage(m_path).error().reason == qd::Reason::Invalid);
    }

    void anAgentDiskIsKnownByItsContent() {
        write("agent1", "one");
        write("agent2", "two");
        NodeImage first, second;
        QVERIFY(addAgentDisk(first, m_path + "/agent1"));
        QVERIFY(addAgentDisk(second, m_path + "/agent2"));
        QCOMPARE(first.agentHash.size(), 20U);
        QVERIFY(first.agentHash != second.agentHash);
        QVERIFY(!addAgentDisk(first, m_path + "/nothing"));
    }
};

QTEST_APPLESS_MAIN(NodeImageTest)
#include "node_image_test.moc"
