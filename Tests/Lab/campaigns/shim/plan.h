#pragma once

// What a campaign asks of a process, and the places where its calls touch it.

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PATH_BYTES = 4352 };

/// What happens at the chosen call.
enum action {
    ACTION_NONE,
    ACTION_KILL,        // the process dies before the call
    ACTION_KILL_AFTER,  // the process dies after the call, before its result is seen
    ACTION_STOP,        // the process stops before the call, and makes it when it is continued
    ACTION_FAIL,        // the call is not made and fails
    ACTION_LOSE,        // the call is made, and then reported as failed: a lost reply
    ACTION_SHORT,       // half of the bytes are read or written
};

/// One call on its way through the shim.
struct call {
    const char *kind;
    bool is_concerned;  // it touches one of the campaign's folders
    enum action action;
};

/// A kind of call: one that may change what others see, or one that only looks.
enum effect { CHANGES, LOOKS };

/// True when the process is one that a campaign watches.
bool plan_is_on(void);
/// True when calls that change something are noted for the model of power loss, one at a time.
bool plan_notes_changes(void);
/// Whether the path lies in one of the folders.
bool plan_covers(const char *path);

/// Counts a call of one of the folders, and says what is to happen. Kills or stops the process at once where that is
/// asked for. A call that changes something holds the lock until `plan_end`, where changes are noted.
struct call plan_begin(const char *kind, enum effect effect, const char *path);
/// Whether the call is to fail without being made; sets errno.
bool plan_refuses(const struct call *call);
/// Lets other calls go on while this one waits for a disk; and takes the lock again.
void plan_yield(const struct call *call);
void plan_resume(const struct call *call);
/// The result that the caller sees, with its errno.
long plan_end(const struct call *call, long result);

/// Appends a line to the log of changes.
void plan_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Keeps bytes that were written, and returns where they stand in the file of data.
long long plan_keep(const void *bytes, size_t count);

/// The real syscall(2); everything below the shim goes through it, and so never comes back into the shim.
long real_syscall(long number, ...);
