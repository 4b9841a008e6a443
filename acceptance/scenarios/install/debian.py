"""The Debian package, from its installation to its purge."""

import glob
import os
import shutil

from laboratory import FIXTURES, wait_until

from .machine import Machine
from .release import release
from ..nodes.crew import free_ports, request

ROOT = {"BLOBSTORE_ROOT": "/srv/packages"}


def package():
    path, = glob.glob(os.path.join(glob.escape(release()), "*.deb"))
    return path


def installed_package(lab):
    """the Debian package installs, works, is removed and purged on a machine without Swift and without systemd"""
    machine = Machine(lab, package(), "passwd", "curl")
    assert not any("swift" in name or name == "systemd" for name in machine.packages), machine.packages
    machine.run("dpkg", "--install", "/blobstore.deb")
    assert machine.run("blobtool", "--version").out.startswith("blobtool ")
    fill(machine)
    serves(machine)
    checks(machine)
    machine.run("dpkg", "--remove", "blobstore")
    assert os.path.exists(machine.path("etc/blobstore/blobstore.conf"))
    assert not os.path.exists(machine.path("usr/bin/blobtool"))
    purge(machine)


def fill(machine):
    """As the guide says: storage of the account's own, a root, a feed and packages."""
    shutil.copytree(FIXTURES, machine.path("srv/tree"))
    machine.run("install", "-d", "-o", "blobstore", "-g", "blobstore", "/srv/packages")
    for arguments in (["init", "/srv/packages"], ["feed", "create", "npm", "--anonymous-read"],
                      ["import", "npm", "/srv/tree/npm"]):
        machine.run("blobtool", *arguments, account="blobstore", environment=ROOT)


def first_package(machine):
    return machine.run("blobtool", "ls", "npm", account="blobstore", environment=ROOT).out.splitlines()[0]


def serves(machine):
    port, = free_ports(1)
    node = machine.start("blobnode", "--listen", f"127.0.0.1:{port}", "--drain", "0s", account="blobstore",
                         environment=ROOT)
    try:
        wait_until(lambda: answers(node, port), "the node is ready", 60)
        fetch(machine, port)
    finally:
        node.terminate()
        _, err = node.communicate(timeout=120)
    assert node.returncode == 0, err


def answers(node, port):
    assert node.poll() is None, node.communicate()
    try:
        return request(port, "GET", "/health/ready", timeout=5)[0] == 200
    except OSError:
        return False


def fetch(machine, port):
    """A package over HTTP, by curl on the machine; it is what is stored."""
    name = first_package(machine)
    url = f"http://127.0.0.1:{port}/feeds/npm/packages/{name}"
    machine.run("curl", "--fail", "--silent", "--show-error", "--globoff", url, "--output", "/root/fetched")
    machine.run("blobtool", "pull", "npm", name, "-o", "/root/pulled", environment=ROOT)
    machine.run("cmp", "/root/fetched", "/root/pulled")


def checks(machine):
    machine.run("blobtool", "check", "--content", "all", "--metrics", "/tmp/check.prom", "--html", "/tmp/check.html",
                account="blobstore", environment=ROOT)
    assert 'blobstore_check_complete{feed="npm"} 1\n' in machine.read("tmp/check.prom")
    assert "<h1>Sound</h1>" in machine.read("tmp/check.html")


def purge(machine):
    """Nothing of the package is left, and data is as it was."""
    machine.run("dpkg", "--purge", "blobstore")
    assert not os.path.exists(machine.path("etc/blobstore"))
    assert os.path.exists(machine.path("srv/packages/root.json"))
    for top in ("usr", "etc", "var/lib/dpkg/info"):
        for parent, folders, names in os.walk(machine.path(top)):
            left = [name for name in folders + names if name.startswith(("blobtool", "blobnode", "blobstore"))]
            assert not left, f"{parent} still has {left}"
