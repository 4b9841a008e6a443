"""Ours and the peers' in turn, and what that came to."""

import os
import statistics


class Contestant:
    def __init__(self, name, command, before, more):
        self.name, self.command, self.before, self.more = name, command, before, more
        self.usages = []


class Race:
    """One work, done by several tools in each round. The first is ours."""

    def __init__(self, bench, title, rounds=None):
        self.bench, self.title, self.rounds = bench, title, rounds or bench.rounds
        self.contestants, self.missing = [], []

    def add(self, name, command, before=lambda: None, needs=None, more=None):
        """Somebody who does the work by `command`, for which `before` makes way; `more` is for his environment."""
        if needs and not self.bench.tool(needs):
            self.missing.append(name)
        else:
            self.contestants.append(Contestant(name, command, before, more))

    def run(self):
        """Runs all rounds, prints the result and returns it."""
        print(f"\n{self.title}", flush=True)
        for number in range(self.rounds):
            # Each begins in turn, so that none has the best place always.
            first = number % len(self.contestants)
            for contestant in self.contestants[first:] + self.contestants[:first]:
                contestant.before()
                os.sync()
                contestant.usages.append(self.bench.measure(contestant.command, contestant.more))
        for name in self.missing:
            print(f"    {name}: missing on this machine")
        return self.told()

    def told(self):
        ours = self.contestants[0]
        results = []
        for contestant in self.contestants:
            seconds = [u.seconds for u in contestant.usages]
            result = {
                "work": self.title, "name": contestant.name, "rounds": len(seconds),
                "seconds": spread(seconds),
                "processorSeconds": statistics.median(u.processor_seconds for u in contestant.usages),
                "peakBytes": max(u.peak_bytes for u in contestant.usages),
            }
            if contestant is not ours:
                pairs = list(zip(ours.usages, contestant.usages))
                result["timeRatio"] = spread([a.seconds / b.seconds for a, b in pairs])
                result["processorRatio"] = spread([
                    a.processor_seconds / max(b.processor_seconds, 0.001) for a, b in pairs])
            results.append(result)
            print(line(result), flush=True)
        return results


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def line(result):
    seconds = result["seconds"]
    text = (f"    {result['name']:28} {seconds['median']:8.3f} s ({seconds['least']:.3f} to {seconds['most']:.3f})"
            f"  CPU {result['processorSeconds']:7.3f} s  {result['peakBytes'] / 1e6:4.0f} MB")
    if "timeRatio" in result:
        time, processor = result["timeRatio"], result["processorRatio"]
        text += (f"   ours/this: time {time['median']:.2f} ({time['least']:.2f} to {time['most']:.2f}),"
                 f" CPU {processor['median']:.2f}")
    return text
