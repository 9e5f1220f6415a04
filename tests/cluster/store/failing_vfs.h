// A file system for SQLite that fails when told to, over the default one.
#pragma once

#include <atomic>

namespace qd::store::test {

// Registered as "failing" when first used; one for the whole program.
struct FailingVfs {
    static FailingVfs& instance();

    // SQLITE_OK, or what writing to, and syncing, the write-ahead log gives.
    std::atomic<int> writeCode = 0;
    std::atomic<int> syncCode = 0;
    // What reading the database file gives.
    std::atomic<int> readCode = 0;
};

}  // namespace qd::store::test
