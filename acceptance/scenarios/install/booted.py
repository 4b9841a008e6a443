"""A machine that runs: systemd as its first process, with processes, network and control groups of its own."""

import os
import subprocess
import uuid

from laboratory import Skipped, wait_until

from .machine import Machine

# In a mount namespace of its own: $0 is the machine's root, $1 its control group, $2 how it boots. It goes into the
# group before it makes that the top of what the machine sees.
ENTER = """
set -e
groups=$(mktemp -d) && mount -t cgroup2 cgroup2 "$groups"
mkdir "$groups/$1" && echo 0 >"$groups/$1/cgroup.procs"
umount "$groups" && rmdir "$groups"
exec unshare --pid --uts --ipc --net --cgroup --fork --kill-child sh -c "$2" "$0"
"""
BOOT = """
set -e
mount --bind "$0" "$0" && cd "$0"
mount -t proc proc proc && mount -t sysfs sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs tmp && mount -t tmpfs tmpfs dev && mkdir dev/pts dev/shm
for device in null zero full random urandom tty ptmx; do
    touch dev/$device && mount --bind /dev/$device dev/$device
done
ln -s /proc/self/fd dev/fd
mkdir -p outside && pivot_root . outside && umount -l outside && rmdir outside
exec env -i container=acceptance TERM=dumb /usr/lib/systemd/systemd --system --unit=multi-user.target
"""
# Takes the control groups away that the machine had, once none of its processes is left.
CLEAR = """
groups=$(mktemp -d) && mount -t cgroup2 cgroup2 "$groups"
find "$groups/$0" -depth -type d -exec rmdir {} +
code=$?
umount "$groups" && rmdir "$groups"
exit $code
"""


class Booted(Machine):
    def __init__(self, lab, package, *more):
        super().__init__(lab, package, "systemd", *more)
        if "systemd" not in self.packages:
            raise Skipped("there is no systemd here to give to a machine")
        self.group = f"blobstore-acceptance-{uuid.uuid4().hex}"
        self.outer = self.first = None

    def __enter__(self):
        with open(self.list + ".log", "w") as log:
            self.outer = subprocess.Popen(["unshare", "--mount", "sh", "-c", ENTER, self.root, self.group, BOOT],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self.is_up, "systemd runs as the first process of a machine", 60)
        except AssertionError as error:
            self.__exit__()
            with open(self.list + ".log") as log:
                raise Skipped(f"no systemd of its own can run here: {error} {log.read()}") from error
        return self

    def __exit__(self, *_):
        self.outer.kill()
        self.outer.wait()
        wait_until(self.is_cleared, "the machine's control groups are gone", 30)

    def is_cleared(self):
        cleared = subprocess.run(["unshare", "--mount", "sh", "-c", CLEAR, self.group], capture_output=True)
        return cleared.returncode == 0

    def is_up(self):
        assert self.outer.poll() is None, f"it ended with {self.outer.returncode}:"
        self.first = self.find_first()
        if self.first is None:
            return False
        state = subprocess.run([*self.way_in(), "systemctl", "is-system-running"], capture_output=True, text=True)
        return state.stdout.strip() in ("running", "degraded")

    def find_first(self):
        """The process that is the machine's first: systemd, in namespaces of its own."""
        with open(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children") as file:
            children = file.read().split()
        try:
            for child in children:
                is_apart = os.readlink(f"/proc/{child}/ns/pid") != os.readlink("/proc/self/ns/pid")
                with open(f"/proc/{child}/comm") as file:
                    if is_apart and file.read() == "systemd\n":
                        return child
        except FileNotFoundError:
            pass  # It has ended meanwhile.
        return None

    def way_in(self):
        assert self.first, "the machine does not run"
        return ["nsenter", f"--target={self.first}", "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup",
                "--root", "--wd"]

    def shown(self, unit, name):
        """What systemd says of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).out.strip()
