"""What the campaigns share: cases in parallel, samples by a seed, and the account of what was found."""

import concurrent.futures
import random
import shlex
import threading
import time
import traceback

from place import Fault
from shim import Plan
from verdict import Reference


class Options:
    """How much of a campaign is run, and on what."""

    def __init__(self, places, seed, sample, pool, at=None, action=None, keep=False):
        self.places, self.seed, self.sample, self.pool = places, seed, sample, pool  # whose threads run the cases
        self.at, self.action, self.keep = at, action, keep

    def random(self, *names):
        return random.Random(":".join(map(str, (self.seed, *names))))


class Case:
    """One disturbance: the number of a call, what happens there, and what is added to it by a campaign."""

    def __init__(self, at, action, extra=""):
        self.at, self.action, self.extra = at, action, extra
        self.states = 1  # how many ways of going on were judged
        self.call = ""  # which call it was; none where the process ended before

    def __str__(self):
        return f"--at {self.at} --action {shlex.quote(self.action + self.extra)}"


class Account:
    """Counts cases and keeps the faults of one command under one campaign."""

    def __init__(self, campaign, command):
        self.campaign, self.command = campaign, command
        self.calls = self.cases = self.unreached = 0
        self.faults = []
        self.lock = threading.Lock()
        self.started = time.monotonic()

    def add(self, case, fault):
        with self.lock:
            self.cases += case.states
            self.unreached += case.at > 0 and case.call is None
            if fault:
                self.faults.append((case, fault))

    def line(self):
        took = time.monotonic() - self.started
        unreached = f", {self.unreached} ended before their call" if self.unreached else ""
        return (f"{self.campaign:6} {self.command:22} {self.calls:4} calls {self.cases:5} cases "
                f"{len(self.faults):3} faults  {took:6.1f} s{unreached}")


def chosen(cases, command, options, *names):
    """All cases, or a sample of them that the seed names; only the one that is to be replayed."""
    cases = list(cases)
    if options.action:
        cases = [c for c in cases if c.action + c.extra == options.action]
    if options.at:
        return [c for c in cases if c.at == options.at]
    most = options.sample or command.most
    if most and len(cases) > most:
        cases = options.random(command.name, *names).sample(cases, most)
    return sorted(cases, key=lambda c: (c.at, c.action, c.extra))


def run_case(run, reference, case, options, account):
    """Runs one case on a fresh copy of its root."""
    place = options.places.copy(reference.template)
    fault = None
    try:
        run(reference, place, case, options)
    except Fault as found:
        fault = str(found)
    except Exception:
        fault = traceback.format_exc()
    if fault:
        fault += "\n" + "".join(f"    {result}\n" for result in place.said[-2:])
    account.add(case, fault)
    if not (fault and options.keep):
        options.places.drop(place)


def run_command(name, cases_of, run, command, options, looks=False):
    """One campaign over one command; returns its account."""
    account = Account(name, command.name)
    try:
        reference = Reference(command, options.places, Plan(looks=looks))
    except Fault as found:
        account.add(Case(0, "none"), f"before any disturbance: {found}")
        return account
    account.calls = len(reference.calls)
    cases = chosen(cases_of(reference, options), command, options, name)
    concurrent.futures.wait(
        [options.pool.submit(run_case, run, reference, case, options, account) for case in cases])
    options.places.drop(reference.template)
    return account


def run_campaign(name, campaign, commands, jobs, options, tell):
    """One campaign over the commands, several at once; `tell` is called with each account as it comes. Returns all."""
    looks = getattr(campaign, "LOOKS", False)
    with concurrent.futures.ThreadPoolExecutor(jobs * getattr(campaign, "WAITING", 1)) as options.pool, \
            concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        accounts = [pool.submit(run_command, name, campaign.cases, campaign.run, command, options, looks)
                    for command in commands]
        for account in concurrent.futures.as_completed(accounts):
            tell(account.result())
        return [account.result() for account in accounts]
