#include "cluster/base/pki/private_file.h"

#include <sys/stat.h>

#include <QtTest>

using namespace qd::pki;

namespace {

mode_t modeOf(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

}  // namespace

class PrivateFileTest : public QObject {
    Q_OBJECT
private slots:
    void aKeyIsReadableByItsOwnerOnly() {
        const QTemporaryDir folder;
        const std::string path = folder.filePath("ca.key").toStdString();
        QVERIFY(writePrivateFile(path, "secret").has_value());
        QCOMPARE(modeOf(path), mode_t(0600));
        QCOMPARE(readFile(path).value(), std::string("secret"));
        QVERIFY(writePrivateFile(path, "").has_value());
        QCOMPARE(readFile(path).value(), std::string());
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
    }

    void aLinkKeepsPointingWhereItDid() {
        const QTemporaryDir folder;
        const std::string target = folder.filePath("real").toStdString();
        const std::string link = folder.filePath("link").toStdString();
        QVERIFY(writePrivateFile(target, "old").has_value());
        std::filesystem::create_symlink(target, link);
        QVERIFY(writePrivateFile(link, "new").has_value());
        QVERIFY(std::filesystem::is_symlink(link));
        QCOMPARE(readFile(target).value(), std::string("new"));
    }

    void failuresNameTheFile() {
        const auto missing = readFile("/nowhere/at/all");
        QVERIFY(missing.error().reason == qd::Reason::NotFound);
        const auto refused = writePrivateFile("/nowhere/at/all", "x");
        QVERIFY(refused.error().message.find("/nowhere/at/all") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(PrivateFileTest)
#include "private_file_test.moc"
