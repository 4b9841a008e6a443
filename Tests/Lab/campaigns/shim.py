"""The shim: building it, and telling it what to do."""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SHIM = os.path.join(REPOSITORY, ".build", "campaigns", "shim.so")


def build():
    """Compiles the shim when its sources are newer."""
    folder = os.path.join(HERE, "shim")
    sources = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    if os.path.exists(SHIM) and os.path.getmtime(SHIM) > max(map(os.path.getmtime, sources)):
        return
    os.makedirs(os.path.dirname(SHIM), exist_ok=True)
    made = f"{SHIM}.{os.getpid()}"
    compiler = os.environ.get("CC") or shutil.which("cc") or "clang"
    subprocess.run(
        [compiler, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made,
         *[s for s in sources if s.endswith(".c")], "-ldl", "-lpthread"], check=True)
    os.rename(made, SHIM)


class Plan:
    """What the shim does to one process: at the Nth call that touches the case's folder, this happens."""

    def __init__(self, at=0, action="", looks=False, only="", folder=None, keeps_data=False):
        self.at, self.action, self.looks, self.only = at, action, looks, only
        self.folder, self.keeps_data = folder, keeps_data
        self.log_path = None

    def environment(self, folder):
        """The variables for a process of the case in `folder`; its log stands beside that folder."""
        self.log_path = folder + ".log"
        names = {
            "CAMPAIGN_FOLDERS": self.folder or folder, "CAMPAIGN_AT": str(self.at), "CAMPAIGN_ACTION": self.action,
            "CAMPAIGN_MARK": folder + ".mark", "CAMPAIGN_LOG": self.log_path}
        if self.looks:
            names["CAMPAIGN_LOOKS"] = "1"
        if self.only:
            names["CAMPAIGN_ONLY"] = self.only
        if self.keeps_data:
            names["CAMPAIGN_DATA"] = folder + ".data"
        return names

    def log(self):
        """The lines of the log."""
        try:
            with open(self.log_path, encoding="utf-8", errors="surrogateescape") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def calls(self):
        """(number, kind, path) of each call that counted, in order."""
        return [(int(n), kind, path) for _, n, kind, path in
                (line.split(" ", 3) for line in self.log() if line.startswith("call "))]

    def reached(self):
        """What the chosen call was; None when the process ended before it."""
        for number, kind, path in self.calls():
            if number == self.at:
                return f"{kind} {path}"
        return None

    def forget(self):
        for end in (".log", ".mark", ".data"):
            if self.log_path and os.path.exists(self.log_path[:-4] + end):
                os.remove(self.log_path[:-4] + end)
