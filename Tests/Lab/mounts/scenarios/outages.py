"""Servers that restart, cables that are cut, mounts that go and machines that die, each in the middle of an import."""

import threading
import time

from lab import wait_until


class Import:
    """An import on the first machine, of so many packages; `reported` are those that it has said are done."""

    def __init__(self, lab, count):
        self.lab, self.count, self.reported = lab, count, set()
        self.folder = f"/root/import-{lab.scenarios}"
        lab.files(lab.one, self.folder, count)

    def start(self):
        # Reports come in batches of a few seconds; an end in the middle finds some packages reported and some not.
        self.process = self.lab.one.start("import", "f", self.folder, "-v", "--no-progress", "--jobs", "8")
        self.said = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self):
        for line in self.process.stderr:
            self.said.append(line)
            words = line.split()
            if len(words) == 2 and words[0] in ("created", "unchanged", "healed", "replaced"):
                self.reported.add(words[1])

    def wait_for(self, share):
        """Until it has reported such a share of all."""
        def has_come_so_far():
            assert self.process.poll() is None, f"it ended before: {self.last_words()}"
            return len(self.reported) >= share * self.count
        wait_until(has_come_so_far, f"an import that is {share:.0%} through", seconds=600)

    def expect_unfinished(self):
        """It was in the middle, so that what happens now happens to an import that is at work."""
        assert len(self.reported) < self.count, "it had reported everything: nothing was interrupted"

    def end(self, seconds=900):
        """Its exit code."""
        code = self.process.wait(timeout=seconds)
        self.reader.join(timeout=60)
        return code

    def expect_end(self, *codes):
        code = self.end()
        assert code in codes, f"the import's exit code was {code}: {self.last_words()}"

    def last_words(self):
        return "".join(self.said[-15:])

    def again(self):
        """The same command, to its end: it completes."""
        self.start().expect_end(0)

    def expect_reported(self):
        """What was reported done is there, as the other machine sees it."""
        listed = {line["path"] for line in self.lab.two.tool("ls", "f").expect(0).of("package")}
        assert self.reported <= listed, f"reported, but not there: {sorted(self.reported - listed)}"

    def expect_whole(self):
        """All are there, as the other machine sees it, and good."""
        self.expect_reported()
        assert len(self.lab.two.tool("ls", "f").expect(0).of("package")) == self.count
        self.lab.expect_good(self.lab.two)


def begun(lab, kind):
    lab.fresh_root(kind, "f")
    return Import(lab, 1000 if lab.is_long else 160).start()


def restarted_server(lab, kind):
    """an import goes on while its server restarts, ends well, and the other machine has all of it"""
    running = begun(lab, kind)
    running.wait_for(0.3)
    running.expect_unfinished()
    lab.restart_server(kind)
    running.expect_end(0)
    running.expect_whole()
    return f"{running.count} packages"


def cut_cable(lab, kind):
    """a cable is cut under an import and mended: nothing is lost, and the other machine publishes meanwhile"""
    running = begun(lab, kind)
    running.wait_for(0.3)
    running.expect_unfinished()
    lab.cable.cut("one")
    try:
        mended_at = time.monotonic() + (60 if lab.is_long else 8)
        lab.files(lab.two, "/root/meanwhile", 1)
        lab.two.tool("push", "f", "/root/meanwhile/package-1.tgz", "--as", "meanwhile.tgz").expect(0)
        wait_until(lambda: time.monotonic() > mended_at, "the time of the outage", seconds=120)
    finally:
        lab.cable.heal("one")
    running.expect_end(0)
    lab.two.tool("rm", "f", "meanwhile.tgz").expect(0)
    running.expect_whole()
    return f"{running.count} packages"


def unmounted(lab, kind):
    """a mount goes under an import (umount -l) and comes back: nothing lands beside it, nothing reported is lost"""
    running = begun(lab, kind)
    running.wait_for(0.3)
    running.expect_unfinished()
    lab.one.machine.run(f"umount -l /mnt/{kind}")
    told = len(running.reported)
    wait_until(lambda: running.process.poll() is not None or len(running.reported) > told + 5, "a sign of life", 60)
    beside = lab.one.machine.run(f"find /mnt/{kind} -mindepth 1")
    lab.one.mount(kind)
    code = running.end()
    assert not beside, f"written below the mount point: {beside}"
    running.expect_reported()
    running.again()
    running.expect_whole()
    return f"{running.count} packages; the import's exit code was {code}"


def killed_client(lab, kind):
    """a machine dies in the middle of an import: what it had reported is there, and the same command completes"""
    running = begun(lab, kind)
    running.wait_for(0.4)
    lab.one.machine.kill()
    running.end(seconds=300)
    running.expect_unfinished()
    running.expect_reported()
    lab.expect_good(lab.two)
    reported = len(running.reported)
    lab.one.machine.start_again()
    lab.prepare(lab.one)
    again = Import(lab, running.count)
    again.again()
    packages = {line["path"] for line in lab.two.tool("ls", "f").expect(0).of("package")}
    assert len(packages) == running.count and running.reported <= packages
    lab.expect_good(lab.two)
    return f"{reported} of {running.count} packages had been reported"
