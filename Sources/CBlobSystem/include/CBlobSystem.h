#pragma once

// Wrappers only for what Swift cannot call itself: variadic system calls and macros.
// Each returns what the system call returns and leaves its reason in errno.

#include <stddef.h>
#include <stdint.h>

/// openat2(2): opens `path` beneath `directory`; `resolve` holds RESOLVE_* bits.
int blob_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/// ioctl_ficlone(2): makes `destination` share the data of `source`.
int blob_ficlone(int destination, int source);

/// syncfs(2) and sync_file_range(2), which glibc declares only with _GNU_SOURCE.
int blob_syncfs(int descriptor);
int blob_sync_file_range(int descriptor, int64_t offset, int64_t count, unsigned int flags);

/// RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV of openat2(2).
extern const uint64_t blob_resolve_inside;

/// O_PATH of open(2), which glibc declares only with _GNU_SOURCE.
extern const int blob_open_path;

/// AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT of fstatat(2).
extern const int blob_itself_only;

/// SYNC_FILE_RANGE_WRITE, and SYNC_FILE_RANGE_WAIT_BEFORE.
extern const unsigned int blob_sync_write;
extern const unsigned int blob_sync_wait_before;

/// getdents64(2), which glibc declares only with _GNU_SOURCE.
int64_t blob_getdents64(int descriptor, void *buffer, size_t size);

/// UTIME_NOW of utimensat(2).
extern const long blob_utime_now;

/// The f_type of fstatfs(2), which the Glibc module leaves out; negative with errno set when it fails.
int64_t blob_filesystem_type(int descriptor);

/// The name of an errno's constant, e.g. EIO: strerrorname_np(3), which glibc declares only with _GNU_SOURCE.
/// NULL for one that has none.
const char *blob_errno_name(int number);

/// Names the calling thread: pthread_setname_np(3), which glibc declares only with _GNU_SOURCE.
void blob_name_thread(const char *name);

/// Marks the calling thread as one that may block, and whether it is one: C has thread-local variables, Swift has not.
void blob_let_thread_block(void);
int blob_thread_may_block(void);

/// prctl(2) with PR_SET_PDEATHSIG: this process is killed when the thread that started it ends.
int blob_end_with_parent(void);

/// pipe2(2) with O_CLOEXEC, which glibc declares only with _GNU_SOURCE.
int blob_pipe(int ends[2]);

/// mallopt(3): one heap for all threads.
void blob_share_heap(void);

// mallopt(3): from where on memory is asked of the system by itself, and how much of the heap's end is kept.
void blob_set_heap(int map_threshold_bytes, int trim_threshold_bytes);
