"""A process is stopped before any call that changes something; others go on; it wakes: nothing published is lost."""

import os
import signal
import time

from campaign import Case
from commands import GRACE_SECONDS, content
from contents import feed_roots, holds, packages
from place import Fault
from shim import Plan
from verdict import is_handing_over

WAITING = 4  # cases that run at once for each core: most of the time they wait for a grace period
COLLECT = ("gc", "--delete", "--max-delete", "100%")


def cases(reference, options):
    for number, _, _ in reference.calls:
        for meanwhile in MEANWHILE:
            if (reference.command.name, meanwhile) == ("repair", "migrate"):
                continue  # It deletes the very root that the only good copy is to come from.
            yield Case(number, "stop:", meanwhile)


# MARK: - What others do meanwhile

class Others:
    """Other processes at the same root: what they are told is published is kept, and looked for at the end."""

    def __init__(self, place, command):
        self.place, self.command = place, command
        self.published = {}  # (feed, path): digest
        self.server = None

    def feeds(self):
        return sorted(feed_roots(self.command.servers(self.place)))

    def tool(self, *arguments):
        return self.place.tool(*arguments)

    def publish(self, feed, *names):
        """The content that the stopped process and the root before it have, under names of their own."""
        for name in names:
            file = self.place.path(name)
            if os.path.exists(file):
                path = "others/" + os.path.basename(name)
                for line in self.tool("push", feed, file, "--as", path).of("published"):
                    self.published[feed, path] = line["digest"]

    def publish_all(self):
        for feed in self.feeds():
            self.publish(feed, "new/one.bin", "two.bin", "in/old-1.bin", "orphan.bin")

    def collect(self):
        self.tool(*COLLECT)

    def wait(self):
        time.sleep(GRACE_SECONDS)  # one grace period, by the filesystem's own clock


def publish_and_collect(others):
    """Published first: what the collectors must leave alone."""
    others.publish_all()
    others.wait()
    others.collect()
    others.wait()
    others.collect()


def collect_and_publish(others):
    """Collected first: what was set aside is published again, and settled a grace period later."""
    others.wait()
    others.collect()
    others.publish_all()
    others.wait()
    others.collect()


def repair(others):
    others.publish_all()
    for feed in others.feeds():
        others.tool("repair", feed, "--from", others.place.path("root/feeds/m"))
    others.collect()


def migrate(others):
    for feed in others.feeds():
        others.tool("migrate", feed, "--to", others.place.path("away-" + feed))
    others.publish_all()
    for feed in others.feeds():
        others.tool("migrate", feed, "--to", others.place.path("away-" + feed), "--delete-source")


def delete(others):
    """A feed is refused its deletion, an empty one goes, and comes again."""
    for feed in others.feeds():
        others.tool("feed", "delete", feed)
        others.tool("feed", "create", feed, "--grace", "1s")
    others.publish_all()
    others.collect()


MEANWHILE = {function.__name__: function for function in
             (publish_and_collect, collect_and_publish, repair, migrate, delete)}


# MARK: - A case

def run(reference, place, case, options):
    place.write("orphan.bin", content("orphan-0"))
    plan = Plan(case.at, "stop")
    process = place.start(*reference.command.at(place), plan=plan)
    others = Others(place, reference.command)
    try:
        if is_stopped(process):
            MEANWHILE[case.extra](others)
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGCONT)
    result = place.finish(process)
    case.call = plan.reached()
    plan.forget()
    judge(reference, place, others, result)


def is_stopped(process):
    """Waits until it is stopped; false when it ended before."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return True
    process.returncode = os.waitstatus_to_exitcode(status)
    return False


def judge(reference, place, others, result):
    claimed = {(reference.command.feed, line["path"]): line["digest"] for line in result.of("published")}
    others.published = {**claimed, **others.published}
    judge_published(reference, place, others)
    others.wait()
    others.collect()
    others.wait()
    others.collect()
    judge_published(reference, place, others)
    for server in reference.command.servers(place):
        if os.path.exists(os.path.join(server, "root.json")):
            judge_check(reference, place, server)
    place.tool(*reference.command.at(place))
    judge_published(reference, place, others)


def judge_published(reference, place, others):
    roots = feed_roots(reference.command.servers(place))
    held = {feed: packages(root) for feed, root in roots.items()}
    for (feed, path), digest in others.published.items():
        if feed not in roots:
            if "purge" in reference.command.name and feed == reference.command.feed:
                continue  # the stopped process was asked to delete all that the feed holds
            raise Fault(f"the feed {feed} is gone, or stuck in a state in which it is not served")
        if held[feed].get(path) != digest:
            raise Fault(f"{feed}/{path} was published, and is {held[feed].get(path)} now, not {digest}")
        if not holds(roots[feed], digest):
            raise Fault(f"{feed}/{path} was published, and its content is lost")


def judge_check(reference, place, server):
    result = place.tool("check", "--content", "all", "--root", server)
    errors = [line for line in result.of("finding") if line["severity"] == "error"]
    known = {kind for kind, _, _ in reference.findings_before}
    if (result.code == 2 and not is_handing_over(result)) or [e for e in errors if e["kind"] not in known]:
        raise Fault(f"check: {[e['message'] for e in errors + result.of('error')]}")
