"""Where a case happens: a folder of its own with a root in it, and blobtool as a process there."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile

from shim import SHIM

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BLOBTOOL = os.environ.get("BLOBTOOL", os.path.join(REPOSITORY, ".build", "release", "blobtool"))
DEADLINE_SECONDS = 120  # for one command: what hangs is a fault


RUNNING = set()  # the processes under way, stopped ones too: who ends early ends them


class Fault(Exception):
    """What must not be, in a sentence."""


class Result:
    """How a command ended, and what it said."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err

    @property
    def lines(self):
        """The objects that it printed; a killed process may leave half a line."""
        found = []
        for line in self.out.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def of(self, kind):
        return [line for line in self.lines if line.get("type") == kind]

    def __str__(self):
        told = [line for line in self.out.splitlines() if '"summary"' not in line]
        return f"$ blobtool {' '.join(self.arguments)} = {self.code}\n" + "\n".join(told)[-1500:] + self.err[-500:]


class Place:
    """A case's folder. Every path in it has the same length, so that a copy is the original to the byte."""

    def __init__(self, folder):
        self.folder = folder
        self.root = self.path("root")
        self.said = []  # the last results, for whoever has to understand a fault

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def start(self, *arguments, plan=None):
        """blobtool as a running process, under a plan of the shim where one is given."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("BLOBSTORE_", "CAMPAIGN_"))}
        environment.update(BLOBSTORE_ROOT=self.root, HOME=self.folder, TMPDIR=self.folder)
        if plan:
            environment.update(plan.environment(self.folder), LD_PRELOAD=SHIM)
        process = subprocess.Popen(
            [BLOBTOOL, *arguments, "--format", "json"], env=environment, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        RUNNING.add(process)
        return process

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Fault(f"hangs: {' '.join(process.args[1:])}: {out[-500:]}{err[-500:]}") from None
        finally:
            RUNNING.discard(process)
        result = Result(process.args[1:-2], process.returncode, out, err)
        self.said = self.said[-5:] + [result]
        if process.returncode < 0 and process.returncode not in (-signal.SIGKILL,):
            raise Fault(f"died of signal {-process.returncode}: {result}")
        return result

    def tool(self, *arguments, plan=None):
        return self.finish(self.start(*arguments, plan=plan))

    def expect(self, *arguments, codes=(0,)):
        result = self.tool(*arguments)
        if result.code not in codes:
            raise Fault(f"exit code {result.code}, not {' or '.join(map(str, codes))}: {result}")
        return result


class Places:
    """Makes places below one folder, in memory where there is room for that, and removes them again."""

    def __init__(self, parent=None):
        parent = parent or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.folder = tempfile.mkdtemp(prefix="blobstore-campaign-", dir=parent)
        os.chmod(self.folder, 0o755)
        self.numbers = itertools.count(1)  # asked by several threads at once

    def name(self):
        return Place(os.path.join(self.folder, f"{next(self.numbers):08}"))

    def new(self):
        place = self.name()
        os.mkdir(place.folder)
        return place

    def copy(self, place):
        """The same with other names: what stands in records as a URL is rewritten, times are kept."""
        copied = self.name()
        subprocess.run(["cp", "-a", place.folder, copied.folder], check=True)
        rename_inside(copied.folder, place.folder, copied.folder)
        return copied

    def drop(self, place):
        shutil.rmtree(place.folder, ignore_errors=True)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def rename_inside(folder, old, new):
    """Puts one path in another's place in all records below a folder."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if ".json" not in os.path.join(parent, name):
                continue
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                content = file.read()
            if os.fsencode(old) not in content:
                continue
            status = os.stat(path)
            with open(path, "r+b") as file:
                file.write(content.replace(os.fsencode(old), os.fsencode(new)))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
