"""What a node's clients may cost in memory: readers that hardly read, a large upload, connections that do nothing."""

import hashlib
import os
import resource
import selectors
import socket
import time

from laboratory import Skipped, wait_until

from .crew import Node, free_ports, request

MB = 1_000_000


class Measured:
    """A node of its own, whose memory is looked at."""

    def __init__(self, lab):
        lab.make_root("npm")
        key = lab.tool("key", "create", "--feed", "npm", "--scope", "publish").expect(0).one("key")["secret"]
        self.publishing = {"Authorization": f"Bearer {key}"}
        self.node = Node(lab, "node-1", free_ports(1)[0], lab.root, "--quiet")

    def __enter__(self):
        self.node.start()
        return self

    def __exit__(self, *_):
        self.node.kill()

    @property
    def port(self):
        return self.node.port

    def status(self, name):
        with open(f"/proc/{self.node.process.pid}/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))

    def resident(self):
        return self.status("VmRSS")

    def peak(self):
        """The most it held since it was last reset."""
        return self.status("VmHWM")

    def reset_peak(self):
        with open(f"/proc/{self.node.process.pid}/clear_refs", "w") as file:
            file.write("5")


def expect_files(count):
    """Sees that this process may open so many, and so the nodes that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise Skipped(f"needs {count} open files, of which this account may have {most}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


def make_large_package(lab, size):
    """A file of that size, no two MiB of which are equal; returns its path and its digest."""
    path, digest = lab.path("large.bin"), hashlib.sha256()
    block = lab.random.randbytes(1 << 20)
    with open(path, "wb") as file:
        for number in range(size >> 20):
            piece = number.to_bytes(8, "big") + block[8:]
            file.write(piece)
            digest.update(piece)
    return path, digest.hexdigest()


def slow_readers(lab):
    """500 readers of a large package, half of which stall and half of which read a little now and then, leave a node
    under 165 MB, and a fast reader among them gets it whole"""
    count = 500
    expect_files(4 * count)
    path, digest = make_large_package(lab, 64 << 20)
    with Measured(lab) as measured:
        lab.tool("push", "npm", path).expect(0)
        get = b"GET /feeds/npm/packages/large.bin HTTP/1.1\r\nHost: x\r\n\r\n"
        readers = [connect(measured.port, get) for _ in range(count)]
        try:
            deadline = time.monotonic() + (15 if lab.is_long else 8)
            while time.monotonic() < deadline:
                for reader in readers[::2]:
                    assert reader.recv(16 << 10), "the node closed a connection that is read"
                time.sleep(0.5)
            status, _, body = request(measured.port, "GET", "/feeds/npm/packages/large.bin")
            assert status == 200 and hashlib.sha256(body).hexdigest() == digest, status
            peak, held = measured.peak(), measured.resident()
        finally:
            for reader in readers:
                reader.close()
        print(f"         at most {peak / MB:.0f} MB, {held / MB:.0f} at last", flush=True)
        assert peak <= 165 * MB, f"{peak / MB:.0f} MB"


def connect(port, data=b""):
    """A connection with a small buffer on this side, so that what is not read stays with the node."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
    one.settimeout(60)
    one.connect(("127.0.0.1", port))
    one.sendall(data)
    return one


def large_upload(lab):
    """an upload of 256 MiB takes a node at most 30 MB more than it holds anyway"""
    path, digest = make_large_package(lab, 256 << 20)
    with Measured(lab) as measured:
        for name in ("first", "second"):  # The first shows what is only ever taken once.
            measured.reset_peak()
            before = measured.resident()
            with open(path, "rb") as file:
                headers = {**measured.publishing, "Content-Length": str(os.path.getsize(path))}
                status, answered, body = request(
                    measured.port, "PUT", f"/feeds/npm/packages/{name}.bin", file, headers, timeout=300)
            assert status == 201 and answered["ETag"] == f'"sha256:{digest}"', f"{status} {body[:300]}"
            taken = measured.peak() - before
            print(f"         {name}: {taken / MB:.0f} MB more than {before / MB:.0f}", flush=True)
            assert taken <= 30 * MB, f"{taken / MB:.0f} MB"


def idle_connections(lab):
    """10,000 connections that do nothing after their first request cost a node at most 30 KB each, and it serves on"""
    count = 10_000 if lab.is_long else 2_000
    expect_files(count + 1_000)
    with Measured(lab) as measured:
        before = measured.resident()
        connections = [connect(measured.port) for _ in range(count)]
        try:
            ask_once(connections)
            held = measured.resident() - before
            wait_until(measured.node.is_ready, "the node answers", 30)
        finally:
            for one in connections:
                one.close()
        print(f"         {held / count / 1_000:.1f} KB each, {held / MB:.0f} MB in all", flush=True)
        assert held <= count * 30_000, f"{held / count / 1_000:.1f} KB each"


def ask_once(connections):
    """Sends a request on each, and waits for all answers."""
    with selectors.DefaultSelector() as waiting:
        for one in connections:
            one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            waiting.register(one, selectors.EVENT_READ)
        deadline = time.monotonic() + 60
        while waiting.get_map():
            assert time.monotonic() < deadline, f"{len(waiting.get_map())} have no answer"
            for key, _ in waiting.select(1):
                assert key.fileobj.recv(4096).startswith(b"HTTP/1.1 200"), "a connection was refused"
                waiting.unregister(key.fileobj)
