"""The commands that the campaigns break, each with the root that it works on."""

import os
import random
import shutil
import time

from contents import packages

GRACE_SECONDS = 1.2  # one grace period of these feeds, and a little


class Command:
    """One command on a prepared root. `@` in its arguments is the case's folder."""

    def __init__(self, name, prepare, arguments, feed=None, code=0, done=(), servers=("root",), changes=True,
                 leaves=(), most=None):
        self.name, self.prepare, self.arguments, self.feed = name, prepare, arguments, feed
        self.code = code  # how it ends when nothing disturbs it
        self.done = done  # how else it may end when it is repeated after it had done all
        self.server_names = servers  # the server roots that are to be looked at, the older first
        self.leaves = leaves  # kinds of findings that are no fault after it was disturbed
        self.most = most  # how many of its cases are enough: where its calls repeat themselves
        self.changes = changes  # whether feeds or packages are others afterwards

    def servers(self, place):
        return [place.path(name) for name in self.server_names]

    def at(self, place):
        return [argument.replace("@", place.folder) for argument in self.arguments]


def content(seed, size=3000):
    return random.Random(seed).randbytes(size)


# MARK: - Roots to start from

def basic(place):
    """Two feeds with a few packages each; grace periods of a second; a mutable one."""
    place.expect("init", place.root)
    place.expect("feed", "create", "f", "--grace", "1s")
    place.expect("feed", "create", "m", "--grace", "1s", "--mutable")
    for number in range(3):
        place.write(f"in/old-{number}.bin", content(f"old-{number}"))
    place.expect("push", "f", "-r", place.path("in"))
    place.expect("push", "m", "-r", place.path("in"))
    for number in range(4):
        place.write(f"new/deep/new-{number}.bin", content(f"new-{number}"))
    place.write("new/one.bin", content("one"))
    place.write("two.bin", content("two"))


def with_many(place):
    """So many files that an import takes them in a group: new ones, and some whose content, or all, is there."""
    basic(place)
    for number in range(12):
        place.write(f"many/{number % 3}/file-{number}.bin", content(f"many-{number}"))
    place.write("many/0/again.bin", content("old-1"))
    place.write("many/1/twin.bin", content("many-1"))
    place.write("many/old-2.bin", content("old-2"))


def with_versions(place):
    """Versions of a package, the newest last, each with two files."""
    basic(place)
    for version in range(1, 5):
        time.sleep(GRACE_SECONDS)  # Records tell time to the second, and versions of the same second all stay.
        for part in ("lib", "doc"):
            name = f"versions/{version}-{part}.bin"
            place.write(name, content(name))
            place.expect("push", "f", place.path(name), "--as", f"lib/{version}/{part}.bin")


def empty(place):
    pass


def with_empty_feed(place):
    basic(place)
    place.expect("feed", "create", "e")


def with_second_feed(place):
    basic(place)
    place.expect("feed", "create", "p", "--grace", "1s")


def with_root_of_its_own(place):
    basic(place)
    place.expect("feed", "create", "own", "--feed-root", place.path("own"), "--grace", "1s")
    place.expect("push", "own", "-r", place.path("in"))


def with_deleted(place):
    basic(place)
    place.expect("rm", "f", "old-1.bin")


def blob_of(place, feed_root, name):
    digest = packages(place.path(feed_root))[name].removeprefix("sha256:")
    return place.path(feed_root, "blobs", "sha256", digest[:2], digest)


def with_missing_blob(place):
    basic(place)
    os.remove(blob_of(place, "root/feeds/f", "old-1.bin"))


def with_corrupt_blob(place):
    basic(place)
    blob = blob_of(place, "root/feeds/f", "old-1.bin")
    with open(blob, "r+b") as file:
        file.write(b"damage")


def with_orphans(place):
    """Blobs that no record names, old enough to be collected."""
    basic(place)
    for number in range(2):
        victim = place.write("victim.bin", content(f"orphan-{number}"))
        place.expect("push", "f", victim, "--as", f"victim-{number}.bin")
        digest = blob_of(place, "root/feeds/f", f"victim-{number}.bin")
        aside = digest + ".aside"
        os.rename(digest, aside)
        for parent, _, names in os.walk(place.path("root/feeds/f/packages")):
            for name in names:
                if name.startswith("victim"):
                    os.remove(os.path.join(parent, name))
        os.rename(aside, digest)
    time.sleep(GRACE_SECONDS)


def with_retired(place):
    """The same, one grace period after they were set aside."""
    with_orphans(place)
    place.expect("gc", "f", "--delete", "--max-delete", "100%")
    time.sleep(GRACE_SECONDS)


def with_retired_and_named(place):
    """What was set aside is named again, by a record that was written at the last moment."""
    basic(place)
    place.expect("rm", "f", "old-1.bin")
    time.sleep(GRACE_SECONDS)
    place.expect("gc", "f", "--delete", "--max-delete", "100%")
    record = place.path("root/feeds/f/packages/old-1.bin.json~")
    shutil.rmtree(record)  # the tombstone goes, and the first generation stands again
    time.sleep(GRACE_SECONDS)


def migrated(place):
    basic(place)
    place.expect("migrate", "f", "--to", place.path("moved"))


def old_ledger(place):
    basic(place)
    place.expect("check", "f", "--content", "all")


# MARK: - The commands

COLLECT = ["gc", "f", "--delete", "--max-delete", "100%"]

COMMANDS = [
    Command("init", empty, ["init", "@/root"], changes=False),
    Command("feed-create", basic, ["feed", "create", "g"], feed="g", done=(2,)),
    Command("feed-create-own", basic, ["feed", "create", "g", "--feed-root", "@/own"], feed="g", done=(2,)),
    Command("feed-set", basic, ["feed", "set", "f", "--mutable", "--grace", "2s"], feed="f", changes=False),
    Command("feed-delete", with_empty_feed, ["feed", "delete", "e"], feed="e", done=(2,), leaves=("unfinished",)),
    Command("feed-delete-refused", basic, ["feed", "delete", "f"], feed="f", code=2, done=(2,), changes=False),
    Command("feed-delete-purge", basic, ["feed", "delete", "f", "--purge"], feed="f", done=(2,),
            leaves=("unfinished",)),
    Command("feed-delete-purge-own", with_root_of_its_own, ["feed", "delete", "own", "--purge"], feed="own", done=(2,),
            leaves=("unfinished",)),
    Command("push-new", basic, ["push", "f", "@/new/one.bin"], feed="f"),
    Command("push-unchanged", basic, ["push", "f", "@/in/old-1.bin"], feed="f", changes=False),
    Command("push-replace", basic, ["push", "m", "@/two.bin", "--as", "old-1.bin"], feed="m"),
    Command("push-heal", with_missing_blob, ["push", "f", "@/in/old-1.bin"], feed="f", changes=False),
    Command("push-over-tombstone", with_deleted, ["push", "f", "@/in/old-1.bin"], feed="f"),
    Command("push-tree", basic, ["push", "f", "-r", "@/new"], feed="f"),
    Command("pull", basic, ["pull", "f", "old-1.bin", "-o", "@/out.bin"], feed="f", changes=False),
    Command("rm", basic, ["rm", "f", "old-1.bin", "old-2.bin"], feed="f"),
    Command("restore", with_deleted, ["restore", "f", "old-1.bin"], feed="f", done=(2,)),
    Command("promote", with_second_feed, ["promote", "f", "old-1.bin", "p"], feed="p"),
    Command("import", basic, ["import", "f", "@/new"], feed="f"),
    Command("import-many", with_many, ["import", "f", "@/many"], feed="f"),
    Command("rm-prefix", with_many, ["rm", "f", "--prefix", "old-", "--yes"], feed="f"),
    Command("retain", with_versions, ["retain", "f", "--retain", "lib=2", "--yes"], feed="f"),
    Command("export", basic, ["export", "f", "@/out"], feed="f", changes=False),
    Command("migrate", basic, ["migrate", "f", "--to", "@/moved"], feed="f", changes=False),
    Command("migrate-delete", basic, ["migrate", "f", "--to", "@/moved", "--delete-source"], feed="f", done=(2,),
            changes=False),
    Command("delete-source", migrated, ["migrate", "f", "--to", "@/moved", "--delete-source"], feed="f", done=(2,),
            changes=False),
    Command("migrate-server", with_root_of_its_own, ["migrate", "--server", "--to", "@/next"], changes=False,
            servers=("root", "next"),
            leaves=("unfinished",)),  # the new root holds feeds before its catalog does
    Command("check-ledger", old_ledger, ["check", "--content", "unverified:0s"], changes=False),
    Command("repair", with_corrupt_blob, ["repair", "f", "--from", "@/root/feeds/m"], feed="f", changes=False),
    Command("gc-retire", with_orphans, COLLECT, feed="f", changes=False),
    Command("gc-settle", with_retired, COLLECT, feed="f", changes=False),
    Command("gc-return", with_retired_and_named, COLLECT, feed="f", changes=False),
    Command("probe", basic, ["probe", "@/root", "--workers", "2"], changes=False,
            leaves=("unexpected-object",), most=100),  # its folder, which check names
]
