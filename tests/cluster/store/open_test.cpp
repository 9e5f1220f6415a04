// Opening a store file: who may, and which.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>
#include <fstream>

#include "tests/cluster/store/test_objects.h"

using namespace qd::store;
using namespace qd::store::test;

namespace {

void execute(const std::filesystem::path& file, const char* sql) {
    sqlite3* database = nullptr;
    if (sqlite3_open(file.c_str(), &database) != SQLITE_OK ||
        sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        qFatal("sqlite: %s", sqlite3_errmsg(database));
    }
    sqlite3_close(database);
}

class OpenTest : public QObject {
    Q_OBJECT
    NoteCodec m_codec;
    qd::base::SystemClock m_clock;

    QString refusalOf(const std::filesystem::path& file) {
        const auto opened = Store::open({.file = file}, m_codec, m_clock);
        return opened ? QString() : QString::fromStdString(opened.error().message);
    }

private slots:
    void aSecondOwnerIsToldWhichFileAndWhoHasIt() {
        Fixture fixture;
        const QString refusal = refusalOf(fixture.options.file);
        QCOMPARE(refusal, QString("the store %1 is in use by process %2")
                              .arg(QString::fromStdString(fixture.options.file.string()))
                              .arg(::getpid()));
        fixture.store.reset();
        QVERIFY(refusalOf(fixture.options.file).isEmpty());
    }

    void theOwnershipEndsWithItsProcess() {
        Fixture fixture;
        fixture.store.reset();
        const pid_t child = ::fork();
        if (child == 0) {
            auto opened = Store::open(fixture.options, m_codec, m_clock);
            ::_exit(opened ? 7 : 1);  // without closing
        }
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QCOMPARE(WEXITSTATUS(status), 7);
        fixture.open();
    }

    void theFilesAreReadableByTheirUserAlone() {
        Fixture fixture;
        written(*fixture.store, create(key("secret"), "x"));
        int files = 0;
        for (const auto& file : std::filesystem::directory_iterator(fixture.options.file.parent_path())) {
            QVERIFY((file.status().permissions() & std::filesystem::perms(0077)) == std::filesystem::perms::none);
            ++files;
        }
        QVERIFY(files >= 3);  // the file, its write-ahead log, the lock
    }

    void anotherProgramsDatabaseIsLeftAlone() {
        const QTemporaryDir directory;
        const std::filesystem::path file = directory.filePath("other.db").toStdString();
        execute(file, "CREATE TABLE bookmarks (url TEXT)");
        QVERIFY(refusalOf(file).contains("not a store of Quarterdeck"));
        execute(file, "SELECT url FROM bookmarks");
    }

    void aFileThatIsNoDatabaseIsRefused() {
        const QTemporaryDir directory;
        const std::filesystem::path file = directory.filePath("text.db").toStdString();
        std::ofstream(file) << std::string(4096, 'x');
        QVERIFY(refusalOf(file).contains("is no store"));
    }

    void aStoreOfANewerVersionIsRefused() {
        Fixture fixture;
        fixture.store.reset();
        execute(fixture.options.file, "PRAGMA user_version = 99");
        QVERIFY(refusalOf(fixture.options.file).contains("newer Quarterdeck"));
    }

    void aDirectoryThatIsNotThereIsAnError() { QVERIFY(refusalOf("/nonexistent/cluster.db").contains("/nonexistent")); }
};

}  // namespace

QTEST_APPLESS_MAIN(OpenTest)
#include "open_test.moc"
