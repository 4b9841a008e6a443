"""The machines: one file server and two clients under QEMU's software emulation, and the cable between them."""

import os
import shlex
import subprocess
import time

ADDRESSES = {"server": "10.77.0.10", "one": "10.77.0.11", "two": "10.77.0.12"}
BOOT_SECONDS = 300
MEMORY_MEBIBYTES = 768


class Failed(Exception):
    """What a machine did not do, for a person."""


def call(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


class Cable:
    """The bridge that joins the machines. The run has a network namespace of its own, so it exists nowhere else."""

    def lay(self):
        call("ip", "link", "set", "lo", "up")
        call("ip", "link", "add", "cable", "type", "bridge")
        call("ip", "link", "set", "cable", "up")
        for name in ADDRESSES:
            call("ip", "tuntap", "add", "dev", f"to-{name}", "mode", "tap")
            self.heal(name)

    def cut(self, name):
        """What the machine sends and should get is lost from now on; it still sees a link, as behind a dead switch."""
        call("ip", "link", "set", f"to-{name}", "nomaster")

    def heal(self, name):
        call("ip", "link", "set", f"to-{name}", "master", "cable", "up")


class Machine:
    """One virtual machine: started, killed, and told what to run."""

    def __init__(self, name, image, folder, second_disk, is_read_only):
        self.name, self.image, self.folder = name, image, folder
        self.second_disk, self.is_read_only = second_disk, is_read_only
        self.number = list(ADDRESSES).index(name)
        self.port = 22100 + self.number
        self.process = None

    def start(self):
        with open(self.console, "w"), open(self.path("qemu.log"), "a") as log:
            self.process = subprocess.Popen(self._qemu(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_until_ready(self):
        deadline = time.monotonic() + BOOT_SECONDS
        while f"LAB READY {self.name}" not in self.console_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{self.name} did not come up; its console ends:\n{self.console_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self):
        """As if its plug were pulled."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._forget_connection()
            self.process = None

    def start_again(self):
        self.start()
        self.wait_until_ready()

    def popen(self, command, **options):
        """A shell command there, as a process here."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([*self._ssh(), "root@127.0.0.1", command], text=True, **options)

    def run(self, command, seconds=120):
        """A shell command there, to its end; what it printed. Fails when it does."""
        process = self.popen(command)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"{self.name}: not done in {seconds} s: {command}") from None
        if process.returncode != 0:
            raise Failed(f"{self.name}: exit {process.returncode}: {command}\n{out[-1000:]}{err[-1000:]}")
        return out

    def forward(self, port):
        """A port of the machine itself leads to the same port here, until it ends."""
        subprocess.run(
            [*self._ssh(), "-O", "forward", "-R", f"{port}:127.0.0.1:{port}", "root@127.0.0.1"], check=True,
            stdin=subprocess.DEVNULL, timeout=60)

    def reach(self, port, there):
        """A port here leads to that port of the machine, until it ends."""
        subprocess.run(
            [*self._ssh(), "-O", "forward", "-L", f"127.0.0.1:{port}:127.0.0.1:{there}", "root@127.0.0.1"], check=True,
            stdin=subprocess.DEVNULL, timeout=60)

    def write(self, path, content):
        """A file there with these bytes."""
        command = f"mkdir -p {shlex.quote(os.path.dirname(path))} && cat > {shlex.quote(path)}"
        subprocess.run(
            [*self._ssh(), "root@127.0.0.1", command], input=content, check=True, timeout=120,
            stdout=subprocess.DEVNULL)

    def console_text(self):
        with open(self.console, errors="replace") as file:
            return file.read()

    @property
    def console(self):
        return self.path("console")

    def path(self, what):
        return os.path.join(self.folder, f"{self.name}.{what}")

    def _qemu(self):
        settings = f"lab.role={self.name} lab.address={ADDRESSES[self.name]}"
        return [
            # Whatever ends this run, however, the machine ends with it.
            "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=256",
            "-cpu", "max", "-smp", "1", "-m", str(MEMORY_MEBIBYTES), "-M", "pc", "-nodefaults", "-nographic",
            "-no-reboot", "-serial", f"file:{self.console}", "-kernel", f"{self.image}/vmlinuz",
            "-initrd", f"{self.image}/first.gz", "-append",
            # Where the host is busy, a clock that this kernel tests may stand still so long that it gives up.
            f"console=ttyS0 quiet panic=-1 no_timer_check mitigations=off net.ifnames=0 {settings}",
            *disk("root", f"{self.image}/root.img", "snapshot=on"),
            # What the machine flushed need only outlive the machine, never its host: no flush goes to a real disk.
            *disk("second", self.second_disk, "readonly=on" if self.is_read_only else "cache=unsafe"),
            "-netdev", f"user,id=control,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-device", "virtio-net-pci,netdev=control,romfile=",
            "-netdev", f"tap,id=cable,ifname=to-{self.name},script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=cable,romfile=,mac=52:54:00:77:00:1{self.number}",
        ]

    def _ssh(self):
        # One connection carries all commands: setting one up takes a machine that computes this slowly a second.
        options = {
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR",
            "ControlMaster": "auto", "ControlPersist": "yes", "ControlPath": self.path("ssh"),
            "ConnectTimeout": "30", "ServerAliveInterval": "15", "ServerAliveCountMax": "8",
        }
        return ["ssh", "-q", "-F", "none", "-i", f"{self.image}/key", "-p", str(self.port)] + [
            word for key, value in options.items() for word in ("-o", f"{key}={value}")]

    def _forget_connection(self):
        subprocess.run([*self._ssh(), "-O", "exit", "root@127.0.0.1"], check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        if os.path.exists(self.path("ssh")):
            os.remove(self.path("ssh"))


def disk(name, file, option):
    return ["-drive", f"file={file},format=raw,if=none,id={name},{option}", "-device", f"virtio-blk-pci,drive={name}"]
