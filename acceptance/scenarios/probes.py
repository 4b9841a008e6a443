"""What a place is found to promise, by processes that race in it."""

import os
import signal
import time

from laboratory import tree
from servers import fresh_prefix, servers


def nothing_is_left(lab, server, prefix):
    folder = lab.path("left", server.name)
    server.boto3("get", prefix + "/", folder)
    assert not tree(folder), "something was left behind"


def holding(result):
    return {line["name"]: line["holds"] for line in result.of("guarantee")}


def probed_disk(lab):
    """probe finds a local disk fit for sharing, by itself and with another machine's processes, and leaves nothing"""
    place = lab.path("disk")
    os.makedirs(place)
    os.chmod(place, 0o2770)
    result = lab.tool("probe", place).expect(0)
    assert result.one("verdict") == {
        "type": "verdict", "shared": True, "reasons": [], "advice": [], "certain": True}, result
    for name in (
        "exclusive-create", "compare-and-swap", "visible-create", "complete-listing", "hard-links", "file-flush",
    ):
        assert holding(result)[name], result
    both = [
        lab.start("probe", place, "--workers", "2", "--rendezvous", "monday", "--nodes", "2") for _ in range(2)]
    for node in [lab.finish(process).expect(0) for process in both]:
        details = {line["name"]: line["detail"] for line in node.of("guarantee")}
        assert "of 4 processes" in details["exclusive-create"], details
    assert os.listdir(place) == []
    missing = lab.tool("probe", lab.path("nowhere")).expect(2)
    assert missing.one("error")["code"] == "notFound" and not os.path.exists(lab.path("nowhere")), missing


def interrupted_probe(lab):
    """a probe that is interrupted, at its begin or in its middle, ends its processes and leaves nothing"""
    for seconds in (0, 0, 0, 0.1, 0.3, 1, 2):
        place = lab.path("disk")
        os.makedirs(place)
        process = lab.start("probe", place)
        deadline = time.monotonic() + 30
        while not os.listdir(place):
            assert time.monotonic() < deadline and process.poll() is None, "the probe never began"
            time.sleep(0.001)
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        result = lab.finish(process).expect(143)
        assert os.listdir(place) == [], (seconds, result)
        os.rmdir(place)


def probed_servers(lab):
    """probe finds Ceph and SeaweedFS fit for sharing and JuiceFS' gateway not, says why, and leaves nothing"""
    slow = ["rclone"] if lab.is_long else []
    for server in servers("ceph", "seaweed", "juicefs", *slow):
        prefix = fresh_prefix()
        result = lab.tool("probe", server.url(prefix))
        verdict = result.one("verdict")
        if server.name in ("ceph", "seaweed"):
            assert result.expect(0) and verdict["shared"] and not verdict["reasons"], result
            assert holding(result)["late-removal"], result
        else:
            assert result.expect(1) and not verdict["shared"], result
            assert any("If-None-Match" in reason for reason in verdict["reasons"]), verdict
            assert not holding(result)["conditional-create"], result
        nothing_is_left(lab, server, prefix)
