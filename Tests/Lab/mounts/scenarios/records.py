"""What a storage promises, asked of it from two machines."""

import os
import subprocess
import time

from machines import Failed


class Servant:
    """A process on a client that does one thing with records after the other, and says what came of it."""

    def __init__(self, client, root):
        self.name = client.name
        self.process = client.machine.popen(
            f"exec timeout 1800 /root/programs/lab-client answer {root}", stdin=subprocess.PIPE)
        assert self.hear() == "ready"

    def tell(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.kill()
            raise Failed(f"{self.name}'s process ended: {self.process.communicate()[1]}")
        return line.strip()

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def together(servants, *words):
    """All are told before one is heard."""
    for servant in servants:
        servant.tell(*(word.replace("ME", servant.name) for word in words))
    return [servant.hear() for servant in servants]


def fresh_place(lab, kind):
    lab.scenarios += 1
    return f"/mnt/{kind}/{lab.scenarios}"


def races(lab, kind):
    """two machines race for one record: one wins, the other is told that it lost, and both read what won"""
    place, rounds = fresh_place(lab, kind), 200 if lab.is_long else 25
    with Servant(lab.one, place) as one, Servant(lab.two, place) as two:
        for number in range(rounds):
            servants = lab.random.sample([one, two], 2)
            # A record that is not there, and the same again over what both have read.
            for turn in ("first", "second"):
                key = f"races/{number}.json"
                together(servants, "read", key)
                outcomes = together(servants, "write", key, f"{turn}-ME")
                assert sorted(outcomes) == ["lost", "won"], f"round {number}, {turn}: {outcomes}"
                winner = servants[outcomes.index("won")].name
                assert together(servants, "read", key) == [f"={turn}-{winner}"] * 2, f"round {number}, {turn}"
    return f"{2 * rounds} races"


def visible_at_once(lab, kind):
    """what one machine was told is written, the other reads at once, whatever it saw there before"""
    place, rounds = fresh_place(lab, kind), 100 if lab.is_long else 10
    with Servant(lab.one, place) as one, Servant(lab.two, place) as two:
        for number in range(rounds):
            writer, reader = lab.random.sample([one, two], 2)
            key = f"folder-{number % 3}/{number}.json"
            assert reader.ask("read", key) == "=-"
            for value in ("first", "second", "third"):
                assert writer.ask("write", key, value) == "won"
                found = reader.ask("read", key)
                assert found == f"={value}", f"round {number}: {found}, not {value}"
    return f"{3 * rounds} readings"


def clock_offset(servant, tries=30):
    """By how much a machine's clock is ahead of this one's, in nanoseconds: at least and at most."""
    low, high = None, None
    for _ in range(tries):
        before = time.monotonic_ns()
        there = int(servant.ask("clock"))
        after = time.monotonic_ns()
        low = there - after if low is None else max(low, there - after)
        high = there - before if high is None else min(high, there - before)
    return low, high


def on_our_clock(line, offsets):
    """A line of a journal, its times widened by what is not known about the other clock: no false alarm comes of it."""
    words = line.split()
    low, high = min(low for low, _ in offsets), max(high for _, high in offsets)
    return " ".join([*words[:5], str(int(words[5]) - high), str(int(words[6]) - low)])


def history(lab, kind):
    """two processes on each machine read and write one record by chance: the history is linearizable"""
    place, count = fresh_place(lab, kind), 150 if lab.is_long else 25
    clients = [lab.one, lab.two]
    with Servant(lab.one, place) as one, Servant(lab.two, place) as two:
        offsets = [[clock_offset(servant)] for servant in (one, two)]
        processes = [
            (index, client.machine.popen(
                f"exec timeout 1800 /root/programs/register-client {place} some/record.json {client.name}-{number} "
                f"{count} {lab.seed + 10 * index + number}"))
            for index, client in enumerate(clients) for number in range(2)]
        journals = [(index, process.communicate(timeout=1800)[0]) for index, process in processes]
        assert all(process.returncode == 0 for _, process in processes), [p.returncode for _, p in processes]
        for offset, servant in zip(offsets, (one, two)):
            offset.append(clock_offset(servant))
    lines = [
        on_our_clock(line, offsets[index]) for index, journal in journals for line in journal.splitlines()
        if len(line.split()) == 7]
    judge = subprocess.run(
        [os.path.join(lab.programs, "lab-client"), "judge"], input="\n".join(lines), stdout=subprocess.PIPE, text=True,
        timeout=600)
    assert judge.returncode == 0, judge.stdout
    operations, wins = (int(word) for word in judge.stdout.split())
    assert operations == 4 * count and wins > count / 4, judge.stdout
    unsure = max(high - low for pair in offsets for low, high in pair) / 1e6
    return f"{operations} operations, {wins} writes that won, clocks known to {unsure:.1f} ms"


def conformance(lab, kind):
    """the conformance suite passes, run on both machines at once"""
    place, many = fresh_place(lab, kind), 600 if lab.is_long else 100
    processes = [
        client.machine.popen(
            f"mkdir -p {place} && exec timeout 3600 /root/programs/lab-client conformance {place}/{client.name} {many}")
        for client in (lab.one, lab.two)]
    outputs = [process.communicate(timeout=3700)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), "\n".join(outputs)
    return outputs[0].splitlines()[-1]
