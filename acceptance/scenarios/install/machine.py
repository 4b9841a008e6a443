"""A machine without Swift: a folder with a Debian of its own, made of packages that this machine has."""

import glob
import os
import re
import shutil
import subprocess

from laboratory import Result, Skipped

# What no package makes.
FOLDERS = ["dev", "proc", "sys", "run", "tmp", "root", "etc", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "var/tmp",
           "var/log", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"]
# What nobody runs.
DISPENSABLE = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/")


def query(*arguments):
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False).stdout


def installed():
    """Every package of this machine: name to the alternatives of each dependency, and whether all machines have it."""
    form = "${db:Status-Status}\t${Package}\t${Essential}\t${Priority}\t${Pre-Depends}, ${Depends}\n"
    packages = {}
    for line in query("--show", f"--showformat={form}").splitlines():
        status, name, essential, priority, depends = line.split("\t")
        # Something else may be being installed at the same time.
        if status in ("installed", "triggers-pending", "triggers-awaited"):
            packages[name] = (alternatives(depends), essential == "yes" or priority == "required")
    return packages


def alternatives(depends):
    """The names in a Depends field, for each of its parts."""
    parts = [re.findall(r"(?:^|\|)\s*([a-z0-9][a-z0-9+.-]*)", part) for part in depends.split(",")]
    return [part for part in parts if part]


def closure(wanted, packages):
    """The packages with all that they depend on, as far as this machine has it."""
    found, waiting = set(), [name for name in wanted if name in packages]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for names in packages[name][0]:
            waiting += [other for other in names if other in packages][:1]
    return sorted(found)


class Machine:
    """Where a package is installed, removed and purged without anything of it reaching the machine outside.

    It has what every Debian has, what the package depends on, and `more`.
    """

    def __init__(self, lab, package, *more):
        if os.geteuid() != 0:
            raise Skipped("installing a package needs root")
        if not shutil.which("dpkg-query") or not shutil.which("unshare"):
            raise Skipped("there is no dpkg or no unshare here")
        self.root, self.list = lab.path("machine"), lab.path("machine.files")
        depends = subprocess.run(["dpkg-deb", "--field", package, "Depends"], capture_output=True, text=True,
                                 check=True)
        packages = installed()
        wanted = [name for name, (_, is_everywhere) in packages.items() if is_everywhere]
        wanted += [name for names in alternatives(depends.stdout) for name in names] + list(more)
        self.packages = closure(wanted, packages)
        self.copy_files()
        self.copy_database()
        shutil.copy(package, self.path("blobstore.deb"))

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def write(self, name, text, mode=0o644, how="w"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), how) as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def copy_files(self):
        for folder in FOLDERS:
            os.makedirs(self.path(folder))
        for folder in ("tmp", "var/tmp"):
            os.chmod(self.path(folder), 0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            os.symlink(f"usr/{name}", self.path(name))
        files = set()
        for line in query("--listfiles", *self.packages).splitlines():
            if line.startswith("/") and not line.startswith(DISPENSABLE):
                place = os.path.join(os.path.realpath(os.path.dirname(line)), os.path.basename(line))
                if os.path.lexists(place) and not (os.path.isdir(place) and not os.path.islink(place)):
                    files.add(place.lstrip("/"))
        with open(self.list, "w") as names:
            names.write("\0".join(sorted(files - {"bin", "sbin", "lib", "lib64"})))
        script = 'tar -C / --null --no-recursion -cf - -T "$0" | tar -C "$1" -xpf -'
        subprocess.run(["sh", "-c", script, self.list, self.root], check=True)
        for name in ("passwd", "group"):
            shutil.copy(f"/usr/share/base-passwd/{name}.master", self.path(f"etc/{name}"))

    def copy_database(self):
        """So that dpkg knows what is there, and settles dependencies for real."""
        with open(self.path("var/lib/dpkg/status"), "w") as status:
            status.write(query("--status", *self.packages))
        for name in self.packages:
            for file in glob.glob(f"/var/lib/dpkg/info/{name}.*") + glob.glob(f"/var/lib/dpkg/info/{name}:*"):
                shutil.copy(file, self.path("var/lib/dpkg/info"))

    def way_in(self):
        """What leads a command onto the machine; its mounts end with it."""
        script = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
        return ["unshare", "--mount", "sh", "-c", script, self.root]

    def run(self, *command, account=None, environment=None, code=0):
        """A command to its end."""
        process = self.start(*command, account=account, environment=environment)
        out, err = process.communicate(timeout=300)
        return Result(command, process.returncode, out, err).expect(code)

    def start(self, *command, account=None, environment=None):
        """A command as a process on the machine."""
        become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups"] if account else []
        return subprocess.Popen(
            [*self.way_in(), *become, *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive",
                 **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
