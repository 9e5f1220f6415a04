#include "cluster/store/sqlite.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace qd::store {

Statement::Statement(Statement&& other) noexcept
    : m_database(other.m_database),
      m_statement(std::exchange(other.m_statement, nullptr)),
      m_bindError(other.m_bindError) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    if (this == &other) return *this;
    sqlite3_finalize(m_statement);
    m_database = other.m_database;
    m_statement = std::exchange(other.m_statement, nullptr);
    m_bindError = other.m_bindError;
    return *this;
}

Statement::~Statement() {
    sqlite3_finalize(m_statement);
}

Statement& Statement::bind(int at, std::int64_t value) {
    note(sqlite3_bind_int64(m_statement, at, value));
    return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
    note(
        sqlite3_bind_text64(m_statement, at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bindBlob(int at, std::string_view bytes) {
    note(sqlite3_bind_blob64(m_statement, at, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC));
    return *this;
}

Statement& Statement::bindNull(int at) {
    note(sqlite3_bind_null(m_statement, at));
    return *this;
}

Result<bool> Statement::step() {
    const int code = m_bindError != SQLITE_OK ? m_bindError : sqlite3_step(m_statement);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    Error error = m_database->error(code);
    reset();
    return fail(std::move(error));
}

Result<void> Statement::run() {
    const Result<bool> row = step();
    if (!row) return fail(row.error());
    reset();
    return {};
}

void Statement::reset() {
    if (!m_statement) return;
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
    m_bindError = SQLITE_OK;
}

std::string_view Statement::text(int column) const {
    const void* bytes = sqlite3_column_blob(m_statement, column);
    if (!bytes) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column))};
}

Database::~Database() {
    sqlite3_close_v2(m_handle);
}

Result<void> Database::open(const std::string& file, const std::string& vfs) {
    m_file = file;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(file.c_str(), &m_handle, flags, vfs.empty() ? nullptr : vfs.c_str());
    if (code != SQLITE_OK) return fail(error(code));
    sqlite3_extended_result_codes(m_handle, 1);
    sqlite3_busy_timeout(m_handle, 5000);
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(m_handle, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return fail(error(code));
    return Statement(*this, statement);
}

Result<void> Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(m_handle, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fail(error(code));
    return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return fail(statement.error());
    const Result<bool> row = statement->step();
    if (!row) return fail(row.error());
    return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::text(std::string_view sql) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return fail(statement.error());
    const Result<bool> row = statement->step();
    if (!row) return fail(row.error());
    return *row ? std::string(statement->text(0)) : std::string();
}

Error Database::error(int code) const {
    const char* said = m_handle ? sqlite3_errmsg(m_handle) : sqlite3_errstr(code);
    const int systemError = m_handle ? sqlite3_system_errno(m_handle) : 0;
    const std::string system = systemError != 0 ? fmt::format(" ({})", std::strerror(systemError)) : "";
    switch (code & 0xff) {
        case SQLITE_FULL:
            return {Reason::ServiceUnavailable,
                    fmt::format("no space left for the store {}: free some space and try again", m_file)};
        case SQLITE_IOERR:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Reason::ServiceUnavailable,
                    fmt::format("the disk refused the store {}: {}{}", m_file, said, system)};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {Reason::StoreReadError, fmt::format("the store {} is damaged or is no store: {}", m_file, said)};
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY:
            return {Reason::InternalError,
                    fmt::format("cannot open the store {} for writing: {}{}", m_file, said, system)};
        default:
            return {Reason::InternalError, fmt::format("the store {} failed: {}{}", m_file, said, system)};
    }
}

Result<Transaction> Transaction::begin(Database& database) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return fail(begun.error());
    return Transaction(database);
}

Transaction::~Transaction() {
    // A failed statement may have rolled back by itself; then there is nothing left to undo.
    if (m_database && !sqlite3_get_autocommit(m_database->handle())) (void)m_database->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
    if (auto done = m_database->execute("COMMIT"); !done) return done;
    m_database = nullptr;
    return {};
}

}  // namespace qd::store
