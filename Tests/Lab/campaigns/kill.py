"""A process is killed before or after any call that changes something."""

from campaign import Case
from shim import Plan
from verdict import judge

WAITING = 4  # cases at once for each core: a migration that was cut off is taken over only after 15 s


def cases(reference, options):
    for number, _, _ in reference.calls:
        yield Case(number, "kill")
        yield Case(number, "kill-after")


def run(reference, place, case, options):
    plan = Plan(case.at, case.action)
    result = place.tool(*reference.command.at(place), plan=plan)
    case.call = plan.reached()
    judge(reference, place, result)
    plan.forget()
