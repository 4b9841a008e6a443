"""Nodes while what they stand on changes: their feed moves, their storage goes away, a key is revoked."""

import hashlib
import http.client
import os
import threading
import time

from laboratory import wait_until
from servers import fresh_prefix, servers

from .crew import Load, Nodes, request
from .failover import everything_is_there


class SlowDownload(threading.Thread):
    """One large package, read so slowly that it lasts for as long as the test wants."""

    PIECE = 1 << 20

    def __init__(self, port, path):
        super().__init__(daemon=True)
        self.port, self.path = port, path
        self.digest, self.failure, self.hurries = hashlib.sha256(), None, threading.Event()
        self.begun = threading.Event()

    def run(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", self.path)
            answer = connection.getresponse()
            assert answer.status == 200, answer.status
            while piece := answer.read(self.PIECE):
                self.digest.update(piece)
                self.begun.set()
                self.hurries.wait(0.5)
            connection.close()
        except Exception as failure:
            self.failure = repr(failure)


def a_feed_moves(lab):
    """a feed moves from a disk to a bucket and its former root is deleted, under load and a long download: no request
    fails, without any second try by the clients, and every package is what it was"""
    (server,) = servers("ceph")
    lab.make_root("npm")
    large = lab.random.randbytes(48 << 20)
    lab.tool("push", "npm", lab.write("large", large), "--as", "large").expect(0)
    tree = {f"old/{number}": lab.random.randbytes(8_000) for number in range(1_000 if lab.is_long else 300)}
    for name, content in tree.items():
        lab.write(os.path.join("tree", name), content)
    lab.tool("import", "npm", lab.path("tree")).expect(0)
    with Nodes(lab, lab.root, "haproxy") as nodes:
        with Load(nodes, tries=1) as load:
            for name, content in tree.items():
                load.shared[f"/feeds/npm/packages/{name}"] = hashlib.sha256(content).digest()
            download = SlowDownload(nodes.nodes[0].port, "/feeds/npm/packages/large")
            download.start()
            assert download.begun.wait(60), "the download has not begun"
            moved = lab.tool("migrate", "npm", "--to", server.url(fresh_prefix())).expect(0).one("summary")
            assert moved["cutover"], moved
            deletion = lab.start("migrate", "npm", "--delete-source")
            time.sleep(8)
            assert deletion.poll() is None, "the former root was deleted under a download that reads it"
            download.hurries.set()
            lab.finish(deletion).expect(0)
            download.join(120)
            time.sleep(2)
        assert download.failure is None and download.digest.digest() == hashlib.sha256(large).digest(), download.failure
        everything_is_there(lab, load)
        assert not os.path.exists(os.path.join(lab.root, "feeds", "npm", "blobs")), "the former root is still there"
        print(f"         {load.told()}, 0 failed; writers were held for {moved['heldSeconds']:.1f} s", flush=True)


def the_storage_goes_away(lab):
    """the storage is away for a while: the nodes say that they are not ready, lose nothing, make no other root in its
    place, and go on by themselves when it is back"""
    lab.make_root("npm")
    with Nodes(lab, lab.root, "haproxy") as nodes:
        path = "/feeds/npm/packages/a/1"
        assert request(nodes.port, "PUT", path, b"first", nodes.publishing())[0] == 201
        os.rename(lab.root, lab.path("elsewhere"))
        for node in nodes.nodes:
            wait_until(lambda: request(node.port, "GET", "/health/ready")[0] == 503, f"{node.name} is not ready", 60)
            status, headers, body = request(node.port, "PUT", "/feeds/npm/packages/a/2", b"second", nodes.publishing())
            assert status == 503 and headers["Retry-After"], f"without storage: {status} {body[:300]}"
            assert request(node.port, "GET", path)[0] in (200, 503)
        time.sleep(30 if lab.is_long else 5)
        assert not os.path.exists(lab.root), "something was written in the place of the root"
        os.rename(lab.path("elsewhere"), lab.root)
        for node in nodes.nodes:
            wait_until(node.is_ready, f"{node.name} is ready again", 60)
        wait_until(nodes.is_served, "the balancer serves again", 30)
        assert request(nodes.port, "GET", path)[2] == b"first"
        assert request(nodes.port, "PUT", "/feeds/npm/packages/a/2", b"second", nodes.publishing())[0] == 201
    lab.tool("check", "npm", "--content", "all").expect(0)


def a_key_is_revoked(lab):
    """a key that is revoked is refused by every node within one heartbeat, also by those that had just accepted it"""
    lab.make_root("npm")
    with Nodes(lab, lab.root, "haproxy") as nodes:
        for number, node in enumerate(nodes.nodes):
            assert request(node.port, "PUT", f"/feeds/npm/packages/{number}", b"x", nodes.publishing())[0] == 201
        (key,) = lab.tool("key", "list").expect(0).of("key")
        lab.tool("key", "revoke", key["id"]).expect(0)
        time.sleep(10)
        for node in nodes.nodes:
            status, _, body = request(node.port, "PUT", "/feeds/npm/packages/late", b"x", nodes.publishing())
            assert status == 401, f"{node.name} took a revoked key: {status} {body[:300]}"
    assert lab.tool("ls", "npm", "late").expect(0).of("package") == []
