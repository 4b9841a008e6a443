"""To and from buckets of servers that are far away, where what counts is how many requests are under way."""

import contextlib
import os
import socket
import subprocess
import sys

from race import Race
from servers import Server

from .peers import RCLONE, Remote

MILLISECONDS = 24
DELAY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "delay.py")


@contextlib.contextmanager
def far_away(server):
    """The same server, a round trip away."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = server.endpoint.rsplit(":", 1)[1].rstrip("/")
    proxy = subprocess.Popen([sys.executable, DELAY, str(port), target, str(MILLISECONDS)], stdout=subprocess.PIPE)
    try:
        proxy.stdout.readline()
        yield Server(server.name, f"http://127.0.0.1:{port}")
    finally:
        proxy.terminate()
        proxy.wait()


def distant(bench):
    """2,000 files of 16 KiB go to a bucket and come back, beside the server and 24 ms away"""
    results = []
    source = bench.files("distant", 2_000, 16_384)
    for near in bench.servers():
        with far_away(near) as far:
            for server, title in ((near, near.name), (far, f"{near.name}, {MILLISECONDS} ms away")):
                results += there_and_back(bench, near, server, title, source)
        bench.compact(near)
    return results


def there_and_back(bench, near, server, title, source):
    """What makes way goes to the server directly, since it is not measured."""
    ours, theirs = Remote(bench, server, "bench-ours"), Remote(bench, server, "bench-theirs")
    mine, others = Remote(bench, near, "bench-ours"), Remote(bench, near, "bench-theirs")
    target = bench.path("target")

    def empty_feed():
        mine.clear()
        bench.make_feed(url=ours.url)

    race = Race(bench, f"2000 files of 16 KiB to {title}")
    race.add("blobtool import", [bench.blobtool, "import", "f", source], empty_feed, more=ours.environment)
    theirs.transfers(race, source, theirs, others.clear)
    results = race.run()

    empty_feed()
    bench.ours("import", "f", source)
    bench.measure([*RCLONE, "copy", source, others.rclone], others.environment)
    race = Race(bench, f"2000 files of 16 KiB from {title}")
    race.add("blobtool export", [bench.blobtool, "export", "f", target], lambda: bench.fresh(target))
    theirs.transfers(race, theirs, target, lambda: bench.fresh(target))
    results += race.run()

    race = Race(bench, f"2000 files of 16 KiB that are there already, to {title}")
    race.add("blobtool import", [bench.blobtool, "import", "f", source], more=ours.environment)
    race.add("rclone copy", [*RCLONE, "copy", source, theirs.rclone], needs="rclone", more=theirs.environment)
    results += race.run()
    mine.clear()
    others.clear()
    return results
