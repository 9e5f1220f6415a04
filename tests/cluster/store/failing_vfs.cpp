#include "tests/cluster/store/failing_vfs.h"

#include <sqlite3.h>

namespace qd::store::test {
namespace {

// SQLite allocates szOsFile bytes for each file: this, and behind it the real one.
struct File {
    sqlite3_file base;
    bool isLog;
};

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}
bool isLog(sqlite3_file* file) {
    return reinterpret_cast<File*>(file)->isLog;
}

// Passes a method on to the real file.
template <auto Method, typename... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*Method)(real(file), arguments...);
}

int read(sqlite3_file* file, void* to, int amount, sqlite3_int64 at) {
    const int code = isLog(file) ? SQLITE_OK : FailingVfs::instance().readCode.load();
    return code != SQLITE_OK ? code : pass<&sqlite3_io_methods::xRead>(file, to, amount, at);
}

int write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 at) {
    const int code = isLog(file) ? FailingVfs::instance().writeCode.load() : SQLITE_OK;
    return code != SQLITE_OK ? code : pass<&sqlite3_io_methods::xWrite>(file, from, amount, at);
}

int sync(sqlite3_file* file, int flags) {
    const int code = isLog(file) ? FailingVfs::instance().syncCode.load() : SQLITE_OK;
    return code != SQLITE_OK ? code : pass<&sqlite3_io_methods::xSync>(file, flags);
}

void barrier(sqlite3_file* file) {
    real(file)->pMethods->xShmBarrier(real(file));
}

using M = sqlite3_io_methods;
const sqlite3_io_methods kMethods = {
    2,
    pass<&M::xClose>,
    read,
    write,
    pass<&M::xTruncate, sqlite3_int64>,
    sync,
    pass<&M::xFileSize, sqlite3_int64*>,
    pass<&M::xLock, int>,
    pass<&M::xUnlock, int>,
    pass<&M::xCheckReservedLock, int*>,
    pass<&M::xFileControl, int, void*>,
    pass<&M::xSectorSize>,
    pass<&M::xDeviceCharacteristics>,
    pass<&M::xShmMap, int, int, int, void volatile**>,
    pass<&M::xShmLock, int, int, int>,
    barrier,
    pass<&M::xShmUnmap, int>,
    nullptr,
    nullptr,
};

sqlite3_vfs* defaultVfs() {
    static sqlite3_vfs* const kDefault = sqlite3_vfs_find(nullptr);
    return kDefault;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* outFlags) {
    reinterpret_cast<File*>(file)->isLog = (flags & SQLITE_OPEN_WAL) != 0;
    const int code = defaultVfs()->xOpen(defaultVfs(), name, real(file), flags, outFlags);
    file->pMethods = real(file)->pMethods ? &kMethods : nullptr;
    return code;
}

}  // namespace

FailingVfs& FailingVfs::instance() {
    static FailingVfs state;
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs made = *defaultVfs();
        made.zName = "failing";
        made.szOsFile += static_cast<int>(sizeof(File));
        made.xOpen = open;
        made.pNext = nullptr;
        return made;
    }();
    static const int kRegistered = sqlite3_vfs_register(&vfs, 0);
    (void)kRegistered;
    return state;
}

}  // namespace qd::store::test
