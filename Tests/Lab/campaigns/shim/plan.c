// Counts the calls that touch a campaign's folders, and does at the chosen one what the campaign asks for.
//
// The environment says what:
//   CAMPAIGN_FOLDERS   absolute paths with a colon between: only calls that touch these count
//   CAMPAIGN_AT        the number of the chosen call, from 1; 0 or none: all goes its way
//   CAMPAIGN_ACTION    kill, kill-after, stop, fail:ERRNO, lose:ERRNO, short
//   CAMPAIGN_ONLY      kinds of calls with a comma between: only these count
//   CAMPAIGN_LOOKS     count calls that only look, too
//   CAMPAIGN_MARK      a file that says which call it was, once it was reached
//   CAMPAIGN_LOG       a file for a line for each call, and for each change
//   CAMPAIGN_DATA      a file for the bytes that are written
//
// Calls are counted for the whole process, where strace's injection counts for each thread.
#define _GNU_SOURCE
#include "plan.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FOLDERS = 8, DESCRIPTORS_FROM = 900 };

static struct {
    bool is_on, counts_looks;
    char *folders[FOLDERS];
    int folder_count;
    long chosen;
    enum action action;
    int error;
    char only[256];
    const char *mark;
    int log, data;
    long long data_bytes;
} plan = {.log = -1, .data = -1};

static atomic_long calls_so_far;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

long real_syscall(long number, ...) {
    static _Atomic(void *) found;
    void *next = atomic_load(&found);
    if (!next) atomic_store(&found, next = dlsym(RTLD_NEXT, "syscall"));
    va_list list;
    va_start(list, number);
    long argument[6];
    for (int i = 0; i < 6; i++) argument[i] = va_arg(list, long);
    va_end(list);
    return ((long (*)(long, ...))next)(
        number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

// MARK: - Reading the plan

/// A file of the campaign's own, with a number out of the way of the process's.
static int open_apart(const char *path, int flags) {
    if (!path) return -1;
    int low = (int)real_syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    int high = fcntl(low, F_DUPFD_CLOEXEC, DESCRIPTORS_FROM);
    if (high < 0) return low;
    real_syscall(SYS_close, low);
    return high;
}

static void read_action(const char *text) {
    if (!text) return;
    if (!strcmp(text, "kill")) plan.action = ACTION_KILL;
    if (!strcmp(text, "kill-after")) plan.action = ACTION_KILL_AFTER;
    if (!strcmp(text, "stop")) plan.action = ACTION_STOP;
    if (!strcmp(text, "short")) plan.action = ACTION_SHORT;
    if (!strncmp(text, "fail:", 5)) plan.action = ACTION_FAIL, plan.error = atoi(text + 5);
    if (!strncmp(text, "lose:", 5)) plan.action = ACTION_LOSE, plan.error = atoi(text + 5);
}

__attribute__((constructor)) static void read_plan(void) {
    const char *folders = getenv("CAMPAIGN_FOLDERS");
    if (!folders) return;
    char *rest = strdup(folders);
    for (char *part; plan.folder_count < FOLDERS && (part = strsep(&rest, ":"));) {
        plan.folders[plan.folder_count++] = part;
    }
    const char *chosen = getenv("CAMPAIGN_AT"), *only = getenv("CAMPAIGN_ONLY");
    if (chosen) plan.chosen = atol(chosen);
    if (only) snprintf(plan.only, sizeof plan.only, ",%s,", only);
    read_action(getenv("CAMPAIGN_ACTION"));
    plan.counts_looks = getenv("CAMPAIGN_LOOKS") != NULL;
    plan.mark = getenv("CAMPAIGN_MARK");
    plan.log = open_apart(getenv("CAMPAIGN_LOG"), O_APPEND);
    plan.data = open_apart(getenv("CAMPAIGN_DATA"), O_TRUNC);
    unsetenv("LD_PRELOAD");  // children count for themselves, if at all
    plan.is_on = true;
}

bool plan_is_on(void) { return plan.is_on; }
bool plan_notes_changes(void) { return plan.data >= 0; }

bool plan_covers(const char *path) {
    for (int i = 0; plan.is_on && i < plan.folder_count; i++) {
        size_t count = strlen(plan.folders[i]);
        if (strncmp(path, plan.folders[i], count)) continue;
        if (path[count] == 0 || path[count] == '/' || !strncmp(path + count, " (deleted)", 10)) return true;
    }
    return false;
}

// MARK: - Telling

static void append(int file, const char *format, va_list list) {
    char line[2 * PATH_BYTES];
    int count = vsnprintf(line, sizeof line, format, list);
    if (count >= (int)sizeof line) count = sizeof line - 1;
    real_syscall(SYS_write, file, line, count);
}

void plan_note(const char *format, ...) {
    if (plan.log < 0) return;
    int error = errno;
    va_list list;
    va_start(list, format);
    append(plan.log, format, list);
    va_end(list);
    errno = error;
}

long long plan_keep(const void *bytes, size_t count) {
    long long at = plan.data_bytes;
    int error = errno;
    if (plan.data >= 0) real_syscall(SYS_pwrite64, plan.data, bytes, count, at);
    errno = error;
    plan.data_bytes += (long long)count;
    return at;
}

static void mark(const char *format, ...) {
    if (!plan.mark) return;
    int file = open_apart(plan.mark, O_APPEND);
    va_list list;
    va_start(list, format);
    append(file, format, list);
    va_end(list);
    real_syscall(SYS_close, file);
}

// MARK: - The chosen call

static _Noreturn void die(void) {
    real_syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/// Sent to this very thread, so that it makes no further step; the others stop with it.
static void stop(void) { real_syscall(SYS_tgkill, getpid(), real_syscall(SYS_gettid), SIGSTOP); }

static bool counts(const char *kind, enum effect effect) {
    if (effect == LOOKS && !plan.counts_looks) return false;
    char wanted[64];
    snprintf(wanted, sizeof wanted, ",%s,", kind);
    return !*plan.only || strstr(plan.only, wanted);
}

static enum action reach(const char *kind, const char *path) {
    long number = atomic_fetch_add(&calls_so_far, 1) + 1;
    plan_note("call %ld %s %s\n", number, kind, path);
    if (number != plan.chosen) return ACTION_NONE;
    mark("%ld %s %s\n", number, kind, path);
    if (plan.action == ACTION_KILL) die();
    if (plan.action == ACTION_STOP) stop();
    return plan.action;
}

struct call plan_begin(const char *kind, enum effect effect, const char *path) {
    struct call call = {.kind = kind};
    if (!plan_covers(path) && strcmp(kind, "print")) return call;
    call.is_concerned = effect == CHANGES;
    plan_resume(&call);
    if (counts(kind, effect)) call.action = reach(kind, path);
    return call;
}

bool plan_refuses(const struct call *call) {
    if (call->action != ACTION_FAIL) return false;
    errno = plan.error;
    return true;
}

void plan_yield(const struct call *call) {
    if (call->is_concerned && plan_notes_changes()) pthread_mutex_unlock(&one_at_a_time);
}

void plan_resume(const struct call *call) {
    if (call->is_concerned && plan_notes_changes()) pthread_mutex_lock(&one_at_a_time);
}

long plan_end(const struct call *call, long result) {
    int error = errno;
    plan_yield(call);
    if (call->action == ACTION_KILL_AFTER) die();
    errno = error;
    if (call->action != ACTION_LOSE || result < 0) return result;
    errno = plan.error;
    return -1;
}
