"""Symbolic links at every level of a root, swapped in a loop while commands run: nothing outside is read or written."""

import ctypes
import hashlib
import os
import shutil
import threading
import time

from campaign import Case
from commands import blob_of
from contents import feed_roots, holds, packages
from place import Fault
from shim import Plan

COMMANDS = ("push-new",)
EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
AT_FDCWD = -100
library = ctypes.CDLL(None, use_errno=True)
LEVELS = (
    "root.json", "catalog/f.json", "feeds/f/root.json", "feeds/f/packages/old-1.bin.json",
    "feeds/f/blobs/sha256/{shard}", "feeds/f/blobs/sha256/{shard}/{blob}",
    "catalog", "feeds", "feeds/f", "feeds/f/packages", "feeds/f/blobs", "feeds/f/blobs/sha256", "feeds/f/staging",
    "feeds/f/retired", "feeds/f/checks", "staging", "cluster", "cluster/leases", "catalog/f.json~",
    "feeds/f/packages/others", "feeds/m", "feeds/m/packages")
CHURN = (
    ["push", "f", "@/new/one.bin", "--as", "others/one.bin"], ["push", "f", "-r", "@/new"], ["ls", "f"],
    ["pull", "f", "old-1.bin", "-o", "@/out/pulled.bin"], ["rm", "f", "old-2.bin"], ["restore", "f", "old-2.bin"],
    ["gc", "--delete", "--max-delete", "100%"], ["check", "--content", "all"], ["repair", "f"], ["feed", "delete", "f"])


def cases(reference, options):
    """Each level of the root of the first command; its own command, and the others in a loop."""
    for number, _ in enumerate(LEVELS, 1):
        yield Case(number, "swap")


class Swapper:
    """A folder or file and a link to its like outside change places again and again, each time in one step."""

    def __init__(self, inside, outside, link):
        self.inside, self.link = inside, link
        os.symlink(outside, link)
        self.is_ending = threading.Event()
        self.swaps = 0
        self.thread = threading.Thread(target=self.loop)

    def exchange(self):
        done = library.renameat2(
            AT_FDCWD, os.fsencode(self.inside), AT_FDCWD, os.fsencode(self.link), ctypes.c_uint(EXCHANGE))
        if done == 0:
            self.swaps += 1
        return done == 0

    def loop(self):
        while not self.is_ending.wait(0.0005):
            self.exchange()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_ending.set()
        self.thread.join()
        if os.path.islink(self.inside):
            self.exchange()


def fingerprint(folder):
    """All names, modes and bytes below a folder."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        found.append((parent, oct(os.stat(parent).st_mode)))
        for name in sorted(names):
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found.append((path, hashlib.sha256(file.read()).hexdigest()))
    return found


def run(reference, place, case, options):
    level = level_of(place, case.at)
    case.call = level
    inside = os.path.join(place.root, level)
    if not os.path.exists(inside):
        os.makedirs(inside)
    outside = outside_of(place, level)
    before = fingerprint(place.path("outside"))
    published = {}
    with Swapper(inside, outside, place.path("link")) as swapper:
        ends = time.monotonic() + (2 if options.sample else 10)
        while time.monotonic() < ends:
            for arguments in (reference.command.arguments, *CHURN):
                run_once(place, [a.replace("@", place.folder) for a in arguments], published)
        case.states = swapper.swaps
    if fingerprint(place.path("outside")) != before:
        raise Fault(f"something was written outside of the root, by {level}")
    judge_published(place, published)


def level_of(place, number):
    """A path below the root; that of a blob is known only now."""
    blob = blob_of(place, "root/feeds/f", "old-1.bin")
    shard, name = blob.split("/")[-2:]
    return LEVELS[number - 1].format(shard=shard, blob=name)


def outside_of(place, level):
    """A copy of the root, with other content: what a command would take for its own if it followed the link."""
    shutil.copytree(place.root, place.path("outside"), symlinks=True)
    for parent, _, names in os.walk(place.path("outside")):
        for name in names:
            if len(name) == 64:
                with open(os.path.join(parent, name), "ab") as file:
                    file.write(b"outside")
    return os.path.join(place.path("outside"), level)


def run_once(place, arguments, published):
    """Runs a command whose calls outside of the root are counted: there must be none."""
    plan = Plan(looks=True, only="create,open,read,write,list,mkdir,link,rename,unlink,rmdir",
                folder=place.path("outside"))
    result = place.tool(*arguments, plan=plan)
    calls = plan.calls()
    calls = [call for call in calls if call[1] != "print"]
    plan.forget()
    if calls:
        raise Fault(f"touched outside of the root: {calls[:5]} by {result}")
    for line in result.of("published"):
        published[line["path"]] = line["digest"]
    for line in result.of("removed"):
        published.pop(line["path"], None)


def judge_published(place, published):
    """What was reported published meanwhile stands in the root."""
    root = feed_roots([place.root])["f"]
    held = packages(root)
    for path, digest in published.items():
        if held.get(path) != digest or not holds(root, digest):
            raise Fault(f"{path} was published, and is not there")
    check = place.tool("check", "--content", "all")
    if [line for line in check.of("finding") if line["severity"] == "error"] or check.code != 0:
        raise Fault(f"check afterwards: {check}")
