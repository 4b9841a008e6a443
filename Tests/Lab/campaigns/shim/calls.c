// The calls that the shim stands in for. Loaded with LD_PRELOAD, it sees every call that goes through the C library,
// and openat2(2), which has no wrapper and comes through syscall(2). `run seen` compares it with strace.
//
// Changes are noted for the model of power loss, by the numbers of inodes:
//   make FOLDER INODE NAME        a file appeared        folder FOLDER INODE NAME   a folder appeared
//   link FOLDER INODE NAME        a further name         unlink FOLDER NAME         a name went
//   rename FROM TO INODE A TAB B  a name moved           cut INODE BYTES            a file was truncated
//   write INODE OFFSET BYTES AT   bytes, in CAMPAIGN_DATA from AT; `print` for those of standard output
//   clone INODE FROM              all of another's data
//   flush ID INODE, flushed ID RESULT    fsync(2); inode 0 for syncfs(2)
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// MARK: - Which file a call is about

static bool path_of(int descriptor, char *path, size_t bytes) {
    *path = 0;
    if (!plan_is_on() || descriptor < 0) return false;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int error = errno;
    long count = real_syscall(SYS_readlinkat, AT_FDCWD, link, path, bytes - 1);
    errno = error;
    if (count >= 0) path[count] = 0;
    return count >= 0;
}

static void path_at(int folder, const char *name, char *path, size_t bytes) {
    char above[PATH_BYTES];
    *path = 0;
    if (!plan_is_on()) return;
    if (name[0] == '/') snprintf(path, bytes, "%s", name);
    else if (path_of(folder, above, sizeof above)) snprintf(path, bytes, "%s/%s", above, name);
}

static struct call begin(const char *kind, enum effect effect, int descriptor) {
    char path[PATH_BYTES];
    path_of(descriptor, path, sizeof path);
    return plan_begin(kind, effect, path);
}

static struct call begin_at(const char *kind, enum effect effect, int folder, const char *name) {
    char path[2 * PATH_BYTES];
    path_at(folder, name, path, sizeof path);
    return plan_begin(kind, effect, path);
}

/// The inode's number; 0 where there is none. Names are not followed.
static unsigned long long inode(int folder, const char *name) {
    struct stat status;
    int error = errno;
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    long result = real_syscall(SYS_newfstatat, folder, name, &status, flags);
    errno = error;
    return result ? 0 : status.st_ino;
}

static unsigned long long inode_of(int descriptor) { return inode(descriptor, ""); }

static bool notes(const struct call *call) { return call->is_concerned && plan_notes_changes(); }

// MARK: - Opening and closing

static long open_really(int folder, const char *path, struct open_how *how, size_t how_bytes) {
    if (how_bytes) return real_syscall(SYS_openat2, folder, path, how, how_bytes);
    return real_syscall(SYS_openat, folder, path, how->flags, how->mode);
}

static int open_any(int folder, const char *path, struct open_how *how, size_t how_bytes) {
    bool makes = how->flags & O_CREAT;
    enum effect effect = how->flags & (O_CREAT | O_TRUNC) ? CHANGES : LOOKS;
    struct call call = begin_at(makes ? "create" : "open", effect, folder, path);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    bool was_there = notes(&call) && inode(folder, path);
    long descriptor = open_really(folder, path, how, how_bytes);
    if (descriptor >= 0 && notes(&call)) {
        if (was_there) plan_note("cut %llu 0\n", inode_of((int)descriptor));
        else plan_note("make %llu %llu %s\n", inode_of(folder), inode_of((int)descriptor), path);
    }
    long seen = plan_end(&call, descriptor);
    if (seen < 0 && descriptor >= 0) real_syscall(SYS_close, descriptor);
    return (int)seen;
}

static mode_t mode_of(int flags, va_list list) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0;
}

int openat(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    struct open_how how = {.flags = (unsigned)flags, .mode = mode_of(flags, list)};
    va_end(list);
    return open_any(folder, path, &how, 0);
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    struct open_how how = {.flags = (unsigned)flags, .mode = mode_of(flags, list)};
    va_end(list);
    return open_any(AT_FDCWD, path, &how, 0);
}

long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long x[6];
    for (int i = 0; i < 6; i++) x[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_openat2 && plan_is_on()) {
        return open_any((int)x[0], (const char *)x[1], (struct open_how *)x[2], (size_t)x[3]);
    }
    return real_syscall(number, x[0], x[1], x[2], x[3], x[4], x[5]);
}

/// The descriptor is gone, whatever is reported.
int close(int descriptor) {
    struct call call = begin("close", LOOKS, descriptor);
    bool is_refused = plan_refuses(&call);
    int error = errno;
    long result = real_syscall(SYS_close, descriptor);
    if (is_refused) errno = error;
    return (int)plan_end(&call, is_refused ? -1 : result);
}

// MARK: - Reading and writing

static size_t allowed(const struct call *call, size_t count) {
    return call->action == ACTION_SHORT && count > 1 ? count / 2 : count;
}

static ssize_t print(const void *bytes, size_t count) {
    struct call call = plan_begin("print", CHANGES, "standard output");
    if (plan_refuses(&call)) return plan_end(&call, -1);
    long result = real_syscall(SYS_write, STDOUT_FILENO, bytes, allowed(&call, count));
    if (result > 0 && notes(&call)) plan_note("print %ld %lld\n", result, plan_keep(bytes, (size_t)result));
    return plan_end(&call, result);
}

static ssize_t write_any(int descriptor, const void *bytes, size_t count, off_t offset, bool at_offset) {
    struct call call = begin("write", CHANGES, descriptor);
    if (plan_refuses(&call)) return plan_end(&call, -1);
    size_t asked = allowed(&call, count);
    if (!at_offset && notes(&call)) offset = real_syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
    long result = at_offset ? real_syscall(SYS_pwrite64, descriptor, bytes, asked, offset)
                            : real_syscall(SYS_write, descriptor, bytes, asked);
    if (result > 0 && notes(&call)) {
        long long at = plan_keep(bytes, (size_t)result);
        plan_note("write %llu %lld %ld %lld\n", inode_of(descriptor), (long long)offset, result, at);
    }
    return plan_end(&call, result);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return write_any(descriptor, bytes, count, offset, true);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (plan_is_on() && descriptor == STDOUT_FILENO) return print(bytes, count);
    return write_any(descriptor, bytes, count, 0, false);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    struct call call = begin("read", LOOKS, descriptor);
    if (plan_refuses(&call)) return plan_end(&call, -1);
    return plan_end(&call, real_syscall(SYS_pread64, descriptor, bytes, allowed(&call, count), offset));
}

ssize_t read(int descriptor, void *bytes, size_t count) {
    struct call call = begin("read", LOOKS, descriptor);
    if (plan_refuses(&call)) return plan_end(&call, -1);
    return plan_end(&call, real_syscall(SYS_read, descriptor, bytes, allowed(&call, count)));
}

ssize_t getdents64(int descriptor, void *bytes, size_t count) {
    struct call call = begin("list", LOOKS, descriptor);
    if (plan_refuses(&call)) return plan_end(&call, -1);
    return plan_end(&call, real_syscall(SYS_getdents64, descriptor, bytes, count));
}

int ftruncate(int descriptor, off_t bytes) {
    struct call call = begin("truncate", CHANGES, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    long result = real_syscall(SYS_ftruncate, descriptor, bytes);
    if (!result && notes(&call)) plan_note("cut %llu %lld\n", inode_of(descriptor), (long long)bytes);
    return (int)plan_end(&call, result);
}

// FICLONE is the only request that touches a file; its argument is a descriptor.
int ioctl(int descriptor, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    long argument = va_arg(list, long);
    va_end(list);
    if (request != FICLONE) return (int)real_syscall(SYS_ioctl, descriptor, request, argument);
    struct call call = begin("clone", CHANGES, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    long result = real_syscall(SYS_ioctl, descriptor, request, argument);
    if (!result && notes(&call)) plan_note("clone %llu %llu\n", inode_of(descriptor), inode_of((int)argument));
    return (int)plan_end(&call, result);
}

// MARK: - Flushing

/// What was written before it began is covered, and nothing that others write meanwhile.
static int flush(const char *kind, long number, int descriptor) {
    static atomic_long flushes;
    struct call call = begin(kind, CHANGES, descriptor);
    long id = atomic_fetch_add(&flushes, 1);
    unsigned long long covered = number == SYS_syncfs ? 0 : inode_of(descriptor);
    if (notes(&call)) plan_note("flush %ld %llu\n", id, covered);
    plan_yield(&call);
    long result = plan_refuses(&call) ? -1 : real_syscall(number, descriptor);
    int error = errno;
    plan_resume(&call);
    errno = error;
    if (notes(&call)) plan_note("flushed %ld %ld\n", id, call.action == ACTION_LOSE ? -1 : result);
    return (int)plan_end(&call, result);
}

int fsync(int descriptor) { return flush("fsync", SYS_fsync, descriptor); }
int fdatasync(int descriptor) { return flush("fsync", SYS_fdatasync, descriptor); }
int syncfs(int descriptor) { return flush("syncfs", SYS_syncfs, descriptor); }

/// Promises nothing: started write-back is no flush.
int sync_file_range(int descriptor, off64_t offset, off64_t count, unsigned flags) {
    struct call call = begin("write-back", CHANGES, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_sync_file_range, descriptor, offset, count, flags));
}

// MARK: - Names

int mkdirat(int folder, const char *name, mode_t mode) {
    struct call call = begin_at("mkdir", CHANGES, folder, name);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    long result = real_syscall(SYS_mkdirat, folder, name, mode);
    if (!result && notes(&call)) plan_note("folder %llu %llu %s\n", inode_of(folder), inode(folder, name), name);
    return (int)plan_end(&call, result);
}

int linkat(int from, const char *name, int to, const char *new_name, int flags) {
    struct call call = begin_at("link", CHANGES, to, new_name);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    unsigned long long linked = inode(from, name);
    long result = real_syscall(SYS_linkat, from, name, to, new_name, flags);
    if (!result && notes(&call)) plan_note("link %llu %llu %s\n", inode_of(to), linked, new_name);
    return (int)plan_end(&call, result);
}

int renameat(int from, const char *name, int to, const char *new_name) {
    struct call call = begin_at("rename", CHANGES, to, new_name);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    unsigned long long moved = inode(from, name);
    long result = real_syscall(SYS_renameat, from, name, to, new_name);
    if (!result && notes(&call)) {
        plan_note("rename %llu %llu %llu %s\t%s\n", inode_of(from), inode_of(to), moved, name, new_name);
    }
    return (int)plan_end(&call, result);
}

int unlinkat(int folder, const char *name, int flags) {
    struct call call = begin_at(flags & AT_REMOVEDIR ? "rmdir" : "unlink", CHANGES, folder, name);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    long result = real_syscall(SYS_unlinkat, folder, name, flags);
    if (!result && notes(&call)) plan_note("unlink %llu %s\n", inode_of(folder), name);
    return (int)plan_end(&call, result);
}

// MARK: - Times, modes and owners

int futimens(int descriptor, const struct timespec times[2]) {
    struct call call = begin("touch", CHANGES, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_utimensat, descriptor, NULL, times, 0));
}

int utimensat(int folder, const char *name, const struct timespec times[2], int flags) {
    struct call call = begin_at("touch", CHANGES, folder, name);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_utimensat, folder, name, times, flags));
}

int fchmod(int descriptor, mode_t mode) {
    struct call call = begin("chmod", CHANGES, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_fchmod, descriptor, mode));
}

int fchown(int descriptor, uid_t owner, gid_t group) {
    struct call call = begin("chown", CHANGES, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_fchown, descriptor, owner, group));
}

// MARK: - Looking

int fstat(int descriptor, struct stat *status) {
    struct call call = begin("stat", LOOKS, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_newfstatat, descriptor, "", status, AT_EMPTY_PATH));
}

int fstatat(int folder, const char *name, struct stat *status, int flags) {
    struct call call = begin_at("stat", LOOKS, folder, name);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_newfstatat, folder, name, status, flags));
}

int fstatfs(int descriptor, struct statfs *status) {
    struct call call = begin("statfs", LOOKS, descriptor);
    if (plan_refuses(&call)) return (int)plan_end(&call, -1);
    return (int)plan_end(&call, real_syscall(SYS_fstatfs, descriptor, status));
}

// MARK: - The same under glibc's names for large files

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));
ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) __attribute__((alias("pread")));
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) __attribute__((alias("pwrite")));
int ftruncate64(int descriptor, off64_t bytes) __attribute__((alias("ftruncate")));
int fstat64(int descriptor, struct stat64 *status) __attribute__((alias("fstat")));
int fstatat64(int folder, const char *name, struct stat64 *status, int flags) __attribute__((alias("fstatat")));
int fstatfs64(int descriptor, struct statfs64 *status) __attribute__((alias("fstatfs")));
