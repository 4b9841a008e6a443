"""One call fails, or works and is reported as failed, or reads or writes half: an error or a success, never a lie."""

import errno

from campaign import Case
from place import Fault
from shim import Plan
from verdict import judge

LOOKS = True  # calls that only look count, too
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR", "ESTALE", "EACCES", "EROFS")
ONLY_LOOKING = {"open", "close", "read", "list", "stat", "statfs"}


def cases(reference, options):
    """Each call with each error. A call that only looks fails without having changed anything: it loses no reply."""
    for number, kind, _ in reference.calls:
        for name in ERRORS:
            yield Case(number, "fail:", name)
            if kind not in ONLY_LOOKING and kind != "print":
                yield Case(number, "lose:", name)
        if kind in ("read", "write"):
            yield Case(number, "short")


def run(reference, place, case, options):
    error = str(getattr(errno, case.extra)) if case.extra else ""
    plan = Plan(case.at, case.action + error, looks=True)
    result = place.tool(*reference.command.at(place), plan=plan)
    case.call = plan.reached()
    if result.code not in (0, 1, 2) and not (result.code == -9):
        raise Fault(f"ends with {result.code}: {result}")
    if reference.command.name.startswith("check") and result.code == 1:
        raise Fault(f"reports damage where a call failed: {result}")
    judge(reference, place, result)
    plan.forget()
