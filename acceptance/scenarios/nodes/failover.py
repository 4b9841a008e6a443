"""Nodes behind a balancer: one dies, all are restarted, what one publishes the next has."""

import hashlib
import time

from laboratory import wait_until
from servers import fresh_prefix, servers

from .crew import Load, Nodes, request


def a_node_dies(lab):
    """a node behind HAProxy is killed by SIGKILL under load and comes back: no read fails, no publication is lost or
    doubled; the same behind nginx"""
    for balancer in ("haproxy", "nginx"):
        lab.root = lab.path("root of", balancer)
        lab.make_root("npm")
        with Nodes(lab, lab.root, balancer) as nodes:
            with Load(nodes, tries=4) as load:
                for node in nodes.nodes if lab.is_long else nodes.nodes[:1]:
                    time.sleep(2)
                    node.kill()
                    time.sleep(4)
                    node.start()
                    time.sleep(3)
            everything_is_there(lab, load)
            print(f"         {balancer}: {load.told()}, 0 failed", flush=True)


def everything_is_there(lab, load):
    """What was reported published is in the feed, with its bytes, once."""
    listed = [line["path"] for line in lab.tool("ls", "npm").expect(0).of("package")]
    assert sorted(listed) == sorted(set(listed))
    missing = {path.removeprefix("/feeds/npm/packages/") for path in load.shared} - set(listed)
    assert not missing, f"reported published, and not there: {sorted(missing)[:5]}"
    lab.tool("check", "npm", "--content", "all").expect(0)


def a_rolling_restart(lab):
    """all nodes behind HAProxy are restarted one after another under load: no request fails, without any second try by
    the clients"""
    lab.make_root("npm")
    with Nodes(lab, lab.root, "haproxy") as nodes:
        with Load(nodes, tries=1) as load:
            for node in nodes.nodes:
                node.stop()
                node.start()
                time.sleep(3)
        everything_is_there(lab, load)
        print(f"         {load.told()}, 0 failed", flush=True)


def what_one_publishes(lab):
    """what was published on one node the next reads at once, where it was absent before: on a disk and on Ceph"""
    count = 1_000 if lab.is_long else 200
    lab.make_root("npm")
    places = {"disk": lab.root}
    for server in servers("ceph"):
        places["ceph"] = server.url(fresh_prefix())
        lab.tool("init", places["ceph"]).expect(0)
        lab.tool("feed", "create", "npm", root=places["ceph"]).expect(0)
    for place, root in places.items():
        with Nodes(lab, root, "haproxy") as nodes:
            read_on_the_next(nodes, count)
        print(f"         {place}: {count} packages", flush=True)


def read_on_the_next(nodes, count):
    ports = [node.port for node in nodes.nodes]
    for number in range(count):
        (one, next_one) = (ports[number % 3], ports[(number + 1) % 3])
        path, content = f"/feeds/npm/packages/p/{number}", f"content {number}".encode()
        status, _, _ = request(next_one, "GET", path)
        assert status == 404, f"{path} before it was published: {status}"
        status, _, body = request(one, "PUT", path, content, nodes.publishing())
        assert status == 201, f"PUT {path}: {status} {body}"
        status, headers, body = request(next_one, "GET", path)
        assert (status, body) == (200, content), f"GET {path} on the next node: {status} {body[:200]}"
        assert headers["ETag"] == f'"sha256:{hashlib.sha256(content).hexdigest()}"', headers["ETag"]


def a_node_sleeps(lab):
    """a node that is stopped by SIGSTOP for longer than its lease, and goes on: requests go to the others, and nothing
    is lost when it wakes"""
    lab.make_root("npm")
    with Nodes(lab, lab.root, "haproxy") as nodes:
        with Load(nodes, tries=4) as load:
            nodes.nodes[0].pause()
            time.sleep(12)
            nodes.nodes[0].resume()
            wait_until(nodes.nodes[0].is_ready, "the node that slept is ready", 60)
            time.sleep(2)
        everything_is_there(lab, load)
        print(f"         {load.told()}, 0 failed", flush=True)
