"""What has to hold after a command was disturbed."""

import os

from contents import feed_roots, is_whole, missing, packages, state
from place import Fault

HARMLESS = {"orphan-blob", "stale-staging"}


class Reference:
    """A command's root before it, and after it when nothing disturbed it: what a disturbed run is compared with."""

    def __init__(self, command, places, plan):
        self.command = command
        self.template = places.new()
        command.prepare(self.template)
        self.before = state(command.servers(self.template))
        self.missing_before = missing(command.servers(self.template))
        self.findings_before = self.findings(self.template) if self.has_root(self.template) else set()
        undisturbed = places.copy(self.template)
        result = undisturbed.tool(*command.at(undisturbed), plan=plan)
        if result.code != command.code:
            raise Fault(f"undisturbed it ends with {result.code}: {result}")
        self.calls = plan.calls()
        if not self.calls:
            raise Fault("the shim saw no call of it")
        self.after = state(command.servers(undisturbed))
        self.findings_after = self.findings(undisturbed)
        if (self.before != self.after) != command.changes:
            raise Fault(f"undisturbed it changes {'nothing' if command.changes else 'packages'}: {result}")
        plan.forget()
        places.drop(undisturbed)

    def has_root(self, place):
        return any(os.path.exists(os.path.join(server, "root.json")) for server in self.command.servers(place))

    def findings(self, place):
        """(kind, severity) of what `check` finds, all content read; for each server root that is one."""
        found = set()
        for server in self.command.servers(place):
            if os.path.exists(os.path.join(server, "root.json")):
                result = place.tool("check", "--content", "all", "--root", server)
                if result.code == 2 and not is_handing_over(result):
                    raise Fault(f"check could not look everywhere: {told(result)}")
                found |= {(line["kind"], line["severity"], place_free(line, place)) for line in result.of("finding")}
        return found


def place_free(finding, place):
    """Whom a finding is about, told alike in every copy."""
    return f"{finding.get('feed')} {finding['key'].replace(place.folder, '@')}"


def is_handing_over(result):
    """Whether a check is incomplete only since feeds are on their way to another server root, which it says."""
    return all(line["code"] == "migrating" for line in result.of("error"))


def told(result):
    """What a result says to a person: its findings and errors."""
    return "; ".join(line["message"] for line in result.of("finding") + result.of("error")) or str(result)


# MARK: - After the disturbance

def judge(reference, place, result):
    """After a run that was killed, failed or ended: nothing lost, nothing false, nothing stuck."""
    judge_state(reference, place, result)
    judge_claims(reference, place, result.lines)
    judge_check(reference, place)
    judge_completion(reference, place)


def judge_state(reference, place, result):
    """Each package is as it was before or as it is after; after, when the run said that it is done."""
    found = state(reference.command.servers(place))
    if result.code == 0 and reference.command.code == 0 and found != reference.after:
        raise Fault(f"exit 0, yet {difference(reference.after, found)}")
    for feed in set(reference.before) | set(reference.after) | set(found):
        before, after, now = reference.before.get(feed), reference.after.get(feed), found.get(feed)
        if now is None:
            if before is not None and after is not None:
                raise Fault(f"the feed {feed} is gone, or stuck in a state in which it is not served")
            continue
        for path in set(before or {}) | set(after or {}) | set(now):
            if now.get(path) not in {(before or {}).get(path), (after or {}).get(path)}:
                raise Fault(f"{feed}/{path} is {now.get(path)}, which it was neither before nor is after")
    lost = missing(reference.command.servers(place)) - reference.missing_before
    if lost:
        raise Fault(f"named, and no content: {sorted(lost)}")


def difference(expected, found):
    for feed in sorted(set(expected) | set(found)):
        if expected.get(feed) != found.get(feed):
            return f"feed {feed} is {found.get(feed)}, not {expected.get(feed)}"
    return "nothing differs"


def judge_claims(reference, place, lines):
    """What was reported done is there."""
    servers = reference.command.servers(place)
    roots = feed_roots(servers)
    held = packages(roots[reference.command.feed]) if reference.command.feed in roots else {}
    for line in lines:
        kind, path = line.get("type"), line.get("path")
        if kind in ("published", "restored") and held.get(path) != line["digest"]:
            raise Fault(f"said {kind}, and it is not there: {line}")
        if kind == "removed" and held.get(path) is not None:
            raise Fault(f"said removed, and it is still there: {line}")
        if kind == "pulled" and not is_whole(os.path.join(place.folder, line["file"]), line["digest"]):
            raise Fault(f"said pulled, and the file is not that: {line}")
        if kind == "feed" and (line["feed"] in roots) != (line["state"] != "deleted"):
            raise Fault(f"said that the feed is {line['state']}, and it is not: {line}")


def judge_check(reference, place):
    if not reference.has_root(place):
        return
    usual = reference.findings_before | reference.findings_after
    harmless = HARMLESS | {kind for kind, _, _ in usual} | {*reference.command.leaves}
    damaged = {key for _, severity, key in usual if severity == "error"}  # corrupt before, and missing until it is back
    for kind, severity, key in reference.findings(place) - usual:
        if severity != "info" and key not in damaged and (severity == "error" or kind not in harmless):
            raise Fault(f"check finds {severity} {kind}: {key}")


def judge_completion(reference, place):
    """The same command completes, nothing is lost then either, and the feed can be used."""
    command = reference.command
    was_done = state(command.servers(place)) == reference.after
    allowed = (command.code, *(command.done if was_done else ()))
    result = place.tool(*command.at(place))
    if result.code not in allowed:
        raise Fault(f"the same command again ends with {result.code}: {told(result)}")
    found = state(command.servers(place))
    if found != reference.after:
        raise Fault(f"the same command again, yet {difference(reference.after, found)}")
    lost = missing(command.servers(place)) - reference.missing_before
    if lost:
        raise Fault(f"the same command again, and content is lost: {sorted(lost)}")
    judge_use(reference, place)


def judge_use(reference, place):
    """The feed takes a package."""
    feed = reference.command.feed
    if feed not in reference.after:
        return
    server = [s for s in reference.command.servers(place) if os.path.exists(os.path.join(s, "root.json"))][-1]
    result = place.tool("push", feed, place.write("usable.bin", b"usable"), "--root", server)
    if result.code != 0:
        raise Fault(f"the feed {feed} takes no package any more: {told(result)}")
