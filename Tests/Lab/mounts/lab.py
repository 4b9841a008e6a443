"""What every scenario works with: three machines, their mounts, and blobtool on the two clients."""

import json
import os
import random
import shlex
import subprocess
import time

from machines import ADDRESSES, Cable, Failed, Machine

SERVER = ADDRESSES["server"]
# Default options, but for what names the version and the account.
MOUNTS = {
    "nfs3": f"mount -t nfs -o vers=3 {SERVER}:/export/nfs3",
    "nfs4": f"mount -t nfs -o vers=4.2 {SERVER}:/export/nfs4",
    "smb": f"mount -t cifs -o vers=3.1.1,username=root,password=lab //{SERVER}/smb",
}
COMMAND_SECONDS = 600


class Result:
    """How a command ended: exit code, the objects it printed, what it said to a person."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    def of(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    def expect(self, *codes):
        assert self.code in codes, f"exit code {self.code}, not {' or '.join(map(str, codes))}\n{self}"
        return self

    def __str__(self):
        return f"$ {self.command}\nexit {self.code}\n{self.out[-2000:]}\n{self.err[-2000:]}\n"


class Client:
    """A client machine, and blobtool on it. `root` is where commands go unless they say otherwise."""

    def __init__(self, machine):
        self.machine, self.root = machine, None
        self.name = machine.name

    def mount(self, *kinds):
        for kind in kinds:
            self.machine.run(f"mkdir -p /mnt/{kind} && {MOUNTS[kind]} /mnt/{kind}", seconds=180)

    def start(self, *arguments, **options):
        """blobtool as a process here that runs there."""
        return self.machine.popen(self._command(arguments), **options)

    def tool(self, *arguments):
        """blobtool with JSON lines, to its end."""
        return self.finish(self.start(*arguments, "--format", "json"), arguments)

    def finish(self, process, arguments=(), seconds=COMMAND_SECONDS + 30):
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += "\nand it did not end"
        return Result(f"{self.name}: blobtool {shlex.join(arguments)}", process.returncode, out, err)

    def shell(self, script, seconds=COMMAND_SECONDS):
        """A shell script there, in which `blobtool` is on the path; what it printed."""
        return self.machine.run(self._environment() + script, seconds)

    def _command(self, arguments):
        return self._environment() + f"exec timeout -k 5 {COMMAND_SECONDS} blobtool {shlex.join(arguments)}"

    def _environment(self):
        return f"export BLOBSTORE_ROOT={shlex.quote(self.root or '')} HOME=/root PATH=/root/programs:$PATH; "


class Lab:
    """The machines, from their start to their end."""

    def __init__(self, folder, image, programs, is_long):
        self.folder, self.image, self.programs, self.is_long = folder, image, programs, is_long
        self.seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        self.cable = Cable()
        self.scenarios = 0

    def boot(self):
        data, programs = os.path.join(self.folder, "data.img"), os.path.join(self.folder, "programs.img")
        make_disk(data, 4096)
        make_disk(programs, 400, self.programs)
        self.cable.lay()
        self.server = Machine("server", self.image, self.folder, data, False)
        clients = [Machine(name, self.image, self.folder, programs, True) for name in ("one", "two")]
        self.one, self.two = (Client(machine) for machine in clients)
        for machine in (self.server, *clients):
            machine.start()
        for machine in (self.server, *clients):
            machine.wait_until_ready()
        for client in (self.one, self.two):
            self.prepare(client)

    def prepare(self, client):
        """After a client has booted."""
        client.machine.run("cp -r /programs /root/programs")
        client.mount(*MOUNTS)

    def stop(self):
        for machine in (self.one.machine, self.two.machine, self.server):
            machine.kill()

    def restart_server(self, kind):
        """The service behind this kind of mount ends and begins again."""
        self.server.run(f"lab-serve restart-{'smb' if kind == 'smb' else 'nfs'}")

    def fresh_root(self, kind, *feeds, options=()):
        """An empty server root on such a mount, with these feeds, that both clients work with."""
        self.scenarios += 1
        root = f"/mnt/{kind}/{self.scenarios}"
        self.one.root = self.two.root = root
        self.one.tool("init", root).expect(0)
        for feed in feeds:
            self.one.tool("feed", "create", feed, *options).expect(0)
        return root

    def files(self, client, folder, count):
        """So many files of 12 KiB there, each of its own content, and the same whenever they are made."""
        # In one process, since a machine starts them slowly.
        program = (f'for my $n (1..{count}) {{ open(my $file, ">", "package-$n.tgz") or die; '
                   f'print $file substr("{folder} $n\\n" x 2048, 0, 12288); close($file) or die }}')
        client.machine.run(f"mkdir -p {folder} && cd {folder} && perl -e '{program}'", seconds=300)

    def expect_good(self, client, *arguments):
        """`check` finds nothing wrong, and could look everywhere."""
        return client.tool("check", "--content", "all", *arguments).expect(0)


def make_disk(file, mebibytes, content=None):
    with open(file, "w") as disk:
        disk.truncate(mebibytes << 20)
    source = ["-d", content] if content else []
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", *source, file], check=True, stdin=subprocess.DEVNULL)


def wait_until(is_true, what, seconds=120):
    """Waits for something to become true; fails, naming it, when it does not."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise Failed(f"not in {seconds} s: {what}")
        time.sleep(0.05)
