"""Jobs of three nodes: the planner and a node at work are killed, a node sleeps; the job goes on, each part once."""

import glob
import json
import os
import time

from laboratory import wait_until

from .crew import Node, free_ports

SIZE = 1 << 20
PACKAGES = 64
TAKEOVER_SECONDS = 15


class Crew:
    """Three nodes on one root, each of which reads 2 MB a second for jobs."""

    def __init__(self, lab, rate="2MB"):
        self.lab = lab
        self.nodes = [Node(lab, f"node-{number + 1}", port, lab.root, "--job-rate", rate)
                      for number, port in enumerate(free_ports(3))]

    def __enter__(self):
        try:
            for node in self.nodes:
                node.start()
            wait_until(lambda: self.planner() is not None, "a node plans", 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.resume()
                node.process.kill()
                node.process.wait(60)

    def planner(self):
        """The node that holds the lease, by its record."""
        found = record(self.lab.root, "cluster/leases/planner.json")
        return found and (found.get("holder") or {}).get("node")

    def node(self, name):
        return next(node for node in self.nodes if node.name == name)


def record(root, path):
    """A record as it stands in the root (docs/layout.md); nil where it is not there, or just changing."""
    place = os.path.join(root, path)
    try:
        names = os.listdir(place + "~") if os.path.isdir(place + "~") else []
        latest = max((name for name in names if name.isdigit()), key=int, default=None)
        with open(os.path.join(place + "~", latest) if latest else place) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def make_feed(lab):
    """A feed of many packages of one MiB, and no schedule that interferes."""
    lab.make_root()
    lab.tool("feed", "create", "npm", "--verify", "never").expect(0)
    tree = lab.path("tree")
    os.makedirs(tree)
    for number in range(PACKAGES):
        with open(os.path.join(tree, f"{number}.bin"), "wb") as file:
            file.write(lab.random.randbytes(SIZE))
    lab.tool("import", "npm", tree).expect(0)


class Watch:
    """Looks at a job's record, and finds each rule that is broken: what has ended stays as it is, terms only grow."""

    def __init__(self, lab, job):
        self.lab, self.path, self.former = lab, f"cluster/jobs/{job}.json", None

    def look(self):
        """The parts by name; fails when one has changed after its end."""
        found = record(self.lab.root, self.path)
        if found is None:
            return self.former or {}
        shards = {shard["name"]: shard for shard in found["shards"]}
        for name, shard in (self.former or {}).items():
            assert shards[name]["term"] >= shard["term"], f"the term of {name} fell"
            if shard["state"] in ("done", "failed"):
                assert shards[name] == shard, f"{name} was changed after it had ended"
        self.former = shards
        return shards

    def at_work(self):
        """The parts that a node is at and of which something is done."""
        return {name: shard for name, shard in self.look().items()
                if shard["state"] == "claimed" and shard.get("checkpoint")}


def start_check(lab):
    job = lab.tool("cluster", "run", "check", "npm", "--content", "all").expect(0).one("job")["id"]
    return job, Watch(lab, job)


def expect_done(lab, job, watch):
    """The job ends well, all parts of it."""
    wait_until(lambda: all(s["state"] == "done" for s in watch.look().values()), "the job is done", 120)
    lines = lab.tool("cluster", "jobs", job).expect(0)
    assert lines.one("job")["state"] == "done" and lines.one("job")["result"]["errors"] == 0, lines
    return watch.look()


def resumed(watch, dead, parts):
    """The parts of dead nodes that another has resumed, not before their checkpoints."""
    found = set()
    for name, shard in watch.look().items():
        if name not in parts or shard["term"] <= parts[name]["term"]:
            continue
        assert shard["node"] not in dead, f"{name} is resumed by {shard['node']}"
        assert int(shard["checkpoint"][:2], 16) >= int(parts[name]["checkpoint"][:2], 16), shard
        found.add(name)
    return found


def put_to_sleep(crew, watch):
    """Stops a node that is at a part, and returns it with what it is at; another one where it had just ended that."""
    while True:
        wait_until(watch.at_work, "a node is at a part", 60)
        sleeper = crew.node(next(iter(watch.at_work().values()))["node"])
        sleeper.pause()
        time.sleep(0.5)
        parts = {name: shard for name, shard in watch.at_work().items() if shard["node"] == sleeper.name}
        if parts:
            return sleeper, parts
        sleeper.resume()


def jobs_outlive_nodes(lab):
    """three nodes share a check; SIGKILL takes the planner and another node that is at a part: within 15 s a third one
    plans, and resumes a part of theirs from its checkpoint"""
    make_feed(lab)
    with Crew(lab) as crew:
        job, watch = start_check(lab)
        planner = crew.planner()
        wait_until(lambda: {planner} < {s["node"] for s in watch.at_work().values()},
                   "the planner and another node are at it", 60)
        other = next(s["node"] for s in watch.at_work().values() if s["node"] != planner)
        dead = {planner, other}
        for name in dead:
            crew.node(name).kill()
        killed = time.monotonic()
        parts = {name: shard for name, shard in watch.at_work().items() if shard["node"] in dead}
        assert parts, "the dead nodes were at nothing"
        times = {}
        while len(times) < 2:
            passed = time.monotonic() - killed
            assert passed <= TAKEOVER_SECONDS, f"after {passed:.1f} s only: {times}"
            if crew.planner() not in dead | {None}:
                times.setdefault("another plans", round(passed, 1))
            if resumed(watch, dead, parts):
                times.setdefault("a part is resumed", round(passed, 1))
            time.sleep(0.05)
        expect_done(lab, job, watch)
        status = lab.tool("cluster", "status").expect(0, 1)
        assert status.one("lease")["holder"] not in dead, status
        print(f"         {times}", flush=True)


def a_sleeper_finishes_nothing(lab):
    """a node at a part is stopped by SIGSTOP beyond its claim: another does the part, and the one that wakes by SIGCONT
    does not finish it a second time"""
    make_feed(lab)
    with Crew(lab) as crew:
        job, watch = start_check(lab)
        sleeper, parts = put_to_sleep(crew, watch)
        wait_until(lambda: resumed(watch, {sleeper.name}, parts), "another resumes a part", 60)
        taken = resumed(watch, {sleeper.name}, parts)
        sleeper.resume()
        shards = expect_done(lab, job, watch)
        for _ in range(60):
            watch.look()
            time.sleep(0.05)
        wait_until(sleeper.is_ready, "the node that slept is ready", 60)
        assert all(shards[name]["term"] > parts[name]["term"] for name in taken), (taken, shards)
        read = sum(shard["result"].get("bytesRead", 0) for shard in shards.values())
        assert read == PACKAGES * SIZE, f"{read} bytes were read of {PACKAGES * SIZE}"
        assert not glob.glob(os.path.join(lab.root, "feeds/npm/staging/*"))
