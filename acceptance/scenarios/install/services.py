"""The units of the Debian package, run by a real systemd."""

import glob
import os

from laboratory import wait_until

from .booted import Booted
from .debian import fetch, fill, package, purge

TELL = '#!/bin/sh\necho "$@" >>/var/lib/blobstore/told\n'
CONFIGURATION = """
BLOBSTORE_ROOT=/srv/packages
BLOBNODE_LISTEN=127.0.0.1:8080
BLOBSTORE_NOTIFY=/usr/local/bin/tell
"""
UNITS = ["blobnode.service", "blobstore-check.service", "blobstore-check.timer", "blobstore-gc.service",
         "blobstore-gc.timer", "blobstore-notify@check.service"]
TIMERS = ["blobstore-check.timer", "blobstore-gc.timer"]


def installed_services(lab):
    """systemd runs the node and the timers' services of the package, which report, count and tell how they ended"""
    with Booted(lab, package(), "curl") as machine:
        machine.run("dpkg", "--install", "/blobstore.deb")
        sound(machine)
        fill(machine)
        machine.write("etc/blobstore/blobstore.conf", CONFIGURATION, 0o640, "a")
        machine.write("usr/local/bin/tell", TELL, 0o755)
        node(machine)
        upkeep(machine)
        trouble(machine)
        remove(machine)


def sound(machine):
    """systemd understands all that stands in the units, and starts none of them unasked."""
    said = machine.run("systemd-analyze", "verify", "--man=no", *UNITS)
    assert not [line for line in said.err.splitlines() if line.startswith("blob")], said
    for unit in ["blobnode.service", *TIMERS]:
        assert machine.run("systemctl", "is-enabled", unit, code=1).out.strip() == "disabled", unit


def node(machine):
    machine.run("systemctl", "enable", "--now", "blobnode")
    ready = ["curl", "--fail", "--silent", "--retry", "60", "--retry-delay", "1", "--retry-all-errors",
             "http://127.0.0.1:8080/health/ready"]
    machine.run(*ready)
    fetch(machine, 8080)


def upkeep(machine):
    """What the timers start, on good packages."""
    machine.run("systemctl", "enable", "--now", *TIMERS)
    assert all(machine.shown(timer, "NextElapseUSecRealtime") for timer in TIMERS)
    for work in ("check", "gc"):
        machine.run("systemctl", "start", f"blobstore-{work}.service")
        expect_told(machine, f"{work} success 0")
    assert 'blobstore_check_complete{feed="npm"} 1\n' in machine.read("var/lib/blobstore/check.prom")
    assert 'blobstore_gc_removed{feed="npm"} 0\n' in machine.read("var/lib/blobstore/gc.prom")
    assert "<h1>Sound</h1>" in machine.read("var/lib/blobstore/check.html")
    assert "GOOD: " in machine.run("journalctl", "--unit=blobstore-check.service").out


def trouble(machine):
    """Damage stays; a root that is gone is looked for three times more."""
    os.remove(glob.glob(machine.path("srv/packages/feeds/npm/blobs/sha256/*/*"))[0])
    machine.run("systemctl", "start", "blobstore-check.service", code=1)
    expect_told(machine, "check exit-code 1")
    assert 'blobstore_check_errors{feed="npm"} 1\n' in machine.read("var/lib/blobstore/check.prom")
    machine.run("systemctl", "stop", "blobnode")
    os.rename(machine.path("srv/packages"), machine.path("srv/away"))
    machine.write("etc/systemd/system/blobstore-check.service.d/soon.conf", "[Service]\nRestartSec=2s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "reset-failed", "blobstore-check.service")
    machine.run("systemctl", "start", "blobstore-check.service", code=1)
    expect_told(machine, "check exit-code 2", times=4)
    assert machine.shown("blobstore-check.service", "NRestarts") == "3"
    assert "blobstore_check_complete 0\n" in machine.read("var/lib/blobstore/check.prom")
    os.rename(machine.path("srv/away"), machine.path("srv/packages"))
    machine.run("systemctl", "start", "blobnode")


def expect_told(machine, words, times=1):
    """The command of the user's choice was called with these words, so many times, and with no others."""
    told = machine.path("var/lib/blobstore/told")
    wanted = f"{words}\n" * times
    wait_until(lambda: os.path.exists(told) and len(machine.read("var/lib/blobstore/told")) >= len(wanted),
               f"the command is told: {words}", 60)
    assert machine.read("var/lib/blobstore/told") == wanted
    os.remove(told)


def remove(machine):
    """A removal stops what runs, and keeps what was configured; a purge takes the reports, too."""
    assert machine.shown("blobnode.service", "ActiveState") == "active"
    machine.run("dpkg", "--remove", "blobstore")
    for unit in ["blobnode.service", *TIMERS]:
        assert machine.shown(unit, "ActiveState") == "inactive", unit
    assert not glob.glob(machine.path("etc/systemd/system/*.wants/blob*"))
    assert os.path.exists(machine.path("var/lib/blobstore/check.prom"))
    os.remove(machine.path("etc/systemd/system/blobstore-check.service.d/soon.conf"))
    os.rmdir(machine.path("etc/systemd/system/blobstore-check.service.d"))
    purge(machine)
    for name in ("check.prom", "check.html", "gc.prom"):
        assert not os.path.exists(machine.path(f"var/lib/blobstore/{name}")), name
