// The tables of a store file, and how an older file becomes a present one.
#pragma once

#include "cluster/store/sqlite.h"

namespace qd::store {

// Makes the tables of an empty database, or brings an older one up to date, in one transaction a version. Fails for a
// database that is not ours or that a newer version has written.
Result<void> migrate(Database& database);

}  // namespace qd::store
