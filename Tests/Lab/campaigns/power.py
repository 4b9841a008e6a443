"""The power fails at any moment of a run, also after a flush that failed: what was reported done is there."""

import errno

from campaign import Case
from commands import COMMANDS as ALL
from disk import Run, scan, write_tree
from place import Fault, Result, rename_inside
from shim import Plan
from verdict import judge

# A probe keeps nothing that it is told, and its processes write one log in no order that a disk could be made from.
COMMANDS = tuple(c.name for c in ALL if c.name != "probe")
WAITING = 4  # cases at once for each core: a migration that was cut off is taken over only after 15 s


def cases(reference, options):
    """One run, cut after every line of its log; and a run for each flush that fails."""
    yield Case(0, "cut")
    for number, kind, _ in reference.calls:
        if kind in ("fsync", "syncfs"):
            yield Case(number, "flush-fails")


def run(reference, place, case, options):
    inodes, top = scan(place.folder)
    plan = Plan(case.at, f"fail:{errno.EIO}" if case.at else "", keeps_data=True)
    place.tool(*reference.command.at(place), plan=plan)
    case.call = plan.reached()
    with open(place.folder + ".data", "rb") as file:
        recorded = Run(inodes, top, plan.log(), file.read())
    plan.forget()
    case.states = judge_states(reference, place, case, options, recorded)


def judge_states(reference, place, case, options, recorded):
    """Every disk that a cut can leave, each once; returns how many there were."""
    random = options.random(reference.command.name, case)
    first = recorded.failed_at or 0
    ends = sorted({end for end in recorded.ends if end >= first})
    if options.sample and len(ends) > options.sample:
        ends = sorted({*random.sample(ends, options.sample), ends[-1]})
    seen = set()
    for end in ends:
        for seed in (None, *(random.randrange(1 << 32) for _ in range(1 if options.sample else 2))):
            disk = recorded.disk(end, seed)
            tree = recorded.tree(disk)
            key = hash((frozenset(tree.items()), recorded.reported(end)))
            if key not in seen:
                seen.add(key)
                judge_disk(reference, place, options, tree, disk, recorded, end, seed)
    return len(seen)


def judge_disk(reference, place, options, tree, disk, recorded, end, seed):
    after = options.places.new()
    try:
        write_tree(tree, disk, after.folder)
        rename_inside(after.folder, place.folder, after.folder)
        said = recorded.reported(end).decode(errors="replace").replace(place.folder, after.folder)
        judge(reference, after, Result(reference.command.at(after), -9, said, ""))
    except Fault as fault:
        raise Fault(f"power cut behind line {end} of the log, seed {seed}: {fault}") from None
    finally:
        place.said = after.said
        options.places.drop(after)
