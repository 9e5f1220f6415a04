// A thin owner of SQLite's C objects. Errors are translated here, once, into what a user can act on.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/base/result.h"

namespace qd::store {

class Database;

// A prepared statement. Values are bound by position from 1, columns are read by position from 0. A failure to bind is
// kept and returned by the next step().
class Statement {
public:
    Statement() = default;
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    Statement& bind(int at, std::int64_t value);
    // The text or bytes must stay as they are until the statement is reset.
    Statement& bind(int at, std::string_view text);
    Statement& bindBlob(int at, std::string_view bytes);
    Statement& bindNull(int at);

    // True while there is a row. Resets the statement when there is none or when it fails.
    Result<bool> step();
    // Runs a statement that gives no rows.
    Result<void> run();
    // Ends reading before the last row; the bindings go too.
    void reset();

    std::int64_t integer(int column) const { return sqlite3_column_int64(m_statement, column); }
    std::string_view text(int column) const;  // of a text or blob; valid until the next step
    bool isNull(int column) const { return sqlite3_column_type(m_statement, column) == SQLITE_NULL; }

private:
    friend class Database;
    Statement(Database& database, sqlite3_stmt* statement) : m_database(&database), m_statement(statement) {}
    void note(int code) {
        if (m_bindError == SQLITE_OK) m_bindError = code;
    }

    Database* m_database = nullptr;
    sqlite3_stmt* m_statement = nullptr;
    int m_bindError = SQLITE_OK;
};

// Resets a statement at the end of a scope, so that no read transaction is left open.
class Reading {
public:
    explicit Reading(Statement& statement) : m_statement(statement) {}
    ~Reading() { m_statement.reset(); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

private:
    Statement& m_statement;
};

// A connection. Not thread-safe by itself: hold mutex() around a transaction or a use of its statements.
class Database {
public:
    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    // ":memory:" for a database of its own in memory; vfs empty for SQLite's default.
    Result<void> open(const std::string& file, const std::string& vfs);
    Result<Statement> prepare(std::string_view sql);
    // Runs statements that give no rows, separated by semicolons.
    Result<void> execute(const std::string& sql);
    // The first column of the first row of a statement without parameters.
    Result<std::int64_t> integer(std::string_view sql);
    Result<std::string> text(std::string_view sql);

    sqlite3* handle() { return m_handle; }
    std::mutex& mutex() { return m_mutex; }
    // What a result code means for the user: ServiceUnavailable for what may pass (no space, I/O), StoreReadError for a
    // damaged file, InternalError otherwise.
    Error error(int code) const;

private:
    std::string m_file;
    sqlite3* m_handle = nullptr;
    std::mutex m_mutex;
};

// Begins a write transaction; rolls back when it goes without having been committed.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<void> commit();

private:
    explicit Transaction(Database& database) : m_database(&database) {}
    Database* m_database;
};

}  // namespace qd::store
