"""Servers under load: a node of ours, nginx beside it, and wrk, which asks both in turn."""

import json
import os
import socket
import statistics
import subprocess
import time
import urllib.request

from race import spread

TICKS = os.sysconf("SC_CLK_TCK")
NGINX = """
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4000; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_buffer_size 1m;
    client_body_temp_path {folder}/body;
    server {{
        listen 127.0.0.1:{port};
        root {files};
        location / {{ dav_methods PUT; create_full_put_path on; }}
    }}
}}
"""


class Server:
    """A server as a process with its children, on a port of its own."""

    def __init__(self, bench, name, files):
        self.bench, self.name, self.files = bench, name, files
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.path, self.headers = "", {}

    def __enter__(self):
        with open(self.bench.path(self.name + ".log"), "w") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.bench.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, f"{self.name} does not answer"
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(120)

    def answers(self):
        try:
            urllib.request.urlopen(self.url + self.probe, timeout=5).close()
            return True
        except OSError as failure:
            return self.probe == "/" and hasattr(failure, "code")

    def processes(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [self.process.pid, *map(int, file.read().split())]

    def processor_seconds(self):
        ticks = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def memory_bytes(self):
        """What all its processes hold that is theirs alone, so that nothing shared is counted twice."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Private_"))
        return total * 1024


class OurNode(Server):
    """A node that serves the feed "f"."""

    probe = "/health/ready"

    def __init__(self, bench, files):
        super().__init__(bench, "blobnode", files)
        self.path = "/feeds/f/packages"
        bench.make_feed()
        if files:
            bench.ours("import", "f", files)
        said = subprocess.run(
            [bench.blobtool, "key", "create", "--scope", "publish", "--format", "json"], check=True, text=True,
            env=bench.environment(), stdout=subprocess.PIPE)
        self.headers = {"Authorization": "Bearer " + json.loads(said.stdout)["secret"]}

    def command(self):
        program = os.environ.get("BLOBNODE", os.path.join(os.path.dirname(self.bench.blobtool), "blobnode"))
        return [program, "--listen", f"127.0.0.1:{self.port}", "--drain", "0s", "--anonymous-read", "all", "-q"]


class Nginx(Server):
    """nginx, which serves and takes the same files as they are. What it took is not durable."""

    probe = "/"

    def __init__(self, bench, files):
        super().__init__(bench, "nginx", files or bench.path("taken"))

    def command(self):
        folder = self.bench.path("nginx")
        os.makedirs(os.path.join(folder, "body"), exist_ok=True)
        os.makedirs(self.files, exist_ok=True)
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w") as file:
            file.write(NGINX.format(folder=folder, port=self.port, files=self.files))
        # Started by root it would serve as an account that cannot read here.
        user = "user root; " if os.getuid() == 0 else ""
        return ["/usr/sbin/nginx", "-p", folder, "-c", config, "-g", user + "daemon off;"]


class Load:
    """What wrk came to, and what that took."""

    def __init__(self, found, processor_seconds, memory_bytes):
        seconds = found["microseconds"] / 1e6
        self.requests, self.bytes = found["requests"] / seconds, found["bytes"] / seconds
        self.milliseconds = {key: found[key] / 1e3 for key in ("p50", "p99")}
        done = max(found["requests"], 1)
        self.processor_seconds = {"requests": processor_seconds / done,
                                  "bytes": processor_seconds / max(found["bytes"], 1)}
        self.memory_bytes = memory_bytes


class Contest:
    """One kind of load on several servers, each in turn in each round. The first is ours."""

    def __init__(self, bench, title, servers, unit="requests"):
        self.bench, self.title, self.servers, self.unit = bench, title, servers, unit

    def run(self, method, connections, paths=(), size=0):
        print(f"\n{self.title}", flush=True)
        loads = {server: [] for server in self.servers}
        for number in range(self.bench.rounds + 1):
            first = number % len(self.servers)
            for server in self.servers[first:] + self.servers[:first]:
                load = self.once(server, method, connections, paths, size, number)
                if number > 0:  # The first round only warms up.
                    loads[server].append(load)
        return self.told(loads)

    def once(self, server, method, connections, paths, size, number):
        names = self.bench.path("paths")
        with open(names, "w") as file:
            file.writelines(f"{server.path}/{path}\n" for path in paths)
        seconds = self.bench.size(10, 3)
        threads = min(2, connections)
        more = {"METHOD": method, "PATHS": names, "FOLDER": f"{server.path}/round-{number}", "SIZE": str(size),
                "HEADERS": "\n".join(f"{name}: {value}" for name, value in server.headers.items())}
        began = server.processor_seconds()
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
        said = subprocess.run(
            [self.bench.tool("wrk"), f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
             "-s", script, server.url], env=self.bench.environment(more), check=True, text=True,
            stdout=subprocess.PIPE)
        found = json.loads(said.stdout.splitlines()[-1])
        assert found["errors"] == 0, f"{server.name}: {found}"
        return Load(found, server.processor_seconds() - began, server.memory_bytes())

    def told(self, loads):
        results = []
        ours = loads[self.servers[0]]
        for server in self.servers:
            theirs, unit = loads[server], self.unit
            result = {
                "work": self.title, "name": server.name, "rounds": len(theirs), "unit": unit,
                "perSecond": spread([getattr(load, unit) for load in theirs]),
                "processorSecondsEach": statistics.median(load.processor_seconds[unit] for load in theirs),
                "milliseconds": {key: statistics.median(load.milliseconds[key] for load in theirs)
                                 for key in ("p50", "p99")},
                "peakBytes": max(load.memory_bytes for load in theirs),
            }
            if theirs is not ours:
                pairs = list(zip(ours, theirs))
                result["rateRatio"] = spread([getattr(a, unit) / getattr(b, unit) for a, b in pairs])
                result["processorRatio"] = spread([
                    a.processor_seconds[unit] / max(b.processor_seconds[unit], 1e-12) for a, b in pairs])
            results.append(result)
            print(line(result), flush=True)
        return results


def line(result):
    scale, unit, each = (1e6, "MB/s", "ns/B") if result["unit"] == "bytes" else (1, "/s", "µs")
    rate = result["perSecond"]
    processor = result["processorSecondsEach"] * (1e9 if result["unit"] == "bytes" else 1e6)
    text = (f"    {result['name']:12} {rate['median'] / scale:9.0f} {unit} "
            f"({rate['least'] / scale:.0f} to {rate['most'] / scale:.0f})  CPU {processor:7.2f} {each}"
            f"  {result['peakBytes'] / 1e6:4.0f} MB")
    if result["unit"] == "requests":
        text += "  p50 {p50:.2f} ms, p99 {p99:.2f} ms".format(**result["milliseconds"])
    if "rateRatio" in result:
        ratio, used = result["rateRatio"], result["processorRatio"]
        text += (f"   ours/this: rate {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f}),"
                 f" CPU {used['median']:.2f}")
    return text
