"""What every scenario works with: a directory of its own, and blobtool as a process."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXTURES = os.path.join(REPOSITORY, "fixtures", "packages")
BLOBTOOL = os.environ.get("BLOBTOOL", os.path.join(REPOSITORY, ".build", "release", "blobtool"))
DEADLINE_SECONDS = 600  # for one command, so that what hangs fails rather than waits for ever


class Skipped(Exception):
    """Why a scenario cannot run here."""


class Result:
    """How a command ended: exit code, the objects it printed, what it said to a person, its peak memory."""

    def __init__(self, command, code, out, err, peak_bytes=0):
        self.command, self.code, self.out, self.err, self.peak_bytes = command, code, out, err, peak_bytes

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    def one(self, kind):
        found = self.of(kind)
        assert len(found) == 1, f"{len(found)} lines of type {kind}, not 1\n{self}"
        return found[0]

    def expect(self, *codes):
        assert self.code in codes, f"exit code {self.code}, not {' or '.join(map(str, codes))}\n{self}"
        return self

    def __str__(self):
        return f"$ {' '.join(map(str, self.command))}\nexit {self.code}\n{self.out[-2000:]}\n{self.err[-2000:]}\n"


class Laboratory:
    def __init__(self, is_long):
        self.is_long = is_long
        self.seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        self.last = None
        self.executable = BLOBTOOL

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="blobstore acceptance ")  # a space, since paths have them
        os.chmod(self.directory, 0o755)
        self.root = self.path("root")
        return self

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+rwX", self.directory], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def last_words(self):
        return f"{self.last or ''}replay with SEED={self.seed}\n"

    def environment(self, root=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("BLOBSTORE_")}
        return {**env, "BLOBSTORE_ROOT": root or self.root, "HOME": self.directory}

    def start(self, *arguments, root=None, **options):
        """blobtool as a running process."""
        options = {"stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen(
            [self.executable, *arguments, "--format", "json"], env=self.environment(root),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def tool(self, *arguments, root=None, **options):
        """blobtool with JSON lines, to its end."""
        process = self.start(*arguments, root=root, **options)
        return self.finish(process)

    def finish(self, process, text=None):
        """A process to its end, given its input."""
        try:
            out, err = process.communicate(text, timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nkilled after {DEADLINE_SECONDS} s\n"
        self.last = Result(process.args, process.returncode, out, err)
        return self.last

    def measured(self, *arguments):
        """blobtool with its lines sent to a file, and its peak memory; `out` is that file's path."""
        out = self.path("measured.out")
        with open(out, "w") as file:
            process = subprocess.Popen(
                [self.executable, *arguments, "--format", "json", "--no-progress"], env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.last = Result(process.args, process.returncode, "", "", usage.ru_maxrss * 1024)
        return self.last

    def make_root(self, *feeds, options=()):
        self.tool("init", self.root).expect(0)
        for feed in feeds:
            self.tool("feed", "create", feed, *options).expect(0)

    def write(self, name, content):
        """A file below this scenario's directory; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path


def wait_until(is_true, what, seconds=120):
    """Waits for something to become true; fails, naming it, when it does not."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.02)


def tree(folder):
    """Every file below a folder: relative path (bytes) to content."""
    top = os.fsencode(folder)
    found = {}
    for parent, _, names in os.walk(top):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = file.read()
    return found
