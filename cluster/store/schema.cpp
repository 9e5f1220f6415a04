#include "cluster/store/schema.h"

#include <fmt/format.h>

#include <array>

namespace qd::store {
namespace {

// "QDK1": tells our files from other SQLite files.
constexpr std::int64_t kApplicationId = 0x51444b31;

// kMigrations[n] makes version n + 1 of version n. What has been released is never changed, only followed.
//
// log      every kept write. `previous` is the revision of the key's write before, 0 for none: the rows of a key are a
// chain that
//          needs no index. `value` is null for a deletion, whose object is the previous row's. It stands last, so that
//          reading the other columns does not touch a large value's pages.
// objects  the newest write of every key; of a deleted key until its deletion is compacted.
// oldest   the revision up to which history was dropped: for each key the newest row up to there is kept, which makes
// these
//          rows the base snapshot from which every later state follows.
constexpr std::array kMigrations = {
    R"sql(
        CREATE TABLE log (
            revision  INTEGER PRIMARY KEY,
            previous  INTEGER NOT NULL,
            created   INTEGER NOT NULL,
            resource  TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name      TEXT NOT NULL,
            operation INTEGER NOT NULL,
            time      INTEGER NOT NULL,
            cause     INTEGER NOT NULL,
            actor     TEXT NOT NULL,
            value     BLOB
        );
        CREATE TABLE objects (
            resource  TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name      TEXT NOT NULL,
            revision  INTEGER NOT NULL,
            deleted   INTEGER NOT NULL,
            PRIMARY KEY (resource, namespace, name)
        ) WITHOUT ROWID;
        CREATE TABLE oldest (revision INTEGER NOT NULL);
        INSERT INTO oldest VALUES (1);
    )sql",
};

Result<void> checkOurs(Database& database, std::int64_t version) {
    const Result<std::int64_t> id = database.integer("PRAGMA application_id");
    if (!id) return fail(id.error());
    const Result<std::int64_t> tables = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return fail(tables.error());
    if (*id == kApplicationId || (*id == 0 && version == 0 && *tables == 0)) return {};
    return fail(Reason::StoreReadError, "this is a database of another program, not a store of Quarterdeck");
}

Result<void> step(Database& database, std::size_t from) {
    Result<Transaction> transaction = Transaction::begin(database);
    if (!transaction) return fail(transaction.error());
    const std::string numbers =
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplicationId, from + 1);
    if (auto made = database.execute(kMigrations[from] + numbers); !made) return made;
    return transaction->commit();
}

}  // namespace

Result<void> migrate(Database& database) {
    const Result<std::int64_t> version = database.integer("PRAGMA user_version");
    if (!version) return fail(version.error());
    if (auto ours = checkOurs(database, *version); !ours) return ours;
    if (*version > static_cast<std::int64_t>(kMigrations.size())) {
        return fail(
            Reason::StoreReadError,
            fmt::format(
                "this store was written by a newer Quarterdeck (schema {}, this one knows {}): update Quarterdeck "
                "to open it",
                *version, kMigrations.size()));
    }
    for (auto from = static_cast<std::size_t>(*version); from < kMigrations.size(); ++from) {
        if (auto done = step(database, from); !done) return done;
    }
    return {};
}

}  // namespace qd::store
