// SQLite, and `static inline` twins of calls with SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies
// the value before the call returns.
#ifndef FASTRELAY_CSQLITE_H
#define FASTRELAY_CSQLITE_H

#include <linux/magic.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/vfs.h>

// Whether a file is on a file system of other machines, as far as it is known by its number: statfs(2).
static inline bool fr_is_on_network(const char *path) {
    struct statfs status;
    if (statfs(path, &status) != 0) {
        return false;
    }
    switch ((unsigned int)status.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case 0xFE534D42: // SMB2
    case 0xFF534D42: // CIFS
    case V9FS_MAGIC:
    case CEPH_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case AFS_FS_MAGIC:
    case CODA_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

static inline int fr_bind_text(sqlite3_stmt *statement, int index, const void *text, sqlite3_uint64 bytes) {
    // A null pointer would bind NULL instead of an empty text.
    return sqlite3_bind_text64(statement, index, text ? (const char *)text : "", bytes, SQLITE_TRANSIENT, SQLITE_UTF8);
}
static inline int fr_bind_blob(sqlite3_stmt *statement, int index, const void *blob, sqlite3_uint64 bytes) {
    // A null pointer would bind NULL instead of an empty blob.
    if (bytes == 0) {
        return sqlite3_bind_zeroblob(statement, index, 0);
    }
    return sqlite3_bind_blob64(statement, index, blob, bytes, SQLITE_TRANSIENT);
}

#endif
