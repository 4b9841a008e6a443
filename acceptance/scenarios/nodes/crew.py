"""Nodes as processes, a real balancer before them, and clients that load them."""

import contextlib
import hashlib
import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from laboratory import BLOBTOOL, REPOSITORY, Skipped, wait_until

BLOBNODE = os.environ.get("BLOBNODE", os.path.join(os.path.dirname(BLOBTOOL), "blobnode"))


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def request(port, method, path, body=None, headers=None, timeout=60):
    """One request on a connection of its own; returns status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


class Node:
    def __init__(self, lab, name, port, root, *options):
        self.lab, self.name, self.port, self.root, self.options = lab, name, port, root, options
        self.process = None

    def start(self):
        """Returns when it is ready."""
        log = open(self.lab.path(f"{self.name}.log"), "a")
        self.process = subprocess.Popen(
            [BLOBNODE, "--root", self.root, "--listen", f"127.0.0.1:{self.port}", "--node", self.name,
             "--drain", "3s", "--anonymous-read", "all", *self.options],
            env=self.lab.environment(self.root), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_until(self.is_ready, f"{self.name} is ready", 60)

    def is_ready(self):
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}\n{self.words()}"
        try:
            return request(self.port, "GET", "/health/ready", timeout=5)[0] == 200
        except OSError:
            return False

    def words(self):
        with open(self.lab.path(f"{self.name}.log")) as file:
            return file.read()[-2000:]

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def stop(self):
        """An orderly stop, as a service manager does it."""
        self.process.terminate()
        assert self.process.wait(120) == 0, f"{self.name} ended with {self.process.returncode}\n{self.words()}"

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running(lab, count):
    """So many nodes on the laboratory's root, without a balancer."""
    nodes = [Node(lab, f"node-{number + 1}", port, lab.root) for number, port in enumerate(free_ports(count))]
    try:
        for node in nodes:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            if node.process:
                node.kill()


class Nodes:
    """Three nodes on one root, and a balancer before them: `port` is where clients go."""

    def __init__(self, lab, root, balancer):
        self.lab, self.balancer = lab, balancer
        self.port, *ports = free_ports(4)
        self.nodes = [Node(lab, f"node-{number + 1}", port, root) for number, port in enumerate(ports)]
        key = lab.tool("key", "create", "--feed", "npm", "--scope", "publish", "--name", "clients", root=root)
        self.token = key.expect(0).one("key")["secret"]

    def __enter__(self):
        try:
            for node in self.nodes:
                node.start()
            self.front = self.start_balancer()
            wait_until(self.is_served, f"{self.balancer} serves", 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        processes = [node.process for node in self.nodes] + [getattr(self, "front", None)]
        for process in processes:
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(60)

    def start_balancer(self):
        """HAProxy or nginx with the configuration that stands in deploy/, on ports of its own."""
        program = shutil.which(self.balancer, path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise Skipped(f"{self.balancer} is not installed; scripts/setup installs it")
        name = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}[self.balancer]
        with open(os.path.join(REPOSITORY, "deploy", name)) as file:
            text = file.read()
        for number, port in enumerate([self.port] + [node.port for node in self.nodes]):
            text = text.replace(f"127.0.0.1:{8080 + number}", f"127.0.0.1:{port}")
        assert not re.search(r"127\.0\.0\.1:808\d", text), text
        folder = self.lab.path(self.balancer)
        os.makedirs(folder, exist_ok=True)
        config = self.lab.write(os.path.join(self.balancer, name), text)
        command = {"haproxy": [program, "-db", "-f", config],
                   "nginx": [program, "-p", folder, "-c", config, "-g", "daemon off;"]}[self.balancer]
        log = open(self.lab.path(f"{self.balancer}.log"), "w")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        return process

    def is_served(self):
        assert self.front.poll() is None, open(self.lab.path(f"{self.balancer}.log")).read()
        try:
            return request(self.port, "GET", "/health/ready", timeout=5)[0] == 200
        except OSError:
            return False

    def publishing(self):
        return {"Authorization": f"Bearer {self.token}"}


class Client(threading.Thread):
    """Publishes packages and reads what was published, through the balancer, until it is told to end."""

    def __init__(self, nodes, number, shared, tries):
        super().__init__(daemon=True)
        self.nodes, self.number, self.shared, self.tries = nodes, number, shared, tries
        self.random = random.Random(number)
        self.connection = None
        self.failures, self.reads, self.writes = [], 0, 0
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            try:
                if self.random.random() < 0.3 or not self.shared:
                    self.publish()
                else:
                    self.read()
            except Exception as failure:
                self.failures.append(repr(failure))

    def publish(self):
        path = f"/feeds/npm/packages/{self.number}/{self.writes}.bin"
        content = self.random.randbytes(self.random.choice([100, 5_000, 14_000]))
        status, _, body = self.ask("PUT", path, content, self.nodes.publishing())
        # A node may have died between its work and its answer: the second try then finds what the first has done.
        assert status == 201 or status == 200 and self.tries > 1, f"PUT {path}: {status} {body[:300]}"
        self.shared[path] = hashlib.sha256(content).digest()
        self.writes += 1

    def read(self):
        path = self.random.choice(list(self.shared))
        status, _, body = self.ask("GET", path)
        assert status == 200, f"GET {path}: {status} {body[:300]}"
        assert hashlib.sha256(body).digest() == self.shared[path], f"GET {path}: other bytes"
        self.reads += 1

    def ask(self, method, path, body=None, headers=None):
        """One request on the kept connection; as often as clients try where they do."""
        for left in reversed(range(self.tries)):
            try:
                answer = self.once(method, path, body, headers or {})
                if answer[0] < 500 or left == 0:
                    return answer
            except (OSError, http.client.HTTPException):
                self.connection = None
                if left == 0:
                    raise
            time.sleep(0.2)

    def once(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.nodes.port, timeout=60)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.will_close:
            self.connection.close()
            self.connection = None
        return answer.status, answer.headers, content


class Load:
    """Clients at work while something happens to the nodes."""

    def __init__(self, nodes, tries, clients=6):
        self.shared = {}
        self.clients = [Client(nodes, number, self.shared, tries) for number in range(clients)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        wait_until(lambda: len(self.shared) > 20, "the clients have published something", 60)
        return self

    def __exit__(self, kind, *_):
        for client in self.clients:
            client.ending.set()
        for client in self.clients:
            client.join(120)
        if kind is None:
            failures = [failure for client in self.clients for failure in client.failures]
            assert not failures, f"{len(failures)} requests failed, the first: {failures[:3]}"
            assert not any(client.is_alive() for client in self.clients), "a client hangs"

    def told(self):
        return f"{sum(c.reads for c in self.clients)} reads, {sum(c.writes for c in self.clients)} publications"
