"""Taking content into a root on a local disk."""

import os
import sys

from race import Race

from .peers import RCLONE, restic, shell

ONE_BY_ONE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "one_by_one.py")


def import_small(bench):
    """many files of 8 KiB are adopted: hashed, durable, with a record each"""
    count = bench.size(20_000, 5_000)
    source, target = bench.files("small", count, 8192), bench.path("target")
    race = Race(bench, f"import of {count} files of 8 KiB to a local disk (ours: hashed, durable, two files each)")
    race.add("blobtool import", [bench.blobtool, "import", "f", source], bench.make_feed)
    race.add("cp -a (not durable)", ["cp", "-a", source, target], lambda: bench.fresh(target))
    race.add("cp -a; sync", shell("cp -a {0} {1}; sync -f {1}", source, target), lambda: bench.fresh(target))
    race.add("one by one, each with fsync", [sys.executable, ONE_BY_ONE, source, target], lambda: bench.fresh(target))
    race.add("rclone copy (not durable)", [*RCLONE, "copy", source, target], lambda: bench.fresh(target),
             needs="rclone")
    more, make = restic(bench, bench.path("restic"))
    race.add("restic backup", ["restic", "backup", "-q", "--compression", "off", source], make, needs="restic",
             more=more)
    return race.run()


def publish_large(bench):
    """one large file is published: hashed and durable"""
    mebibytes = bench.size(2048, 512)
    source = bench.files("large", 1, mebibytes << 20) + "/0000/package-000000.bin"
    target = bench.path("target")
    race = Race(bench, f"publishing one file of {mebibytes} MiB to a local disk (hashed, durable)")
    race.add("blobtool push", [bench.blobtool, "push", "f", source], bench.make_feed)
    race.add("dd conv=fsync (no hash)", ["dd", f"if={source}", f"of={target}", "bs=1M", "conv=fsync"],
             lambda: bench.fresh(target))
    race.add("cp; sync; sha256sum", shell("cp {0} {1}; sync {1}; sha256sum {1}", source, target),
             lambda: bench.fresh(target))
    race.add("rclone copyto (not durable)", [*RCLONE, "copyto", source, target], lambda: bench.fresh(target),
             needs="rclone")
    more, make = restic(bench, bench.path("restic"))
    race.add("restic backup", ["restic", "backup", "-q", "--compression", "off", source], make, needs="restic",
             more=more)
    return race.run()
