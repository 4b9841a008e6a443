"""What every work is measured with: a place on disk, data, servers, and processes whose use is counted."""

import os
import random
import shutil
import subprocess
import tempfile
import time

from laboratory import REPOSITORY
from servers import Server

TOOLS = os.environ.setdefault("BLOBSTORE_S3_TOOLS", os.path.join(
    os.environ.get("TMPDIR", "/tmp"), f"blobstore-s3-{os.getuid()}", "tools"))


class Usage:
    """What a command took."""

    def __init__(self, seconds, usage):
        self.seconds = seconds
        self.processor_seconds = usage.ru_utime + usage.ru_stime
        self.peak_bytes = usage.ru_maxrss * 1024  # of the largest process


class Bench:
    def __init__(self, blobtool, rounds, is_full):
        self.blobtool, self.rounds, self.is_full = os.path.abspath(blobtool), rounds, is_full
        self.started = []

    def __enter__(self):
        # Beside the repository or where TMPDIR says: not in memory, where nothing is durable.
        self.directory = tempfile.mkdtemp(prefix="blobstore-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
        self.root = self.path("root")
        return self

    def __exit__(self, *_):
        for server in self.started:
            self.script(server, "stop", keep="0")
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def size(self, full, short):
        return full if self.is_full else short

    # Data.

    def files(self, name, count, size):
        """A folder of so many files of random bytes, 100 in a folder; made once."""
        folder = self.path(name)
        if not os.path.exists(folder):
            dice = random.Random(count * size)
            block = dice.randbytes(1 << 20)
            for number in range(count):
                parent = os.path.join(folder, f"{number // 100:04}")
                os.makedirs(parent, exist_ok=True)
                with open(os.path.join(parent, f"package-{number:06}.bin"), "wb") as file:
                    self.fill(file, dice, block, size)
            os.sync()
        return folder

    @staticmethod
    def fill(file, dice, block, size):
        """Each block begins with bytes of its own, so that nothing is the same twice."""
        while size > 0:
            piece = dice.randbytes(32) + block[32:min(size, len(block))] if size > 32 else dice.randbytes(size)
            file.write(piece)
            size -= len(piece)

    def fresh(self, *places):
        """Sees that nothing is there."""
        for place in places:
            subprocess.run(["rm", "-rf", place], check=True)

    # Commands.

    def environment(self, more=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("BLOBSTORE_") or k == "BLOBSTORE_S3_TOOLS"}
        path = os.path.join(TOOLS, "bin") + ":" + env["PATH"]
        return {**env, "BLOBSTORE_ROOT": self.root, "HOME": self.directory, "PATH": path, **(more or {})}

    def tool(self, name):
        """An executable among the installed peers or on the machine; None where it is missing."""
        return shutil.which(name, path=self.environment()["PATH"])

    def ours(self, *arguments, root=None):
        """blobtool, not measured."""
        more = {"BLOBSTORE_ROOT": root} if root else None
        subprocess.run([self.blobtool, *arguments, "-q"], check=True, env=self.environment(more),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def make_feed(self, feed="f", url=None):
        """A new server root on disk, with a feed that stands at a place of its own where that is given."""
        self.fresh(self.root)
        self.ours("init", self.root)
        self.ours("feed", "create", feed, *(["--feed-root", url] if url else []))

    def measure(self, command, more=None):
        """Runs a command and waits for its end; fails with what it said where it fails."""
        with open(self.path("said"), "w+") as said:
            started = time.monotonic()
            process = subprocess.Popen(command, env=self.environment(more), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=said, cwd=self.directory)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            assert process.returncode == 0, f"{command}: exit {process.returncode}\n{said.read()[-2000:]}"
        return Usage(seconds, usage)

    # Servers.

    def servers(self):
        """Ceph and SeaweedFS with their data on disk: started for this run alone, unless BLOBSTORE_S3_HOME names a
        folder where they run already."""
        os.environ.setdefault("BLOBSTORE_S3_HOME", self.path("servers"))
        os.environ.setdefault("BLOBSTORE_S3_PORTS", "31000")
        found = []
        for name in ("ceph", "seaweed"):
            if self.script(name, "status", must=False).returncode != 0:
                self.started.append(name)
                self.script(name, "start")
            lines = self.script(name, "env").stdout.replace("export ", "").splitlines()
            settings = dict(line.split("=", 1) for line in lines)
            os.environ.update({k: v for k, v in settings.items() if k[:3] in ("AWS", "S3_")})
            found.append(Server(name, os.environ.pop("AWS_ENDPOINT_URL_S3")))
        return found

    def compact(self, server):
        """Sees that the server has freed what was deleted: by themselves they do it hours later."""
        if server.name == "ceph":
            config = os.path.join(os.environ["BLOBSTORE_S3_HOME"], "ceph", "ceph.conf")
            self.measure(["radosgw-admin", "-c", config, "gc", "process", "--include-all"])
        else:
            port = int(server.endpoint.rsplit(":", 1)[1])
            steps = "lock\nvolume.vacuum -garbageThreshold=0.01\nunlock\n"
            subprocess.run([self.tool("weed"), "shell", f"-master=127.0.0.1:{port + 1}.{port + 2}"], input=steps,
                           text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           cwd=self.directory)

    @staticmethod
    def script(name, verb, keep="1", must=True):
        return subprocess.run([os.path.join(REPOSITORY, "scripts", "s3-server"), name, verb], check=must, text=True,
                              env={**os.environ, "KEEP": keep}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
