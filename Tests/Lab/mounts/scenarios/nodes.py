"""Server nodes on the two clients, with nothing in common but the mount."""

import http.client
import time

from lab import wait_until

HERE_BASE, THERE = 18080, 8080
PUBLISHED = 10
# Machines that compute this slowly start a node in half a minute, and a lease is noticed as lost in half a minute.
READY_SECONDS, TAKEOVER_SECONDS, BACK_SECONDS = 180, 180, 300
PAUSE_SECONDS, OUTAGE_SECONDS = 45, 40


class Node:
    """blobnode on a client, and its port as one of this machine."""

    def __init__(self, client):
        self.client, self.port = client, HERE_BASE + client.machine.number
        client.machine.reach(self.port, THERE)

    def start(self):
        self.client.shell(
            f"cd /root && exec setsid blobnode --listen 127.0.0.1:{THERE} --node {self.client.name} "
            "--anonymous-read all >>node.log 2>&1 </dev/null & echo $! >/root/node.pid")
        self.expect_ready(READY_SECONDS)

    def signal(self, name):
        self.client.machine.run(f"kill -{name} $(cat /root/node.pid)")

    def request(self, method, path, body=None, key=None, seconds=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, {"X-Api-Key": key} if key else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def is_ready(self):
        try:
            return self.request("GET", "/health/ready", seconds=15)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def expect_ready(self, seconds, wanted=True):
        wait_until(lambda: self.is_ready() == wanted, f"{self.client.name}: ready is {wanted}", seconds)


def planner(client):
    """The node that holds the planner's lease, as the other machine sees it."""
    result = client.tool("cluster", "status").expect(0, 1)
    return next((line.get("holder") for line in result.of("lease")), None)


def nodes(lab, kind):
    """what one node publishes the other serves at once; when one is killed or sleeps, the other goes on and plans; when
    the file server is away, both say so and come back; nothing is lost"""
    lab.fresh_root(kind, "f")
    key = lab.one.tool("key", "create", "--feed", "f", "--scope", "publish").expect(0).of("key")[0]["secret"]
    pair = [Node(lab.one), Node(lab.two)]
    for node in pair:
        node.start()
    published = {}

    def publish(writer, reader):
        name = f"p{len(published)}"
        published[name] = f"{name} {lab.seed}\n".encode() * 500
        path = f"/feeds/f/packages/{name}"
        status, answer = writer.request("PUT", path, published[name], key)
        assert status == 201, (status, answer)
        assert reader.request("GET", path) == (200, published[name]), f"{name} is not served by the other node"

    for number in range(PUBLISHED):
        publish(pair[number % 2], pair[1 - number % 2])
    survives_a_kill(lab, pair, publish)
    survives_a_pause(pair, publish)
    survives_an_outage(lab, pair)
    publish(*pair)
    for name, content in published.items():
        assert pair[1].request("GET", f"/feeds/f/packages/{name}") == (200, content), name
    for node in pair:
        node.signal("KILL")
    lab.expect_good(lab.one)


def survives_a_kill(lab, pair, publish):
    one, two = pair
    one.signal("KILL")
    publish(two, two)
    wait_until(lambda: planner(lab.two) == "two", "the node that is left plans", TAKEOVER_SECONDS)
    one.start()
    publish(one, two)


def survives_a_pause(pair, publish):
    one, two = pair
    two.signal("STOP")
    publish(one, one)
    time.sleep(PAUSE_SECONDS)
    wait_until(lambda: planner(one.client) == "one", "the node that is awake plans", TAKEOVER_SECONDS)
    two.signal("CONT")
    two.expect_ready(READY_SECONDS)
    publish(two, one)
    assert planner(two.client) == "one", "a node that had slept plans beside the other"


def survives_an_outage(lab, pair):
    """The server's cable is out for a while: nodes say that they are not ready, and come back by themselves."""
    lab.cable.cut("server")
    try:
        for node in pair:
            node.expect_ready(READY_SECONDS, False)
        time.sleep(OUTAGE_SECONDS)
    finally:
        lab.cable.heal("server")
    for node in pair:
        node.expect_ready(BACK_SECONDS)
