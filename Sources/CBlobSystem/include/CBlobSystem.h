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

/// SYNC_FILE_RANGE_WRITE, and SYNC_FILE_RANGE_WAIT_BEFORE.
extern const unsigned int blob_sync_write;
extern const unsigned int blob_sync_wait_before;

/// getdents64(2), which glibc declares only with _GNU_SOURCE.
int64_t blob_getdents64(int descriptor, void *buffer, size_t size);

/// UTIME_NOW of utimensat(2).
extern const long blob_utime_now;

/// The f_type of fstatfs(2), which the Glibc module leaves out; negative with errno set when it fails.
int64_t blob_filesystem_type(int descriptor);

/// Names the calling thread: pthread_setname_np(3), which glibc declares only with _GNU_SOURCE.
void blob_name_thread(const char *name);

/// pipe2(2) with O_CLOEXEC, which glibc declares only with _GNU_SOURCE.
int blob_pipe(int ends[2]);

// mallopt(3): from where on memory is asked of the system by itself, and how much of the heap's end is kept.
void blob_set_heap(int map_threshold_bytes, int trim_threshold_bytes);
