"""What stands in a root, read as docs/layout.md describes it and not by blobtool: the second opinion."""

import hashlib
import json
import os


def read_record(path):
    """A record's current generation: the highest number in the folder beside it, else the file itself."""
    try:
        numbers = [int(name) for name in os.listdir(path + "~") if name.isdigit()]
    except (FileNotFoundError, NotADirectoryError):
        numbers = []
    current = os.path.join(path + "~", str(max(numbers))) if numbers else path
    with open(current, "rb") as file:
        return json.loads(file.read())


def records(folder):
    """Every record below a folder."""
    for parent, folders, names in os.walk(folder):
        keys = {name for name in names if name.endswith(".json")}
        keys |= {name[:-1] for name in folders if name.endswith(".json~")}
        folders[:] = [name for name in folders if not name.endswith("~")]
        for name in sorted(keys):
            try:
                yield read_record(os.path.join(parent, name))
            except FileNotFoundError:
                continue  # an empty folder of generations is no record


def packages(feed_root):
    """Package path to digest; None where it is deleted."""
    return {record["path"]: None if record.get("deleted") else record["digest"]
            for record in records(os.path.join(feed_root, "packages"))}


def feed_roots(servers):
    """Feed to its root, of the catalog that is in charge of it: the first one, unless it says that the feed moved."""
    found, moved = {}, set()
    for server in servers:
        for record in records(os.path.join(server, "catalog")):
            feed, state = record["feed"], record["state"]
            is_in_charge = feed in moved if state == "arriving" else state not in ("moved", "deleting")
            if is_in_charge:
                url = record.get("root", "file://" + os.path.join(server, "feeds", feed))
                found.setdefault(feed, url.removeprefix("file://"))
            if state == "moved":
                moved.add(feed)
    return found


def state(servers):
    """Feed to its packages."""
    return {feed: packages(root) for feed, root in feed_roots(servers).items()}


def is_whole(path, digest):
    try:
        with open(path, "rb") as file:
            return "sha256:" + hashlib.sha256(file.read()).hexdigest() == digest
    except OSError:
        return False


def holds(feed_root, digest):
    """Whether a feed's root has this content, in its place or on its way out."""
    name = digest.removeprefix("sha256:")
    if is_whole(os.path.join(feed_root, "blobs", "sha256", name[:2], name), digest):
        return True
    retired = os.path.join(feed_root, "retired")
    names = os.listdir(retired) if os.path.isdir(retired) else []
    return any(is_whole(os.path.join(retired, n), digest) for n in names if n.startswith(name + "."))


def missing(servers):
    """(feed, path, digest) of what a record names and no file holds."""
    return {(feed, path, digest) for feed, root in feed_roots(servers).items()
            for path, digest in packages(root).items() if digest and not holds(root, digest)}
