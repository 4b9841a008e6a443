"""A server that dies in the middle."""

import os
import time

from servers import fresh_prefix, servers

LIMIT_BYTES = 96 * 1000 * 1000
MEBIBYTE = 1 << 20


def make_large(lab, size):
    path = lab.path("large.bin")
    block = lab.random.randbytes(MEBIBYTE)
    with open(path, "wb") as file:
        for number in range(size // MEBIBYTE):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


def same(one, other):
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            x, y = a.read(MEBIBYTE), b.read(MEBIBYTE)
            if x != y:
                return False
            if not x:
                return True


def over_a_crash(lab, server, *arguments, moved):
    """Runs blobtool; once so many bytes have moved, kills the server and starts it again; returns its peak memory."""
    process = lab.start(*arguments, "--no-progress")
    deadline = time.monotonic() + 300
    while traffic(process.pid) < moved and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, f"it ended before the server was killed\n{lab.finish(process)}"
    server.crash()
    assert process.poll() is None, f"it gave up at once\n{lab.finish(process)}"
    server.start()
    peak = 0
    while process.poll() is None and time.monotonic() < deadline + 600:
        peak = max(peak, peak_memory(process.pid))
        time.sleep(0.05)
    lab.finish(process).expect(0)
    return peak


def traffic(pid):
    """What a process has read and written so far, files and sockets together."""
    try:
        with open(f"/proc/{pid}/io") as file:
            counts = dict(line.split(": ") for line in file.read().splitlines())
        return int(counts["rchar"]) + int(counts["wchar"])
    except (OSError, KeyError, ValueError):
        return 0


def peak_memory(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def large_file_over_a_crash(lab):
    """a large file goes up and comes down in under 96 MB while Ceph and SeaweedFS are killed and started again"""
    size = (3 << 30) if lab.is_long else 300 * MEBIBYTE
    large = make_large(lab, size)
    for server in servers("ceph", "seaweed"):
        lab.root = server.url(fresh_prefix())
        lab.make_root("f")
        up = over_a_crash(lab, server, "push", "f", large, moved=size)
        pulled = lab.path("pulled.bin")
        down = over_a_crash(lab, server, "pull", "f", "large.bin", "-o", pulled, moved=size // 2)
        assert same(large, pulled), "what came down is not what went up"
        os.remove(pulled)
        assert max(up, down) < LIMIT_BYTES, f"{up / 1e6:.0f} MB up, {down / 1e6:.0f} MB down"
        print(f"         {server.name}: {size >> 20} MiB, {up / 1e6:.0f} MB up, {down / 1e6:.0f} MB down", flush=True)
        lab.tool("check", "--content", "all").expect(0)
