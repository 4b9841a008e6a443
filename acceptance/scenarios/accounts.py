"""Nodes that run under different accounts."""

import os
import shutil

from laboratory import BLOBTOOL, Skipped

GROUP = 64000
ALICE, BOB = 64001, 64002  # numbers suffice: no account needs to exist


def two_accounts(lab):
    """two accounts of one group, under umask 077 and 022, publish, replace, delete, restore and collect at once"""
    if os.geteuid() != 0:
        raise Skipped("becoming two accounts takes root")
    public_copy(lab)
    os.mkdir(lab.root)
    os.chown(lab.root, ALICE, GROUP)
    os.chmod(lab.root, 0o2770)
    alice = dict(user=ALICE, group=GROUP + 1, extra_groups=[GROUP], umask=0o077)
    bob = dict(user=BOB, group=GROUP + 2, extra_groups=[GROUP], umask=0o022)
    lab.tool("init", lab.root, **alice).expect(0)
    lab.tool("feed", "create", "stable", **bob).expect(0)
    lab.tool("feed", "create", "latest", "--mutable", **alice).expect(0)
    for round_number in range(3):
        for mine, others in ((alice, bob), (bob, alice)):
            beside_each_other(lab, mine, others, f"{round_number}-{mine['user']}")
    collect_each_others(lab, alice, bob)
    for account in (alice, bob):
        result = lab.tool("check", "--content", "all", "--strict", **account)
        kinds = {f["kind"] for f in result.of("finding")} - {"orphan-blob", "stale-staging"}
        assert not kinds and result.code == 0, result
    modes_follow_the_root(lab)


def public_copy(lab):
    """Where both accounts may run blobtool: the build may stand below root's home."""
    shutil.copy(BLOBTOOL, lab.path("blobtool"))
    os.chmod(lab.path("blobtool"), 0o755)
    lab.executable = lab.path("blobtool")


def readable(lab, name, text):
    path = lab.write(name, text)
    os.chmod(os.path.dirname(path), 0o755)
    os.chmod(path, 0o644)
    return path


def beside_each_other(lab, mine, others, label):
    first = readable(lab, f"in/{label}-1", f"first {label}")
    second = readable(lab, f"in/{label}-2", f"second {label}")
    path = f"thing/{label}.txt"
    for feed in ("stable", "latest"):
        assert outcome(lab, feed, first, path, mine) == "created"
        assert outcome(lab, feed, first, path, others) == "unchanged"
    assert outcome(lab, "latest", second, path, others) == "replaced"
    assert outcome(lab, "latest", first, path, mine) == "replaced"
    lab.tool("rm", "stable", path, **others).expect(0)
    lab.tool("restore", "stable", path, **mine).expect(0)
    lab.tool("promote", "latest", path, "stable", **others).expect(0)
    lab.tool("stat", "stable", path, **others).expect(0)


def outcome(lab, feed, file, path, account):
    return lab.tool("push", feed, file, "--as", path, **account).expect(0).one("published")["outcome"]


def collect_each_others(lab, alice, bob):
    """Content that one account stored is retired by the other, and then removed by the first."""
    lab.tool("feed", "create", "gone", "--grace", "0s", **alice).expect(0)
    for account, name in ((alice, "a"), (bob, "b")):
        assert outcome(lab, "gone", readable(lab, f"in/gone-{name}", name), name, account) == "created"
    blobs = os.path.join(lab.root, "feeds/gone/blobs/sha256")
    for record in ("a", "b"):
        os.remove(os.path.join(lab.root, f"feeds/gone/packages/{record}.json"))  # as nobody but an operator would
    for account in (bob, alice):
        lab.tool("gc", "gone", "--delete", "--max-delete", "100%", **account).expect(0)
    left = [files for _, _, files in os.walk(blobs) if files] + os.listdir(os.path.join(lab.root, "feeds/gone/retired"))
    assert not left, f"not collected: {left}"


def modes_follow_the_root(lab):
    for parent, folders, files in os.walk(lab.root):
        for name in folders + files:
            status = os.stat(os.path.join(parent, name))
            wanted = 0o770 if name in folders else 0o660
            assert status.st_gid == GROUP, f"{parent}/{name} has the group {status.st_gid}"
            assert status.st_mode & 0o777 == wanted, f"{parent}/{name} has the mode {status.st_mode & 0o7777:o}"
