#define _GNU_SOURCE
#include "CBlobSystem.h"

#include <malloc.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

const uint64_t blob_resolve_inside = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
int blob_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

const int blob_open_path = O_PATH;
const int blob_itself_only = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
const unsigned int blob_sync_write = SYNC_FILE_RANGE_WRITE;
const unsigned int blob_sync_wait_before = SYNC_FILE_RANGE_WAIT_BEFORE;

int blob_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int blob_ficlone(int destination, int source) {
    return ioctl(destination, FICLONE, source);
}

int blob_syncfs(int descriptor) {
    return syncfs(descriptor);
}

int blob_sync_file_range(int descriptor, int64_t offset, int64_t count, unsigned int flags) {
    return sync_file_range(descriptor, offset, count, flags);
}

const long blob_utime_now = UTIME_NOW;

int64_t blob_getdents64(int descriptor, void *buffer, size_t size) {
    return getdents64(descriptor, buffer, size);
}

int64_t blob_filesystem_type(int descriptor) {
    struct statfs status;
    if (fstatfs(descriptor, &status) != 0) return -1;
    return (int64_t)(uint32_t)status.f_type;
}

const char *blob_errno_name(int number) {
    return strerrorname_np(number);
}

void blob_name_thread(const char *name) {
    pthread_setname_np(pthread_self(), name);
}

static _Thread_local int may_block;

void blob_let_thread_block(void) {
    may_block = 1;
}

int blob_thread_may_block(void) {
    return may_block;
}

int blob_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

void blob_share_heap(void) {
    mallopt(M_ARENA_MAX, 1);
}

void blob_set_heap(int map_threshold_bytes, int trim_threshold_bytes) {
    mallopt(M_MMAP_THRESHOLD, map_threshold_bytes);
    mallopt(M_TRIM_THRESHOLD, trim_threshold_bytes);
}
