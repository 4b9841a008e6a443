"""Feeds that move, processes that die on the way, and others that take over."""

import hashlib
import signal
import socket
import time

from laboratory import tree, wait_until
from servers import fresh_prefix, running, servers

from .content import MEBIBYTE, described, exported, make_feed
from .places import Folder, Prefix, blobs, records

SLOW = ["--bwlimit", "8MiB"]  # the large file alone takes seconds, in which the process is killed


def migration_journey(lab):
    """a feed moves from disk to Ceph, SeaweedFS and a disk, is killed in each step, and arrives the same"""
    make_feed(lab, "f", small=60, large_bytes=30 * MEBIBYTE)
    before, source = described(lab, "f"), tree(exported(lab, "f", "before"))
    assert len(source) > 120, len(source)
    stops = [Prefix(server) for server in servers("ceph", "seaweed")] + [Folder(lab.path("home"))]
    for stop in stops:
        there = killed_on_the_way(lab, "f", stop, len(before[0]))
        summary = lab.tool("migrate", "f", "--to", stop.url).expect(0).one("summary")
        assert summary["cutover"] and summary["failed"] == 0, summary
        assert summary["copied"] + summary["skipped"] == len(before[0]), summary
        assert lab.tool("feed", "show", "f").expect(0).one("feed")["root"] == stop.url
        whole_and_clean(lab, len(source), 30 * MEBIBYTE)
        print(f"         {stop.name}: killed with {there} of {len(before[0])} packages there", flush=True)
    assert described(lab, "f") == before
    arrives_the_same(lab, source, "after")
    lab.tool("migrate", "f", "--delete-source").expect(0)
    assert not any(stop.names() for stop in stops[:-1]), "a former root is still there"
    arrives_the_same(lab, source, "at the end")


def killed_on_the_way(lab, feed, stop, count):
    """Starts a migration and kills it when some content has arrived and not all; returns how many packages had."""
    process = lab.start("migrate", feed, "--to", stop.url, *SLOW)
    enough = lab.random.randrange(1, 80)
    wait_until(lambda: process.poll() is not None or len(blobs(stop)) >= enough, "content arrives")
    time.sleep(lab.random.random())  # the moment of the kill, not a wait for something
    assert process.poll() is None, f"it ended before it was killed\n{lab.finish(process)}"
    process.send_signal(signal.SIGKILL)
    result = lab.finish(process).expect(-signal.SIGKILL)
    assert not result.of("summary") and not result.of("held"), result
    found = lab.tool("feed", "show", feed).expect(0).one("feed")
    assert found["migration"]["root"] == stop.url and found["root"] != stop.url, found
    there = len(records(stop))
    assert there < count, f"all {count} packages were there when it was killed"
    return there


def whole_and_clean(lab, count, least_bytes):
    """Every byte of all packages (without those that are deleted) was read and is good."""
    overall = lab.tool("check", "--content", "all").expect(0).of("summary")[-1]
    assert overall["complete"] and overall["errors"] == 0 and overall["bytesRead"] > least_bytes, overall
    assert overall["packages"] == count, overall


def arrives_the_same(lab, source, name):
    """The export has the same files with the same bytes, and these have the digests that are listed."""
    arrived = tree(exported(lab, "f", name))
    assert arrived == source
    listed = {p["path"].encode(): p["digest"] for p in lab.tool("ls", "f").expect(0).of("package")}
    assert listed == {path: "sha256:" + hashlib.sha256(content).hexdigest() for path, content in arrived.items()}


def two_migrations(lab):
    """of two migrations at once one works and the other names it; when it is killed the other takes over"""
    for name, root in server_roots(lab):
        lab.root = root
        make_feed(lab, "f", small=20, large_bytes=20 * MEBIBYTE)
        live, count = [len(lab.tool("ls", "f", *all_of).expect(0).of("package")) for all_of in ([], ["--deleted"])]
        stop = Folder(lab.path("moved", name))
        first = lab.start("migrate", "f", "--to", stop.url, "--bwlimit", "1MiB")
        wait_until(lambda: first.poll() is not None or blobs(stop), "content arrives")
        for place in (stop.url, lab.path("elsewhere", name)):
            refused = lab.tool("migrate", "f", "--to", place).expect(2).one("error")
            assert refused["code"] == "unavailable" and f"node \"{node_name()}\"" in refused["message"], refused
        assert first.poll() is None, f"it ended before the other was refused\n{lab.finish(first)}"
        first.send_signal(signal.SIGKILL)
        lab.finish(first).expect(-signal.SIGKILL)
        summary = lab.tool("migrate", "f", "--to", stop.url).expect(0).one("summary")
        assert summary["cutover"] and summary["copied"] + summary["skipped"] == count, summary
        whole_and_clean(lab, live, 20 * MEBIBYTE)
        print(f"         {name}: taken over and completed in {summary['seconds']:.1f} s", flush=True)


def server_roots(lab):
    """A server root on disk, where a feed's lease is kept, and one in each bucket at hand."""
    return [("disk", lab.root)] + [(s.name, s.url(fresh_prefix())) for s in running("ceph", "seaweed")]


def node_name():
    """As what this machine signs leases."""
    host = "".join(c if c.isascii() and c.isalnum() else "-" for c in socket.gethostname().lower())
    return f"blobtool-{host}"[:63]
