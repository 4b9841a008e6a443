"""Garbage is collected while many processes publish and delete, and some stop for longer than the grace period."""

import hashlib
import os
import random
import signal
import subprocess
import threading
import time

from laboratory import wait_until
from servers import servers

from .places import Prefix, blobs

GRACE_SECONDS = 2
PUBLISHERS = 6
CONTENTS = 40  # so few that what one deletes another publishes, so many that some are garbage at any time


def collecting_in_buckets(lab):
    """on Ceph and SeaweedFS, collecting in a loop loses nothing that was reported published, by processes that stopped
    for longer than the grace period too, and frees what is garbage"""
    for server in servers("ceph", "seaweed"):
        place = Prefix(server)
        lab.root = lab.path("root of", server.name)
        lab.tool("init", lab.root).expect(0)
        options = ["--feed-root", place.url, "--grace", f"{GRACE_SECONDS}s"]
        lab.tool("feed", "create", "f", *options).expect(0)
        crew = Crew(lab, "f", time.monotonic() + (300 if lab.is_long else 30))
        crew.work()
        nothing_is_lost(lab, crew)
        removed = crew.removed
        everything_goes(lab, crew, place)
        print(f"         {server.name}: {crew.told()}, {removed} blobs removed meanwhile", flush=True)


class Crew:
    """Publishers, deleters and a collector, each act of them a process of its own."""

    def __init__(self, lab, feed, end):
        self.lab, self.feed, self.end = lab, feed, end
        self.live, self.failures, self.stops, self.removed = {}, [], 0, 0
        self.published, self.unknown = 0, 0

    def work(self):
        """Returns when all are at their end; raises what one of them met."""
        seeds = [self.lab.random.randrange(1 << 32) for _ in range(PUBLISHERS)]
        jobs = [lambda n=n, seed=seed: self.publish(n, random.Random(seed)) for n, seed in enumerate(seeds)]
        threads = [threading.Thread(target=self.kept, args=[job]) for job in [*jobs, self.collect_until_the_end]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def kept(self, job):
        try:
            job()
        except Exception as failure:
            self.failures.append(failure)

    def goes_on(self):
        return time.monotonic() < self.end and not self.failures

    def told(self):
        return (f"{self.published} published, {self.stops} of them by processes that were stopped, "
                f"{self.unknown} not reported")

    def publish(self, publisher, dice):
        """Publishes content that others publish too, and deletes the one before it, which must have been there."""
        number, before = 0, None
        while self.goes_on():
            number += 1
            path, text = f"p{publisher}/{number}", f"content {dice.randrange(CONTENTS)}\n" * 1000
            result = self.push(path, text, dice)
            if result.code != 0:
                # It said that it could not, which is honest.
                assert result.code == 2 and result.one("error")["code"] in ("unavailable", "outcomeUnknown"), result
                self.unknown += 1
                continue
            digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
            assert result.one("published")["digest"] == digest, result
            self.published += 1
            self.live[path] = digest
            if before:
                self.read_and_delete(*before)
            before = path, text

    def read_and_delete(self, path, text):
        target = self.lab.path("pulled", path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        self.lab.tool("pull", self.feed, path, "-o", target).expect(0)
        with open(target) as pulled:
            assert pulled.read() == text, path
        del self.live[path]
        self.lab.tool("rm", self.feed, path).expect(0)

    def push(self, path, text, dice):
        """Publishes; every third time the process is stopped at any moment, for longer than the grace period."""
        process = self.lab.start("push", self.feed, "-", "--as", path, stdin=subprocess.PIPE)
        if dice.randrange(3) == 0:
            process.stdin.write(text)
            process.stdin.close()
            process.stdin = None
            time.sleep(dice.random() * 0.15)  # the moment of the stop, not a wait for something
            if process.poll() is None:
                process.send_signal(signal.SIGSTOP)
                time.sleep(GRACE_SECONDS * (1.5 + dice.random() * 2))  # how long it is stopped
                process.send_signal(signal.SIGCONT)
                self.stops += 1
            return self.lab.finish(process)
        return self.lab.finish(process, text)

    def collect(self):
        result = self.lab.tool("gc", self.feed, "--delete", "--max-delete", "100%").expect(0)
        self.removed += result.one("summary")["deleted"]

    def collect_until_the_end(self):
        while self.goes_on():
            self.collect()


def nothing_is_lost(lab, crew):
    """What was reported published and not deleted since is listed with its digest, and every byte of it is good."""
    assert crew.published > PUBLISHERS and crew.stops > 0 and crew.live and crew.removed > 0, crew.told()
    listed = {p["path"]: p["digest"] for p in lab.tool("ls", "f").expect(0).of("package")}
    lost = {path: digest for path, digest in crew.live.items() if listed.get(path) != digest}
    assert not lost, f"{len(lost)} of {len(crew.live)} are lost or others: {lost}"
    whole = lab.tool("check", "--content", "all").expect(0).of("summary")[-1]
    assert whole["complete"] and whole["errors"] == 0 and whole["packages"] == len(listed), whole


def everything_goes(lab, crew, place):
    """With all packages deleted, collections free all content in the end."""
    paths = [p["path"] for p in lab.tool("ls", "f").expect(0).of("package")]
    for first in range(0, len(paths), 200):
        lab.tool("rm", "f", *paths[first:first + 200]).expect(0)

    def is_empty():
        crew.collect()
        return not blobs(place)

    wait_until(is_empty, "all garbage is freed")
    assert crew.removed > 0
    lab.tool("check", "--content", "all").expect(0)
