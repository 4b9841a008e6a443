"""Does the shim see every call? Each command runs under strace as well, which must not have seen more."""

import collections
import os
import re
import subprocess

from campaign import Case
from commands import COMMANDS as ALL
from place import BLOBTOOL, Fault, Result
from shim import SHIM, Plan

COMMANDS = tuple(c.name for c in ALL if c.name != "probe")  # strace would count the workers of a probe, too
# strace's name of a call to the shim's; what is not here and touches the folder is a call that the shim does not know.
KINDS = {
    "mkdirat": "mkdir", "mkdir": "mkdir", "linkat": "link", "link": "link", "renameat": "rename", "rename": "rename",
    "renameat2": "rename", "unlink": "unlink", "fsync": "fsync", "fdatasync": "fsync", "syncfs": "syncfs",
    "write": "write", "pwrite64": "write", "ftruncate": "truncate", "futimens": "touch", "utimensat": "touch",
    "fchmod": "chmod", "fchown": "chown", "sync_file_range": "write-back", "pread64": "read", "read": "read",
    "getdents64": "list", "fstatfs": "statfs", "close": "close"}
IGNORED = {"readlinkat", "readlink", "execve", "chdir", "getcwd", "access", "statx", "newfstatat", "fstat", "lseek"}
LOOKS = True


def cases(reference, options):
    yield Case(0, "none")


def run(reference, place, case, options):
    plan = Plan(looks=True)
    trace = place.folder + ".strace"
    variables = {**plan.environment(place.folder), "LD_PRELOAD": SHIM, "BLOBSTORE_ROOT": place.root}
    words = [word for name, value in variables.items() for word in ("-E", f"{name}={value}")]
    environment = {**os.environ, "HOME": place.folder, "TMPDIR": place.folder}
    arguments = reference.command.at(place)
    ended = subprocess.run(
        ["strace", "-f", "-y", "-s", "0", "-o", trace, *words, BLOBTOOL, *arguments, "--format", "json"],
        env=environment, cwd=place.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    place.said.append(Result(arguments, ended.returncode, ended.stdout, ended.stderr))
    traced, shimmed = traced_calls(trace, place.folder), shim_calls(plan)
    os.remove(trace)
    plan.forget()
    for kind in sorted(set(traced) | set(shimmed)):
        if traced[kind] > shimmed[kind]:  # a process may end between the shim's count and the call
            raise Fault(f"strace saw {traced[kind]} calls {kind}, the shim {shimmed[kind]}")


def shim_calls(plan):
    """How many calls of each kind the shim saw, but for those that strace does not tell apart."""
    return collections.Counter(kind for _, kind, _ in plan.calls() if kind not in ("print", "stat"))


def traced_calls(trace, folder):
    """The same by strace, of calls with a path or a descriptor in the folder."""
    found = collections.Counter()
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            match = re.match(r"\d+ +(\w+)\((.*)", line)
            if not match or not touches(match[2], folder):
                continue
            kind = kind_of(match[1], match[2])
            if kind:
                found[kind] += 1
    return found


def touches(arguments, folder):
    """Whether a call is about the folder itself or what is below it, and not about a file of the shim's beside it."""
    arguments = re.sub(r"AT_FDCWD<[^>]*>", "", arguments)  # the working directory says nothing about a path
    return bool(re.search(re.escape(folder) + r"[/>\"]", arguments)) and folder + "." not in arguments


def kind_of(name, arguments):
    if name in ("openat", "openat2", "open"):
        return "create" if "O_CREAT" in arguments else "open"
    if name == "unlinkat":
        return "rmdir" if "AT_REMOVEDIR" in arguments else "unlink"
    if name == "ioctl":
        return "clone" if "FICLONE" in arguments else None
    return None if name in IGNORED else KINDS.get(name, name)
